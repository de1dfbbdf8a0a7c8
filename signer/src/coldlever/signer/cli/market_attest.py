"""`market attest`: an attestor of the policy vouches for what the markets of a table are called."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from coldlever.shared.action import MarketTable, Network
from coldlever.shared.action.attestation import Attestation
from coldlever.shared.action.market import require_agreed_network
from coldlever.shared.action.market_name import name_market
from coldlever.shared.cli.approval_files import read_policy
from coldlever.shared.cli.approver_key import approver_option, locate_approver, unlock_pair
from coldlever.shared.cli.console import (
    json_option,
    read_document,
    say,
    source_name,
)
from coldlever.shared.cli.delivery import Outlet
from coldlever.shared.cli.loading import SCANNED, scan_message
from coldlever.shared.cli.network_option import network_option
from coldlever.shared.cli.qr_options import drawing_options, scanning_options
from coldlever.shared.errors import PersonDeclined, RuleRefused, UsageRefused
from coldlever.shared.files import read_bounded
from coldlever.shared.message import Defaults
from coldlever.shared.message.any import TABLES, load_expected
from coldlever.shared.policy import Policy
from coldlever.shared.policy.vouching import (
    require_attestor,
    require_fresh,
    table_vouchers,
)
from coldlever.shared.qr.choices import Drawing, Scanning
from coldlever.shared.reading import U32_MAX, Where
from coldlever.shared.sshsig import PublicKey, SshSig, dearmor, parse_public_key, parse_sshsig
from coldlever.shared.sshsig.private_key import MAX_BYTES
from coldlever.shared.sshsig.signature import NUMBERS_BYTES
from coldlever.shared.statement.market_list import (
    MARKET_NAMESPACE,
    list_of,
)
from coldlever.signer.cli.attesting import Attesting
from coldlever.signer.cli.audit_note import note, require_notable
from coldlever.signer.cli.caged import caged
from coldlever.signer.cli.intake import files_argument, require_one_stdin
from coldlever.signer.cli.machine import Machine, pass_machine
from coldlever.signer.cli.secret_entry import passphrase_option, prepare_for_secrets
from coldlever.signer.cli.state import ledger_path, permissions, state_option
from coldlever.signer.cli.statement_output import write_statement

_EPILOG = """\b
Examples:
  coldlever-signer market attest table.json --policy treasury.toml --approver carol --out ours.json
  coldlever-signer market attest table.json --policy treasury.toml --key dave.pub \\
      --statement-only --out statement
  ssh-keygen -Y sign -f ~/.ssh/id_ed25519_sk -n market@coldlever statement
  coldlever-signer market attest table.json --policy treasury.toml --signature statement.sig \\
      --out ours.json

Read the table with `coldlever-broadcaster market` on another machine than the one that drafts.
Where several have to attest, each takes the file of the one before. Give the result to
`coldlever-broadcaster draft --attested`, or to `sign --market`.
"""


@caged
@click.command("attest", epilog=_EPILOG)
@files_argument
@scanning_options()
@click.option("--policy", "policy_file", metavar="P", required=True, help="The policy's file.")
@approver_option
@passphrase_option
@click.option(
    "--key",
    "public_file",
    metavar="PUB",
    help="With --statement-only: the public half of the key that will sign.",
)
@click.option(
    "--statement-only",
    is_flag=True,
    help="Write the statement for `ssh-keygen -Y sign`, an agent or a security key.",
)
@click.option(
    "--signature",
    "signature_files",
    multiple=True,
    metavar="SIG",
    help="Bring in what ssh-keygen has signed, instead of signing. Repeatable.",
)
@click.option(
    "--asset",
    "assets",
    multiple=True,
    type=click.IntRange(0, U32_MAX),
    help="Only the market of this id; repeat it. Without it the whole table.",
)
@network_option("Refuse a table of another network.")
@click.option("--no-clock", is_flag=True, help="Do not judge how old the table is.")
@click.option("--out", metavar="OUT", help="Write to this new file; - is stdout, the default.")
@click.option("--force", is_flag=True, help="Replace existing files.")
@drawing_options(own_force=True)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation. Skips no check.")
@state_option
@json_option
@pass_machine
def attest(
    machine: Machine,
    /,
    *,
    files: tuple[str, ...],
    scanning: Scanning,
    policy_file: str,
    approver: str | None,
    passphrase_file: str | None,
    public_file: str | None,
    statement_only: bool,
    signature_files: tuple[str, ...],
    assets: tuple[int, ...],
    network: Network | None,
    no_clock: bool,
    out: str | None,
    force: bool,
    drawing: Drawing,
    yes: bool,
    state_dir: str | None,
    as_json: bool,
) -> None:
    """Vouch for the names and limits of a market table, as an attestor of the policy.

    FILE is a table of `coldlever-broadcaster market`, or one that others have attested already.
    """
    if (public_file is not None and not statement_only) or (signature_files and statement_only):
        raise UsageRefused(
            "key-without-secret", "--key goes with --statement-only, and --signature without it"
        )
    require_one_stdin(*files, *signature_files, passphrase_file)
    outlet = Outlet.choose(out, drawing, force=force, as_json=as_json)
    outlet.require()
    policy = read_policy(policy_file)
    table = _read_table(files, scanning, network, assets)
    _require_sound(policy, table, None if no_clock else machine.clock())
    attesting = Attesting(policy, table, list_of(table))
    ledger_file, now = ledger_path(machine, state_dir), None if no_clock else machine.clock()
    if signature_files:
        given = tuple(attesting.taken(_read_signature(name)) for name in signature_files)
        attesting.show(None)
        delivery = attesting.prove(outlet, given)
        audit = note(ledger_file, attesting.events(given, now))
        attesting.deliver(delivery, given, outlet.file, audit, as_json=as_json)
        return
    path = None if public_file is not None else locate_approver(machine.state(state_dir), approver)
    public = _public(public_file if public_file is not None else f"{path}.pub")
    require_attestor(policy, public.key_id, public.fingerprint)
    attesting.show(public)
    if statement_only:
        then = "give FILE.sig to `market attest --signature`"
        write_statement(
            outlet, attesting.listed.statement(public), MARKET_NAMESPACE, then, as_json=as_json
        )
        return
    delivery = attesting.prove(outlet, (_sized(public),))
    require_notable(ledger_file, 1)
    _confirm(machine, len(table.entries), yes=yes)
    assert path is not None, "only a statement is written without a key"
    permissions(()).require_private(path, "approver key")
    prepare_for_secrets(machine)
    key = unlock_pair(path, public, passphrase_file, machine.ask_secret)
    made = attesting.taken(key.sign(MARKET_NAMESPACE, attesting.listed.statement(public)))
    audit = note(ledger_file, attesting.events((made,), now))
    attesting.deliver(delivery, (made,), outlet.file, audit, as_json=as_json)


def _read_table(
    files: tuple[str, ...], scanning: Scanning, network: Network | None, assets: tuple[int, ...]
) -> MarketTable:
    if scanning.wanted:
        table = scan_message(TABLES, files, scanning, Defaults(network))
        where = Where(SCANNED)
    elif len(files) == 1:
        where = Where(source_name(files[0]))
        table = load_expected(read_document(files[0]), str(where), TABLES, Defaults(network))
    else:
        raise UsageRefused("one-document", "not one document", "attest one after the other")
    require_agreed_network(table.network, network, where, "market table")
    return _chosen(table, assets)


def _chosen(table: MarketTable, assets: tuple[int, ...]) -> MarketTable:
    if not assets:
        return table
    if table.attestations:
        raise UsageRefused(
            "already-attested",
            "others have attested the whole table, and --asset would make it another one",
            "leave --asset out, or take the table that nobody has attested",
        )
    absent = [asset for asset in assets if asset not in table.entries]
    if absent:
        raise RuleRefused(
            "market-missing",
            f"the table has no market {', '.join(map(str, absent))}",
            "read the table again with `coldlever-broadcaster market`",
        )
    return replace(table, entries={asset: table.entries[asset] for asset in assets})


def _require_sound(policy: Policy, table: MarketTable, now: int | None) -> None:
    """Refuse what no attestor should vouch for, before anybody reads or types."""
    if not table.entries:
        raise RuleRefused("market-missing", "the table has no market", "read the table again")
    for asset, entry in table.entries.items():
        name_market(table.network, asset, entry)
        require_fresh(policy, entry, now)
    table_vouchers(policy, table)


def _read_signature(name: str) -> SshSig:
    return parse_sshsig(dearmor(read_document(name).decode("ascii", "replace")))


def _public(name: str) -> PublicKey:
    return parse_public_key(read_bounded(Path(name), MAX_BYTES).decode("utf-8", "replace"))


def _sized(key: PublicKey) -> Attestation:
    """As long as the real one; files hold no security keys."""
    return Attestation(key.key_id, bytes(NUMBERS_BYTES))


def _confirm(machine: Machine, count: int, *, yes: bool) -> None:
    if yes:
        say("Not asked for confirmation (--yes).")
        return
    wanted = "yes" if count == 1 else f"yes {count}"
    if " ".join(machine.ask(f'Type "{wanted}" to attest').split()) != wanted:
        raise PersonDeclined("declined", "not confirmed; nothing was signed")
