"""From a payload to leave to post it, or to why not.

`Cleared` is that leave as a type: `Poster.post` takes nothing else, and only `Checker.run` makes
one, after all checks ran and passed.
"""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from typing import final

from coldlever.broadcaster.check.board import Board
from coldlever.broadcaster.check.checks import Checks
from coldlever.broadcaster.check.nonce_rules import Find
from coldlever.broadcaster.check.report import Facts, Finding, Report
from coldlever.broadcaster.check.walk import run_all
from coldlever.broadcaster.ledger import Ledger, Place, Turn
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
        turn: what its sender takes into account.
        seal: proves who made it.

    Raises:
        TypeError: made by somebody else.
    """

    report: Report
    payload: SignedPayload
    account: Address
    market: MarketEntry | None
    venue_key: str
    turn: Turn
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only a checker clears a payload")

    def __init_subclass__(cls) -> None:
        raise TypeError("nothing else counts as cleared")

    @property
    def place(self) -> Place:
        """Where it is posted; a noop is at no market."""
        coin = "" if self.market is None else self.market.coin
        return Place(self.venue_key, self.account, coin)

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
    """Runs the checks for one venue at one time, on the payloads of a run in their order.

    Args:
        ledger: what this machine knows to have been posted.
        venue_key: what the ledger files the venue's posts under.
        now: the time to judge by, ms since the epoch.
        exchange: the venue to ask, or None to run only what needs no network.
        expected_signer: who should have signed, or None.
        board: the policy in force with the run's approvals, or None.
        after_open: nonces of open payloads that may land late, as a person said.
        is_thrifty: ask for no setting where no position is open.
        find: the ledger's row of a key; the ledger is asked each time where it is None.
    """

    def __init__(
        self,
        ledger: Ledger,
        venue_key: str,
        now: int,
        exchange: Exchange | None,
        expected_signer: Address | None = None,
        *,
        board: Board | None = None,
        after_open: frozenset[int] = frozenset(),
        is_thrifty: bool = False,
        find: Find | None = None,
    ) -> None:
        self._venue_key = venue_key
        self._checks = Checks(
            ledger,
            venue_key,
            now,
            exchange,
            expected_signer,
            board=board,
            after_open=after_open,
            is_thrifty=is_thrifty,
            find=find,
        )
        self._of_payload = self._checks.of_payload()
        self._of_revocation = self._checks.of_revocation()
        self._of_draft = self._checks.of_draft()

    def run(self, payload: SignedPayload) -> Cleared | Blocked:
        """Run every check on one payload, as it will be once those expected before have landed.

        Raises:
            EnvironmentFault: the exchange could not be asked, or the ledger not be read.
        """
        is_noop = payload.signable.what is What.REVOCATION
        checks = self._of_revocation if is_noop else self._of_payload
        report = run_all(checks, Facts(payload.signable, payload))
        account, market = report.facts.account, report.facts.market
        if not report.is_complete or account is None or (market is None and not is_noop):
            return Blocked(report)
        turn = self._checks.order.turn(report.facts)
        return Cleared(report, payload, account, market, self._venue_key, turn, _SEAL)

    def run_next(self, payload: SignedPayload) -> Cleared | Blocked:
        """As `run`; where nothing failed, the next payloads are judged as if this one had landed.

        Raises:
            EnvironmentFault: as `run`.
        """
        checked = self.run(payload)
        facts = checked.report.facts
        if checked.report.ok and facts.signer is not None:
            self.expect(facts.signer, payload.signable, facts.account)
        return checked

    def expect(self, signer: Address, signable: Signable, account: Address | None) -> None:
        """Judge the next payloads as if this one had landed: it comes before them in the run.

        Args:
            signer: who signed it.
            signable: its content.
            account: whom it changes, or None where nobody could be asked.
        """
        self._checks.note(signer, signable, account)

    def foresee(self, signable: Signable, signer: Address, acted: Acted) -> Foresight:
        """Run the checks that a draft can be told about before anybody signs it.

        Args:
            signable: the drafted content.
            signer: who is to sign.
            acted: whom it will land on.
        """
        facts = Facts(signable, signer=signer, acted=acted)
        return Foresight(run_all(self._of_draft, facts))
