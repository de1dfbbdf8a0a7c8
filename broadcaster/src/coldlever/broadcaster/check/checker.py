"""From a payload to leave to post it, or to why not.

`Cleared` is that leave as a type: `Poster.post` takes nothing else, and only `Checker.run` makes
one, after all checks ran and passed.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from typing import final

from coldlever.broadcaster.check.checks import Checks
from coldlever.broadcaster.check.report import Facts, Finding, Report
from coldlever.broadcaster.check.walk import run_all
from coldlever.broadcaster.ledger import Ledger
from coldlever.broadcaster.venue import Exchange
from coldlever.broadcaster.venue.authority import Acted
from coldlever.shared.action import Address, MarketEntry, Signable
from coldlever.shared.action.what import What
from coldlever.shared.errors import ColdleverError
from coldlever.shared.message import SignedPayload

# Known to this module alone, so that nothing else can make a `Cleared`.
_SEAL = object()


@dataclass(frozen=True, slots=True)
class Blocked:
    """A payload that must not be posted: a check failed or could not be run.

    Args:
        report: what was found.
    """

    report: Report

    @property
    def refusal(self) -> ColdleverError | None:
        """The first check that failed as an error; None when some could only not be run."""
        failure = self.report.first_failure
        return None if failure is None else failure.to_refusal()


@final
@dataclass(frozen=True, slots=True)
class Cleared:
    """A payload whose checks all ran and passed. `Checker.run` makes these, nobody else can.

    Args:
        report: what was found.
        payload: what may be posted.
        account: the account, vault or sub-account it changes.
        market: its market's entry; None for a noop.
        venue_key: where it may be posted: what the ledger files that venue's posts under.
        seal: proves who made it.

    Raises:
        TypeError: made by somebody else.
    """

    report: Report
    payload: SignedPayload
    account: Address
    market: MarketEntry | None
    venue_key: str
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only a checker clears a payload")

    def __init_subclass__(cls) -> None:
        raise TypeError("nothing else counts as cleared")

    def blocked_by(self, finding: Finding) -> Blocked:
        """What it becomes when a check fails later after all."""
        return Blocked(self.report.plus(finding))


@dataclass(frozen=True, slots=True)
class Foresight:
    """What a draft can be told; no leave to post anything.

    Args:
        report: what was found.
    """

    report: Report

    @property
    def objections(self) -> tuple[Finding, ...]:
        """Checks that fail already."""
        return tuple(finding for finding in self.report.findings if finding.ok is False)

    @property
    def cautions(self) -> tuple[Finding, ...]:
        """Checks that pass but want attention."""
        return tuple(finding for finding in self.report.findings if finding.is_caution)


class Checker:
    """Runs the checks for one venue at one time.

    Args:
        ledger: what this machine knows to have been posted.
        venue_key: what the ledger files the venue's posts under.
        now: the time to judge by, ms since the epoch.
        exchange: the venue to ask, or None to run only what needs no network.
        expected_signer: who should have signed, or None.
    """

    def __init__(
        self,
        ledger: Ledger,
        venue_key: str,
        now: int,
        exchange: Exchange | None,
        expected_signer: Address | None = None,
    ) -> None:
        self._venue_key = venue_key
        self._checks = Checks(ledger, venue_key, now, exchange, expected_signer)

    def run(self, payload: SignedPayload) -> Cleared | Blocked:
        """Run every check on one payload.

        Raises:
            EnvironmentFault: the exchange could not be asked, or the ledger not be read.
        """
        is_noop = payload.signable.what is What.REVOCATION
        checks = self._checks.of_revocation() if is_noop else self._checks.of_payload()
        report = run_all(checks, Facts(payload.signable, payload))
        account, market = report.facts.account, report.facts.market
        if not report.is_complete or account is None or (market is None and not is_noop):
            return Blocked(report)
        return Cleared(report, payload, account, market, self._venue_key, _SEAL)

    def foresee(self, signable: Signable, signer: Address, acted: Acted) -> Foresight:
        """Run the checks that a draft can be told about before anybody signs it.

        Args:
            signable: the drafted content.
            signer: who is to sign.
            acted: whom it will land on.
        """
        facts = Facts(signable, signer=signer, acted=acted)
        return Foresight(run_all(self._checks.of_draft(), facts))
