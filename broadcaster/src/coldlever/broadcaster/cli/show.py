"""How findings, results and reviews look on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from coldlever.broadcaster.check import Finding, Report
from coldlever.broadcaster.fate import Verdict
from coldlever.broadcaster.ledger import Ledger, Row
from coldlever.shared.action.what import What
from coldlever.shared.cli.audit_head import say_head
from coldlever.shared.cli.console import say
from coldlever.shared.cli.show_review import show_reviews
from coldlever.shared.errors import ColdleverError
from coldlever.shared.message import Request
from coldlever.shared.message.check_words import Challenge
from coldlever.shared.message.review import Origin, Review, review
from coldlever.shared.printable import printable

_MARKS = {True: ("ok  ", "green"), False: ("FAIL", "red"), None: ("--  ", "yellow")}
_COLOURS = {
    Verdict.CONFIRMED: "green",
    Verdict.ACCEPTED: "green",
    Verdict.REFUSED: "red",
    Verdict.WITHDRAWN: "red",
}


def show_payloads(reports: Sequence[Report], challenge: Challenge | None = None) -> None:
    """Print the review of checked payloads: the same words that the signer printed."""
    show_reviews([_review(report) for report in reports], challenge)


def _review(report: Report) -> Review:
    return review(_as_request(report), origin=Origin.READ)


def _as_request(report: Report) -> Request:
    """What was signed, with what the exchange says about it."""
    facts = report.facts
    current = None if facts.standing is None else facts.standing.setting
    return Request(facts.signable, facts.signer, facts.market, current, account=facts.account)


def show_report(report: Report, title: str) -> None:
    """Print a check list."""
    say(title, bold=True)
    for finding in report.findings:
        show_finding(finding)


def show_finding(finding: Finding) -> None:
    """Print one line of a check list, and the remedy of a failure."""
    mark, colour = _MARKS[finding.ok]
    if finding.ok and finding.is_caution:
        mark, colour = "note", "yellow"
    say(f"  {mark}  {finding.code:<15} {finding.detail}", fg=colour)
    if finding.ok is False and finding.remedy is not None:
        say(f"        {'':<15} remedy: {finding.remedy}")


def show_head(ledger: Ledger) -> None:
    """Print how far the ledger's audit chain reaches; where that cannot be read, nothing."""
    # It stands behind what was done or found, and must not hide that.
    with suppress(ColdleverError):
        say_head(ledger.audit.head().head)


def describe_row(row: Row) -> str:
    """One line on a ledger row."""
    return (
        f"{row.verdict.value:<9} {row.state.value:<14} {name_row(row):<10} "
        f"nonce {row.key.nonce} by {row.key.signer} on {row.key.venue}"
    )


def name_row(row: Row) -> str:
    """The market of a payload; a revocation has none."""
    return row.key.what.value if row.key.what is What.REVOCATION else printable(row.coin, limit=40)


def colour_of(verdict: Verdict) -> str:
    """Green for done, red for refused, yellow for what nobody knows."""
    return _COLOURS.get(verdict, "yellow")
