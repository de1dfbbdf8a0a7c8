"""`sign`: review, agree, record, sign, write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from coldlever.shared.cli.approval_files import read_sheets
from coldlever.shared.cli.challenge_option import (
    Asked,
    ChallengeCommand,
    challenge_option,
    take_challenge,
)
from coldlever.shared.cli.console import (
    json_option,
    say,
)
from coldlever.shared.cli.delivery import Outlet
from coldlever.shared.cli.loading import load_input
from coldlever.shared.cli.qr_options import drawing_options, scanning_options
from coldlever.shared.cli.state_folder import require_folder
from coldlever.shared.message.any import REQUESTS
from coldlever.shared.policy import Approved
from coldlever.shared.qr.choices import Drawing, Scanning
from coldlever.signer.cli.accept_risk import accept_risk_option
from coldlever.signer.cli.caged import caged
from coldlever.signer.cli.confirm import confirm, confirm_key
from coldlever.signer.cli.confirm_markets import expect_option, prepare_naming
from coldlever.signer.cli.intake import (
    Intake,
    files_argument,
    intake_options,
    place_requests,
    prepare_intake,
    requests_of,
    require_one_stdin,
)
from coldlever.signer.cli.killed import known_as
from coldlever.signer.cli.leave import bind, leave_options
from coldlever.signer.cli.ledger_guard import Consent
from coldlever.signer.cli.machine import Machine, pass_machine
from coldlever.signer.cli.payload_output import PayloadOutput
from coldlever.signer.cli.refusal_note import Watched, noting_refusals
from coldlever.signer.cli.secret_entry import passphrase_option, prepare_for_secrets, unlock
from coldlever.signer.cli.sign_report import hand_over
from coldlever.signer.cli.sign_run import SignRun
from coldlever.signer.cli.state import (
    keyring,
    ledger_path,
    permissions,
    require_own_state,
    state_option,
    tidy_folders,
    tidy_up,
)
from coldlever.signer.cli.undelivered import telling_what_is_recorded
from coldlever.signer.key import load_keystore
from coldlever.signer.ledger import Ledger
from coldlever.signer.rules import (
    Placed,
    recall,
    require_distinct_nonces,
    require_perpetuals,
    require_timely,
    wanted_signer,
)
from coldlever.signer.vouching import vouch

_EPILOG = """\b
Examples:
  coldlever-signer sign request.json --out signed.json
  coldlever-signer sign batch.json --keystore cold --market market.json --out signed.json
  coldlever-signer sign action.json --network testnet --valid-for 30m > signed.json
  coldlever-signer sign request.json --yes --passphrase-file fd:3 --payload-only 3<phrase

You see the review, type the coin you mean to change where nobody vouches for a market's name (once:
it is remembered; see `market`), or the asset id where nothing names it, and type `yes`
(with the number of requests, where there are several: `yes 3`).
Then the keystore is opened once, every nonce is recorded in the ledger, and only then is anything
signed. The same request may be signed again; another one with the same nonce never.

One request gives one object; a batch, or several files, give an array in the same order. The
document goes to --out or else to stdout.
"""
# A generous row of the ledger and its event, with their share of the index and the journal.
_ROW_BYTES = 2048


@caged
@click.command("sign", cls=ChallengeCommand, epilog=_EPILOG)
@files_argument
@scanning_options()
@click.option(
    "--keystore",
    metavar="K",
    help="A key's name or a keystore file. Not needed when only one key fits.",
)
@passphrase_option
@intake_options
@click.option(
    "--out",
    metavar="OUT",
    type=click.Path(allow_dash=True),
    help="Write to this new file; - is stdout, which is the default unless a code is drawn.",
)
@click.option("--force", is_flag=True, help="Replace existing files.")
@drawing_options(own_force=True)
@click.option(
    "--payload-only",
    is_flag=True,
    help="Write the bare body that gets posted, without network, signer and hash.",
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation. Skips no check.")
@expect_option
@leave_options
@accept_risk_option
@click.option(
    "--new-ledger",
    is_flag=True,
    help="Go on with a ledger that is not the one this key signed on last. Shows the risk and "
    "asks, also with --yes.",
)
@challenge_option
@state_option
@json_option
@pass_machine
def command(
    machine: Machine,
    /,
    *,
    files: tuple[str, ...],
    scanning: Scanning,
    keystore: str | None,
    passphrase_file: str | None,
    out: str | None,
    state_dir: str | None,
    force: bool,
    drawing: Drawing,
    payload_only: bool,
    yes: bool,
    expected: tuple[str, ...],
    accepted: tuple[str, ...],
    new_ledger: bool,
    asked: Asked | None,
    approval_files: tuple[str, ...],
    policy_file: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Review requests, sign them and write the payloads.

    FILE is an unsigned request, a bare action, an array of them (a batch), or - for stdin.
    """
    require_one_stdin(*files, *options["markets"], *approval_files, passphrase_file)
    outlet = Outlet.choose(out, drawing, force=force, as_json=as_json)
    outlet.require()
    require_own_state(machine, state_dir, accepted)
    tidy_up(machine, state_dir, *(Path(name).parent for name in outlet.names))
    intake = prepare_intake(machine, **options)
    given = load_input(files, scanning, REQUESTS, intake.defaults)
    sheets = read_sheets(approval_files)
    challenge = take_challenge(asked, machine.entropy)
    output = PayloadOutput(outlet, payload_only, given.is_batch)
    ledger_file = ledger_path(machine, state_dir)
    with noting_refusals(ledger_file, Watched(requests_of(given), intake.now)) as watched:
        requests = place_requests(given, intake)
        _require_rules(requests, intake)
        requests = _recall(machine, state_dir, requests)
        path = _locate(machine, state_dir, keystore, requests, accepted)
        closed = load_keystore(path)
        watched.signer = closed.address
        bond = bind(closed, policy_file, sheets, is_batch=given.is_batch)
        watched.policy = None if bond.policy is None else bond.policy.ref
        requests = vouch(requests, bond.policy, intake.now)
        naming = prepare_naming(requests, expected, yes=yes)
        outlet.spare(path, ledger_file)
        run = SignRun(path, ledger_file, bond, Consent(accepted, new_ledger, yes, machine.ask))
        # What can be known of signer and ledger before anybody types a passphrase. All of it is
        # checked again, and for good, once the key is open.
        leave: tuple[Approved, ...] = ()
        is_new = None
        if closed.address is not None:
            requests = bond.attach(known_as(requests, closed.address, ledger_file))
            leave, is_new = run.foresee(requests, closed.address, intake.now)
        require_folder(ledger_file.parent, len(requests) * _ROW_BYTES)
        delivery = output.prove(requests)
        coins = confirm(machine, requests, closed, naming, challenge, leave=leave, yes=yes)
        prepare_for_secrets(machine)
        key = unlock(machine, closed, passphrase_file, accepted)
        if closed.address is None:
            requests = bond.attach(known_as(requests, key.address, ledger_file))
            leave = run.seek(requests, key.address, intake.now)
            confirm_key(machine, requests, key.address, challenge, leave=leave, yes=yes)
        now = intake.later()
        if now is not None:
            require_timely(requests, now)
        requests = vouch(requests, bond.policy, now)
        done = run.sign(requests, key, coins, now, is_new=is_new)
    with telling_what_is_recorded(done.signed):
        hand_over(done, challenge, output, delivery)


def _require_rules(requests: Sequence[Placed], intake: Intake) -> None:
    if intake.now is None:
        say(
            "WARNING: no clock: nonce and expiry are NOT checked against the time (--no-clock)",
            fg="yellow",
            bold=True,
        )
    else:
        require_timely(requests, intake.now)
    require_distinct_nonces(requests)
    require_perpetuals(requests)


def _locate(
    machine: Machine,
    state_dir: str | None,
    keystore: str | None,
    requests: Sequence[Placed],
    accepted: Sequence[str],
) -> Path:
    """The keystore that signs, in a folder without leftovers: the ledger's head lies there."""
    ring = keyring(machine, state_dir)
    path = (
        ring.locate(keystore)
        if keystore is not None
        else ring.only_fitting(wanted_signer(requests))
    )
    permissions(accepted).require_private(path, "keystore")
    tidy_folders(path.parent)
    return path


def _recall(
    machine: Machine, state_dir: str | None, requests: Sequence[Placed]
) -> tuple[Placed, ...]:
    """The requests, named also by what a person confirmed here before."""
    with Ledger.open_existing(ledger_path(machine, state_dir)) as ledger:
        return recall(requests, ledger.confirmed_coins())
