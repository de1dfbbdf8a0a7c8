"""``ledger``: back up, move and check what was posted."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import click

from coldlever.broadcaster.cli.context import open_ledger, remembered, state_options
from coldlever.broadcaster.cli.ledger_option import chosen_server
from coldlever.broadcaster.cli.machine import Machine, pass_machine
from coldlever.broadcaster.ledger import Ledger, Row
from coldlever.broadcaster.ledger.document import Line, dump, load
from coldlever.broadcaster.ledger.transfer import problems, take_over
from coldlever.broadcaster.post.row import payload_of
from coldlever.shared.audit import head_text
from coldlever.shared.cli.console import STDIO, emit_json, require_output, say
from coldlever.shared.cli.stdout import require_stdout
from coldlever.shared.errors import ColdleverError, InputRefused, PersonDeclined
from coldlever.shared.files import write_pieces
from coldlever.shared.printable import printable
from coldlever.shared.reading import moment

_EPILOG = """\b
Examples:
  coldlever-broadcaster ledger backup /backup/coldlever
  coldlever-broadcaster ledger verify
  coldlever-broadcaster ledger export --out ledger.jsonl
  coldlever-broadcaster ledger import ledger.jsonl --ledger postgresql://desk@db/ledger

An export holds every payload with its signature: whoever has it can post what has not landed yet.
"""
# Longer than any line of ours: the payload and one answer.
_LINE_BYTES = 1024 * 1024
_LIMIT = 100


@click.group("ledger", epilog=_EPILOG, short_help="Back up, move and check what was posted.")
def command() -> None:
    """Back up, move and check the memory of what was posted."""


@command.command("export")
@click.option("--out", metavar="PATH", default=STDIO, show_default="stdout")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@state_options
@pass_machine
def export(
    machine: Machine, *, out: str, force: bool, state_dir: str | None, as_json: bool
) -> None:
    """Write the whole ledger to a file that `ledger import` reads, on either engine."""
    if as_json and out == STDIO:
        raise click.UsageError("--json needs --out PATH: an export is a document a line")
    require_output(out, force=force)
    require_stdout()
    with closing(open_ledger(machine, state_dir)) as ledger, ledger.seeing() as connection:
        if out == STDIO:
            sys.stdout.buffer.writelines(dump(connection))
            sys.stdout.buffer.flush()
            return
        write_pieces(Path(out), dump(connection), force=force)
    _tell_written(out, as_json=as_json)


@command.command("backup")
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@state_options
@pass_machine
def backup(machine: Machine, *, folder: str, state_dir: str | None, as_json: bool) -> None:
    """Export the ledger to a new file in FOLDER, named by the time, and read it back."""
    if as_json:
        require_stdout()
    stamp = "".join(one for one in moment(machine.clock()) if one.isdigit())
    path = Path(folder) / f"coldlever-ledger-{stamp}.jsonl"
    require_output(str(path), force=False)
    with closing(open_ledger(machine, state_dir)) as ledger, ledger.seeing() as connection:
        write_pieces(path, dump(connection))
    _tell_written(str(path), as_json=as_json)


@command.command("import")
@click.argument("file", type=click.Path(readable=False))
@state_options
@pass_machine
def import_rows(machine: Machine, *, file: str, state_dir: str | None, as_json: bool) -> None:
    """Take over the rows of an exported ledger, all or none.

    Rows that the ledger has already must be the same. Where both have sent for an account's
    market, nobody knows in which order, and the import is refused.
    """
    if as_json:
        require_stdout()
    # Once to its end: what is wrong with the file is said before the ledger is touched.
    _count(file)
    with (
        _lines_of(file) as lines,
        closing(open_ledger(machine, state_dir)) as ledger,
        ledger.changing() as connection,
    ):
        done = take_over(connection, lines)
        ledger.tell(connection, *ledger.author.adopted(done.added, done.heads, machine.clock()))
    if as_json:
        emit_json({"added": done.added, "known": done.known})
    else:
        say(f"took over {done.added} payloads; {done.known} were known already", fg="green")


@command.command("verify")
@click.argument("file", required=False, type=click.Path(readable=False))
@state_options
@pass_machine
def verify(machine: Machine, *, file: str | None, state_dir: str | None, as_json: bool) -> None:
    """Check every row of the ledger, or every line of an exported FILE.

    Each payload is read and its signature recovered; each attempt belongs to one. Exit status 3
    when something cannot have been written by coldlever.
    """
    if as_json:
        require_stdout()
    if file is not None:
        found, count = list[str](), _count(file)
    else:
        with closing(open_ledger(machine, state_dir)) as ledger:
            found, count = _problems(ledger)
    if as_json:
        emit_json({"ok": not found, "payloads": count, "problems": found})
    else:
        for problem in found:
            say(problem, fg="red")
        say(f"{count} payloads, {len(found) or 'no'} problems", fg="red" if found else "green")
    if found:
        sys.exit(InputRefused.exit_status)


@command.command("accept-loss")
@click.option("--yes", is_flag=True, help="Do not ask.")
@state_options
@pass_machine
def accept_loss(machine: Machine, *, yes: bool, state_dir: str | None, as_json: bool) -> None:
    """Go on with a ledger that does not know what this host has recorded.

    A shared one says so itself (`ledger-behind`), `audit verify` says it of any (`audit-behind`,
    `audit-forked`).

    What it lost was sent, perhaps, and may still land: it keeps no later payload for its market
    from being sent. Wait until these payloads have expired, look at the accounts, and `post` the
    files again that you still want: a nonce that was used is told as such.
    """
    lost = _give_up(machine, state_dir, is_agreed=yes)
    if as_json:
        emit_json({"lost": lost})
    else:
        say(f"{lost} attempts are given up")


def _give_up(machine: Machine, state_dir: str | None, *, is_agreed: bool) -> int:
    """Remember the ledger as it is now; how many attempts that gives up."""
    server, memory = chosen_server(machine), remembered(machine, machine.state(state_dir))
    with (
        # Without the memory, which would refuse it.
        closing(open_ledger(machine, state_dir, is_compared=False)) as ledger,
        ledger.seeing() as connection,
    ):
        lost = [] if server is None else memory.lost(connection, server.name) or []
        heads = ledger.lost_heads()
        for attempt in lost:
            say(f"lost: nonce {attempt[3]} of {attempt[2]}, attempt {attempt[5]}")
        for one in heads:
            say(f"lost: the audit chain as far as {head_text(one.head)}")
        wanted = f"lost {len(lost)}"
        if lost or heads:
            if not is_agreed and machine.ask(f"Go on without? Type {wanted}") != wanted:
                raise PersonDeclined("declined", f"you did not type {wanted}")
            ledger.note(*ledger.author.lost(len(lost), heads, machine.clock()))
        if server is not None:
            memory.renew(connection, server.name)
    return len(lost)


def _problems(ledger: Ledger) -> tuple[list[str], int]:
    """What is wrong, at most a hundred; and how many payloads there are."""
    found: list[str] = []
    count = 0
    with ledger.seeing() as connection:
        for row, unreadable in problems(connection):
            count += row is not None
            problem = unreadable if row is None else _forgery(row)
            if problem and len(found) < _LIMIT:
                found.append(problem)
    return found, count


def _forgery(row: Row) -> str:
    """What is wrong with a row's payload, or nothing."""
    try:
        payload_of(row)
    except ColdleverError as error:
        return error.message
    return ""


def _count(file: str) -> int:
    with _lines_of(file) as lines:
        return sum(line.part == "post" for line in lines)


@contextmanager
def _lines_of(file: str) -> Iterator[Iterable[Line]]:
    name = printable(file)
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(Path(file).open("rb"))
        except OSError as error:
            raise InputRefused(
                "file-unreadable", f"{name}: {printable(error.strerror or str(error))}"
            ) from None
        yield load(iter(lambda: stream.readline(_LINE_BYTES), b""), name)


def _tell_written(path: str, *, as_json: bool) -> None:
    count = _count(path)
    if as_json:
        emit_json({"payloads": count, "out": path})
    else:
        say(f"wrote {count} payloads to {printable(path)}, and read them back", fg="green")
