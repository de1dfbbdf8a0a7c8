"""``check``: everything that must hold before posting, without posting."""

from __future__ import annotations

import sys

import click

from coldlever.broadcaster.check import Checker, Report
from coldlever.broadcaster.cli.context import (
    ADDRESS,
    connect,
    entropy,
    local_now,
    open_ledger,
    venue_options,
)
from coldlever.broadcaster.cli.load import Items, load_items
from coldlever.broadcaster.cli.show import show_payloads, show_report
from coldlever.broadcaster.ledger import Ledger
from coldlever.shared.action import Address, Network
from coldlever.shared.cli.challenge_option import (
    Asked,
    ChallengeCommand,
    challenge_option,
    take_challenge,
)
from coldlever.shared.cli.console import emit_json, say
from coldlever.shared.cli.network_option import network_option
from coldlever.shared.cli.qr_options import scanning_options
from coldlever.shared.errors import RuleRefused
from coldlever.shared.message.check_words import Challenge, run_wire, words_wire
from coldlever.shared.qr.choices import Scanning


@click.command(cls=ChallengeCommand, short_help="Check signed payloads without posting them.")
@click.argument("files", nargs=-1, metavar="FILE...")
@scanning_options()
@click.option("--offline", is_flag=True, help="Run only the checks that need no network.")
@click.option("--signer", type=ADDRESS, help="Who should have signed.")
@challenge_option
@network_option()
@venue_options
def check(
    files: tuple[str, ...],
    *,
    scanning: Scanning,
    offline: bool,
    signer: Address | None,
    asked: Asked | None,
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
    items = load_items(files, network, scanning)
    challenge = take_challenge(asked, entropy)
    ledger = open_ledger(state_dir)
    try:
        reports = run_checks(items, ledger, api_url, signer, offline=offline)
    finally:
        ledger.close()
    if as_json:
        whole = run_wire([report.subject for report in reports], challenge, is_batch=items.is_batch)
        rows = [report_wire(report) | whole for report in reports]
        emit_json(rows if items.is_batch else rows[0])
    else:
        _show(items, reports, challenge, offline=offline)
    if not all(report.ok for report in reports):
        sys.exit(RuleRefused.exit_status)


def run_checks(
    items: Items,
    ledger: Ledger,
    api_url: str | None,
    signer: Address | None,
    *,
    offline: bool,
) -> list[Report]:
    """Check every payload, each against the venue of its own network."""
    checkers: dict[Network, Checker] = {}
    reports = []
    for item in items.items:
        network = item.payload.signable.network
        if network not in checkers:
            checkers[network] = _make_checker(network, ledger, api_url, signer, offline=offline)
        reports.append(checkers[network].run(item.payload))
    return reports


def _make_checker(
    network: Network,
    ledger: Ledger,
    api_url: str | None,
    signer: Address | None,
    *,
    offline: bool,
) -> Checker:
    connection = connect(network, api_url)
    if offline:
        return Checker(ledger, connection.venue.key, local_now(), None, signer)
    now = connection.exchange.now()
    return Checker(ledger, connection.venue.key, now, connection.exchange, signer)


def report_wire(report: Report) -> dict[str, object]:
    """A report as JSON."""
    signable = report.signable
    return {
        "ok": report.ok,
        "complete": report.complete,
        "network": signable.network.value,
        "signer": None if report.signer is None else report.signer.checksummed,
        "account": None if report.account is None else report.account.checksummed,
        "coin": None if report.market is None else report.market.coin,
        "actionHash": "0x" + signable.action_hash().hex(),
        **words_wire(report.subject),
        "nonce": signable.nonce,
        "checks": [finding.to_wire() for finding in report.findings],
    }


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
