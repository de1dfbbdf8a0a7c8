"""``check``: everything that must hold before posting, without posting."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import click

from coldlever.broadcaster.check import Blocked, Checker, Cleared, Report
from coldlever.broadcaster.check.board import Board
from coldlever.broadcaster.cli.context import (
    ADDRESS,
    connect,
    open_ledger,
    venue_options,
)
from coldlever.broadcaster.cli.load import Items, load_items
from coldlever.broadcaster.cli.machine import Machine, pass_machine
from coldlever.broadcaster.cli.policy_option import load_board, policy_options
from coldlever.broadcaster.cli.show import show_head, show_payloads, show_report
from coldlever.broadcaster.ledger import Ledger
from coldlever.broadcaster.venue import choose_venue
from coldlever.shared.action import Address, Network
from coldlever.shared.cli.challenge_option import (
    Asked,
    ChallengeCommand,
    challenge_option,
    take_challenge,
)
from coldlever.shared.cli.console import emit_json, emit_json_rows, say
from coldlever.shared.cli.network_option import network_option
from coldlever.shared.cli.qr_options import scanning_options
from coldlever.shared.errors import RuleRefused
from coldlever.shared.message.check_words import Challenge, Subject, run_wire, words_wire
from coldlever.shared.qr.choices import Scanning
from coldlever.shared.reading.hexadecimal import to_0x


@click.command(cls=ChallengeCommand, short_help="Check signed payloads without posting them.")
@click.argument("files", nargs=-1, metavar="FILE...")
@scanning_options()
@click.option("--offline", is_flag=True, help="Run only the checks that need no network.")
@click.option("--signer", type=ADDRESS, help="Who should have signed.")
@policy_options
@challenge_option
@network_option()
@venue_options
@pass_machine
def check(
    machine: Machine,
    files: tuple[str, ...],
    *,
    scanning: Scanning,
    offline: bool,
    signer: Address | None,
    asked: Asked | None,
    policy_file: str | None,
    approval_files: tuple[str, ...],
    network: Network | None,
    api_url: str | None,
    state_dir: str | None,
    as_json: bool,
) -> None:
    """Check signed payloads: signature, signer, nonce, expiry, market, position.

    All checks run even when one fails. FILE is a signed payload, a batch of them, or a bare
    request body (then add --network); `-` is stdin. Exit status 4 when a check fails; a FILE that
    cannot be read as a payload ends the command with 3 before anything is checked.
    """
    with _uncollected():
        items = load_items(files, network, scanning)
        board = load_board(items, policy_file, approval_files, machine.state(state_dir))
        challenge = take_challenge(asked, machine.entropy)
        with closing(open_ledger(machine, state_dir)) as ledger:
            checked = run_checks(
                machine, items, ledger, api_url, signer, board=board, offline=offline
            )
            if not as_json:
                _show(items, [one.report for one in checked], challenge, offline=offline)
                show_head(ledger)
        if as_json:
            subjects = [one.report.subject for one in checked]
            whole = run_wire(subjects, challenge, is_batch=items.is_batch)
            wires = (
                checked_wire(one, subject) | whole
                for one, subject in zip(checked, subjects, strict=True)
            )
            if items.is_batch:
                emit_json_rows(wires)
            else:
                emit_json(next(wires))
        if not all(one.report.ok for one in checked):
            sys.exit(RuleRefused.exit_status)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no cycles meanwhile: ten thousand payloads stay until all is told, and have none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def run_checks(
    machine: Machine,
    items: Items,
    ledger: Ledger,
    api_url: str | None,
    signer: Address | None,
    *,
    board: Board | None = None,
    offline: bool,
) -> list[Cleared | Blocked]:
    """Check every payload, each against the venue of its own network."""
    nonces: dict[Network, list[int]] = {}
    for item in items.items:
        nonces.setdefault(item.payload.signable.network, []).append(item.payload.signable.nonce)
    checkers = {}
    for network, own in nonces.items():
        venue_key = choose_venue(network, api_url).key
        exchange = None if offline else connect(machine, network, api_url, ledger).exchange
        now = machine.clock() if exchange is None else exchange.now()
        # Asked for all at once: a question for each would take longer than its signature.
        find = ledger.find_all(venue_key, own).get
        checkers[network] = Checker(
            ledger, venue_key, now, exchange, signer, board=board, find=find
        )
    return [checkers[item.payload.signable.network].run_next(item.payload) for item in items.items]


def checked_wire(checked: Cleared | Blocked, subject: Subject | None) -> dict[str, object]:
    """A payload's checks as JSON."""
    facts = checked.report.facts
    signable = facts.signable
    return {
        "ok": checked.report.ok,
        "complete": isinstance(checked, Cleared),
        "network": signable.network.value,
        "what": signable.what.value,
        "signer": None if facts.signer is None else facts.signer.checksummed,
        "account": None if facts.account is None else facts.account.checksummed,
        "coin": None if facts.market is None else facts.market.coin,
        "actionHash": to_0x(facts.action_hash),
        **words_wire(subject),
        "nonce": signable.nonce,
        "checks": findings_wire(checked.report),
    }


def findings_wire(report: Report) -> list[dict[str, object]]:
    """A check list as JSON."""
    return [finding.to_wire() for finding in report.findings]


def _show(
    items: Items, reports: list[Report], challenge: Challenge | None, *, offline: bool
) -> None:
    show_payloads(reports, challenge)
    for item, report in zip(items.items, reports, strict=True):
        say()
        show_report(report, item.title)
    say()
    failed = sum(not report.ok for report in reports)
    if failed:
        say(f"{failed} of {len(reports)} would not be posted", fg="red", bold=True)
    elif offline:
        say("no check failed; those marked -- need the network", fg="yellow", bold=True)
    else:
        say("all checks passed", fg="green", bold=True)
