"""`ledger`: the memory of spent nonces."""

from __future__ import annotations

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
from coldlever.shared.printable import printable
from coldlever.shared.reading import moment
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.signer.cli.machine import Machine, pass_machine
from coldlever.signer.cli.signer_option import signer_option
from coldlever.signer.cli.state import ledger_path, state_option
from coldlever.signer.ledger import Entry, Ledger, dump_ledger, entry_wire, load_ledger
from coldlever.signer.ledger.document import MAX_BYTES

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


@command.command("show")
@network_option("Only the nonces of this network.")
@signer_option("Only the nonces of this address.")
@state_option
@json_option
@pass_machine
def show(
    machine: Machine,
    network: Network | None,
    signer: Address | None,
    state_dir: str | None,
    *,
    as_json: bool,
) -> None:
    """List what was signed, the oldest nonce first."""
    with Ledger.open_existing(ledger_path(machine, state_dir)) as ledger:
        entries = ledger.entries(network, signer)
    if as_json:
        emit_json({"entries": [entry_wire(entry) for entry in entries]})
        return
    for entry in entries:
        _say_entry(entry)
    say("1 entry" if len(entries) == 1 else f"{len(entries)} entries")


@command.command("export")
@click.option(
    "--out",
    metavar="F",
    type=click.Path(allow_dash=True),
    default=STDIO,
    help="Write to this file; - is stdout, which is the default.",
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@state_option
@json_option
@pass_machine
def export(
    machine: Machine, out: str, *, force: bool, state_dir: str | None, as_json: bool
) -> None:
    """Write the whole ledger to a file that `ledger import` reads."""
    require_output(out, force=force)
    if as_json or out == STDIO:
        require_stdout()
    with Ledger.open_existing(ledger_path(machine, state_dir)) as ledger:
        entries = ledger.entries()
    write_document(out, dump_ledger(entries), force=force)
    if out == STDIO:
        return
    if as_json:
        emit_json({"exported": len(entries), "out": out})
    else:
        say(f"wrote {len(entries)} entries to {printable(out)}", fg="green")


@command.command("import")
@click.argument("file", type=click.Path(readable=False, allow_dash=True))
@state_option
@json_option
@pass_machine
def import_entries(machine: Machine, file: str, state_dir: str | None, *, as_json: bool) -> None:
    """Take over the entries of an exported ledger, all or none."""
    if as_json:
        require_stdout()
    entries = load_ledger(read_document(file, MAX_BYTES), source_name(file))
    path = ledger_path(machine, state_dir)
    make_folder(path.parent)
    with Ledger.open(path) as ledger:
        merged = ledger.merge(entries)
    if as_json:
        emit_json({"imported": merged.added, "known": merged.known})
    else:
        say(f"{merged.added} new entries, {merged.known} known already", fg="green")


def _say_entry(entry: Entry) -> None:
    when = "without a clock" if entry.recorded_at is None else moment(entry.recorded_at)
    say(f"{entry.network.value} {entry.signer} nonce {entry.nonce} ({when})")
    say(f"    {printable(entry.description)}")
    say(f"    action hash {to_0x(entry.action_hash)}")
