"""`ledger`: the memory of spent nonces."""

from __future__ import annotations

from collections.abc import Sequence

import click

from coldlever.shared.action import Address, Network
from coldlever.shared.cli.console import (
    STDIO,
    emit_json,
    json_option,
    read_document,
    require_output,
    say,
    source_name,
    write_document,
)
from coldlever.shared.cli.network_option import network_option
from coldlever.shared.cli.state_folder import make_folder
from coldlever.shared.cli.stdout import require_stdout
from coldlever.shared.errors import RuleRefused
from coldlever.shared.printable import printable
from coldlever.shared.reading import moment
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.signer.cli.accept_risk import FAR_NONCE, accept_risk_option, agree_to
from coldlever.signer.cli.caged import caged
from coldlever.signer.cli.machine import Machine, pass_machine
from coldlever.signer.cli.signer_option import signer_option
from coldlever.signer.cli.state import (
    ledger_path,
    require_own_state,
    state_option,
    tidy_up,
)
from coldlever.signer.ledger import Entry, Ledger, dump_ledger, entry_wire, load_ledger
from coldlever.signer.ledger.document import MAX_BYTES
from coldlever.signer.ledger.far import Floor, floors, require_near

_EPILOG = """\b
Examples:
  coldlever-signer ledger show --network mainnet
  coldlever-signer ledger export --out ledger-2026-11-22.json
  coldlever-signer ledger import ledger-2026-11-22.json

The ledger keeps two requests from being signed with the same nonce. Whoever loses it (a new
machine, a deleted state folder) loses that protection for the nonces of the last two days: export
it after signing, keep the export with the keystore's backup, and import it before signing again.
Importing the same file twice changes nothing; a file that contradicts the ledger is refused whole.
"""


@click.group("ledger", epilog=_EPILOG)
def command() -> None:
    """Look at, back up and restore the memory of spent nonces."""


@caged
@command.command("show")
@network_option("Only the nonces of this network.")
@signer_option("Only the nonces of this address.")
@accept_risk_option
@state_option
@json_option
@pass_machine
def show(
    machine: Machine,
    network: Network | None,
    signer: Address | None,
    state_dir: str | None,
    *,
    accepted: tuple[str, ...],
    as_json: bool,
) -> None:
    """List what was signed, the oldest nonce first."""
    require_own_state(machine, state_dir, accepted)
    with Ledger.open_existing(ledger_path(machine, state_dir)) as ledger:
        entries = ledger.entries(network, signer)
    if as_json:
        emit_json({"entries": [entry_wire(entry) for entry in entries]})
        return
    for entry in entries:
        _say_entry(entry)
    say("1 entry" if len(entries) == 1 else f"{len(entries)} entries")


@caged
@command.command("export")
@click.option(
    "--out",
    metavar="F",
    type=click.Path(allow_dash=True),
    default=STDIO,
    help="Write to this file; - is stdout, which is the default.",
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@accept_risk_option
@state_option
@json_option
@pass_machine
def export(
    machine: Machine,
    out: str,
    *,
    force: bool,
    accepted: tuple[str, ...],
    state_dir: str | None,
    as_json: bool,
) -> None:
    """Write the whole ledger to a file that `ledger import` reads."""
    require_own_state(machine, state_dir, accepted)
    require_output(out, force=force)
    if as_json or out == STDIO:
        require_stdout()
    with Ledger.open_existing(ledger_path(machine, state_dir)) as ledger:
        audit = ledger.audit.heads()
        rows = ledger.chain()
    write_document(out, dump_ledger(rows, audit), force=force)
    exported = sum(isinstance(row, Entry) for row in rows)
    if out == STDIO:
        return
    if as_json:
        emit_json({"exported": exported, "out": out})
    else:
        say(f"wrote {exported} entries to {printable(out)}", fg="green")


@caged
@command.command("import")
@click.argument("file", type=click.Path(readable=False, allow_dash=True))
@accept_risk_option
@state_option
@json_option
@pass_machine
def import_entries(
    machine: Machine,
    file: str,
    accepted: tuple[str, ...],
    state_dir: str | None,
    *,
    as_json: bool,
) -> None:
    """Take over the entries of an exported ledger, all or none."""
    require_own_state(machine, state_dir, accepted)
    if as_json:
        require_stdout()
    export = load_ledger(read_document(file, MAX_BYTES), source_name(file))
    path = ledger_path(machine, state_dir)
    tidy_up(machine, state_dir)
    with Ledger.open_existing(path) as ledger:
        blocked = _agree_on_import(machine, ledger, export.entries, accepted)
    make_folder(path.parent)
    with Ledger.open(path) as ledger:
        merged = ledger.merge(export.entries, export.heads, export.audit, machine.clock())
    if as_json:
        blocks = {"blocks": [_floor_wire(floor) for floor in blocked]} if blocked else {}
        emit_json({"imported": merged.added, "known": merged.known} | blocks)
    else:
        say(f"{merged.added} new entries, {merged.known} known already", fg="green")


def _agree_on_import(
    machine: Machine, ledger: Ledger, entries: Sequence[Entry], accepted: tuple[str, ...]
) -> tuple[Floor, ...]:
    """Show what an import blocks, and have nonces far above everything known agreed to."""
    blocked = floors(ledger, entries)
    for floor in blocked:
        say(
            f"{floor.network.value} {floor.signer}: with this import, nonces up to {floor.nonce} "
            f"({moment(floor.nonce)}) are refused, if they are not recorded",
            fg="yellow",
        )
    try:
        require_near(ledger, entries, machine.clock())
    except RuleRefused as refusal:
        if refusal.code != FAR_NONCE:
            raise
        agree_to(refusal, accepted, machine.ask)
    return blocked


def _floor_wire(floor: Floor) -> dict[str, object]:
    return {
        "network": floor.network.value,
        "signer": floor.signer.checksummed,
        "upTo": floor.nonce,
    }


def _say_entry(entry: Entry) -> None:
    when = "without a clock" if entry.recorded_at is None else moment(entry.recorded_at)
    say(f"{entry.network.value} {entry.signer} nonce {entry.nonce} ({when})")
    say(f"    {printable(entry.description)}")
    say(f"    action hash {to_0x(entry.action_hash)}")
