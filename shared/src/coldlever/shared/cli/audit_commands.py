"""``audit show``, ``audit verify`` and ``audit export``: the same on both sides."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import click

from coldlever.shared.audit import Chain, Export, Head, Linked, dump_audit, head_text
from coldlever.shared.audit.document import MACHINE_MAX_LENGTH
from coldlever.shared.audit.seen import parse_head_text
from coldlever.shared.audit.timeline import join
from coldlever.shared.cli.audit_copies import (
    Copy,
    Own,
    read_copy,
    require_agreement,
    require_kept,
    require_seen,
)
from coldlever.shared.cli.audit_head import say_event, say_head
from coldlever.shared.cli.console import (
    STDIO,
    dump_document,
    emit_json,
    json_option,
    require_output,
    say,
    write_document,
)
from coldlever.shared.cli.stdout import require_stdout
from coldlever.shared.errors import UsageRefused
from coldlever.shared.printable import printable
from coldlever.shared.reading.hexadecimal import to_0x

_PAGE_ENDING = ".html"
_FILES = click.argument("files", nargs=-1, metavar="[FILE]...")


Keeper = Callable[..., Own]
Options = Callable[[Any], Any]


def audit_commands(keep: Keeper, place: Options) -> tuple[click.Command, ...]:
    """The three commands of a side.

    Args:
        keep: reads its own chain and writes nothing; called with the command line's object and
            the options of ``place``.
        place: adds the options that say where its ledger is; they reach ``keep`` by name.
    """
    return (_show(keep, place), _verify(keep, place), _export(keep, place))


def _show(keep: Keeper, place: Options) -> click.Command:
    @click.command("show", short_help="Show what was done here, the latest last.")
    @click.option("--last", metavar="N", type=click.IntRange(1), help="Only the last N events.")
    @place
    @json_option
    @click.pass_obj
    def show(machine: object, /, *, last: int | None, as_json: bool, **where: Any) -> None:
        """Show what was done here, and by whom, the latest last; and the head of the chain.

        Compare the head with one that somebody else has seen.
        """
        own = keep(machine, **where)
        events = own.events if last is None else own.events[-last:]
        if as_json:
            emit_json({**_own_wire(own), "events": [_event_wire(one) for one in events]})
            return
        for one in events:
            say_event(one)
        if not own.events:
            say("nothing is recorded here yet")
            return
        say_head(own.head)

    return show


def _verify(keep: Keeper, place: Options) -> click.Command:
    @click.command("verify", short_help="Find whatever was changed in a chain afterwards.")
    @_FILES
    @click.option(
        "--head",
        "seen",
        metavar="P:HASH",
        help="A head that somebody has seen; the chain must pass through it.",
    )
    @place
    @json_option
    @click.pass_obj
    def verify(
        machine: object, /, *, files: tuple[str, ...], seen: str | None, as_json: bool, **where: Any
    ) -> None:
        """Compute the chain of this machine anew, and those of exports; name the first bad row.

        The chain of this machine must also contain the heads that this program remembers beside it.
        FILE is what `audit export` wrote, here or on another machine. Of several copies of one
        chain the longest must contain the others. --head is for FILE, where one is named.
        """
        claim = None if seen is None else parse_head_text(seen)
        own = keep(machine, **where)
        require_kept(own)
        copies = [read_copy(name) for name in files]
        require_agreement(own, copies)
        if claim is not None:
            require_seen(own, copies, claim)
        if as_json:
            chains = [{"source": name, **_copy_wire(one)} for one, name in copies]
            emit_json({"ok": True, "own": _own_wire(own), "files": chains})
            return
        _say_whole(own, copies)

    return verify


def _export(keep: Keeper, place: Options) -> click.Command:
    @click.command("export", short_help="Write the chain, or one timeline of several machines.")
    @_FILES
    @click.option(
        "--out",
        metavar="OUT",
        default=STDIO,
        help="Write to this new file; - is stdout, the default. A page to print where it ends in "
        f"{_PAGE_ENDING}.",
    )
    @click.option(
        "--machine",
        "label",
        metavar="NAME",
        help="What you call this machine; else its host name.",
    )
    @click.option("--force", is_flag=True, help="Replace an existing file.")
    @place
    @json_option
    @click.pass_obj
    def export(
        machine: object,
        /,
        *,
        files: tuple[str, ...],
        out: str,
        label: str | None,
        force: bool,
        as_json: bool,
        **where: Any,
    ) -> None:
        """Write the chain of this machine, or join it with those of others to one timeline.

        Without FILE: the chain, for `audit verify` and `audit export` anywhere. With FILE (exports
        of other machines): a timeline of all of them and of this machine, as JSON. Where OUT ends
        in .html: the same as one page to print.
        """
        require_output(out, force=force)
        if as_json or out == STDIO:
            require_stdout()
        name = _label(label)
        own = keep(machine, **where)
        require_kept(own)
        others = [read_copy(one) for one in files]
        require_agreement(own, others)
        copy = own.copy(name)
        copies = [*([] if copy is None else [(copy, own.name)]), *others]
        if not copies:
            raise UsageRefused(
                "audit-empty", "nothing is recorded here yet, and no FILE is named", "name one"
            )
        data = _document(copies, is_page=out.endswith(_PAGE_ENDING), is_joined=bool(files))
        write_document(out, data, force=force)
        if out == STDIO:
            return
        if as_json:
            emit_json({"out": out, "chains": [_copy_wire(one) for one, _ in copies]})
            return
        say(f"written to {printable(out)}", fg="green")
        if copy is not None:
            say_head(copy.head)

    return export


def _document(copies: Sequence[Copy], *, is_page: bool, is_joined: bool) -> bytes:
    if is_page:
        from coldlever.shared.audit.page import timeline_page  # noqa: PLC0415 - seldom needed

        return timeline_page(join(copies))
    if is_joined:
        return dump_document(join(copies).to_wire())
    ((copy, _),) = copies
    return dump_audit(copy.machine, copy.chain, copy.events)


def _label(given: str | None) -> str:
    label = os.uname().nodename if given is None else given
    if (
        not label
        or len(label) > MACHINE_MAX_LENGTH
        or not (label.isascii() and label.isprintable())
    ):
        raise UsageRefused(
            "bad-machine-name",
            f"a machine's name has 1 to {MACHINE_MAX_LENGTH} printable ASCII characters",
            "choose one with --machine",
        )
    return label


def _say_whole(own: Own, copies: Sequence[Copy]) -> None:
    if own.events:
        say(f"{own.name}: {_count(own.events)}, none changed", fg="green")
        say_head(own.head)
    elif not copies:
        say("nothing is recorded here yet")
    for copy, name in copies:
        shown = f"{name}: {copy.chain.side.value} {printable(copy.machine)}"
        say(f"{shown}, {_count(copy.events)}, none changed", fg="green")
        say_head(copy.head)


def _count(events: Sequence[Linked]) -> str:
    return "1 event" if len(events) == 1 else f"{len(events)} events"


def _own_wire(own: Own) -> dict[str, object]:
    if own.chain is None:
        return {"side": None, "chain": None, "head": None, "headText": None}
    return _chain_wire(own.chain, own.head)


def _copy_wire(copy: Export) -> dict[str, object]:
    return {"machine": copy.machine, **_chain_wire(copy.chain, copy.head)}


def _chain_wire(chain: Chain, head: Head) -> dict[str, object]:
    return {
        "side": chain.side.value,
        "chain": to_0x(chain.id),
        "head": head.to_wire(),
        "headText": head_text(head),
    }


def _event_wire(one: Linked) -> dict[str, object]:
    return {**one.event.to_wire(one.position), "link": to_0x(one.link)}
