"""One payload of a `post` run, with everything that is known about it."""

from __future__ import annotations

from dataclasses import dataclass

from coldlever.broadcaster.check import Blocked, Cleared, Report
from coldlever.broadcaster.cli.check import findings_wire
from coldlever.broadcaster.cli.load import Item
from coldlever.broadcaster.cli.result import result_status, result_wire
from coldlever.broadcaster.fate import Verdict
from coldlever.broadcaster.ledger import Row
from coldlever.broadcaster.post import Result
from coldlever.shared.errors import (
    ColdleverError,
    EnvironmentFault,
    InternalFault,
    Interrupted,
    RuleRefused,
)
from coldlever.shared.message.check_words import Subject

_HALF_WAY = (EnvironmentFault, Interrupted, InternalFault)


@dataclass(frozen=True, slots=True)
class Job:
    """One payload with everything `post` knows about it.

    Args:
        item: the payload and its title.
        stage: how far it has come: its checks, the row that an earlier run left open, or what
            became of it. What was recorded and never admitted is checked like a new one.
        fault: what went wrong while it was being posted, or None.
    """

    item: Item
    stage: Cleared | Blocked | Row | Result
    fault: ColdleverError | None = None

    @property
    def report(self) -> Report | None:
        """Its checks; None where an earlier run had taken it up, or it is done."""
        return self.stage.report if isinstance(self.stage, Cleared | Blocked) else None

    @property
    def result(self) -> Result | None:
        """What became of it; None when it was not posted."""
        return self.stage if isinstance(self.stage, Result) else None

    @property
    def is_blocked(self) -> bool:
        """Its checks do not let it through."""
        return isinstance(self.stage, Blocked)

    @property
    def is_waiting(self) -> bool:
        """All checks ran and passed, or an earlier run is to be finished."""
        return isinstance(self.stage, Cleared | Row)

    @property
    def subject(self) -> Subject | None:
        """What the check words are of; None while no signer is known."""
        if self.report is not None and self.report.findings:
            return self.report.subject
        # What the ledger knows has been verified on the way to finding it there.
        payload = self.item.payload
        return Subject(payload.signable.digest(), payload.recovered_signer())

    @property
    def is_resumed(self) -> bool:
        """An earlier run left it open."""
        return isinstance(self.stage, Row)

    @property
    def is_unfinished(self) -> bool:
        """Something broke half-way: only the ledger's row can tell how far it came."""
        return isinstance(self.failure, _HALF_WAY)

    @property
    def failure(self) -> ColdleverError | None:
        """Why it was not posted, as far as that lies in itself."""
        if self.fault is not None:
            return self.fault
        return self.stage.refusal if isinstance(self.stage, Blocked) else None

    @property
    def holds_up(self) -> bool:
        """Later payloads must not follow: it may land after them, or nobody knows."""
        if self.fault is not None:
            return isinstance(self.fault, _HALF_WAY)
        return self.result is not None and self.result.row.verdict is Verdict.UNKNOWN

    @property
    def is_as_wished(self) -> bool:
        """It landed, or the account is as asked: what follows it may follow."""
        done = (Verdict.CONFIRMED, Verdict.ACCEPTED, Verdict.IN_EFFECT)
        return self.result is not None and self.result.row.verdict in done

    @property
    def exit_status(self) -> int:
        """What this job alone would end the command with."""
        if self.fault is not None:
            return self.fault.exit_status
        if self.result is None:
            return RuleRefused.exit_status
        return result_status(self.result)

    def to_wire(self) -> dict[str, object]:
        """What became of it, as JSON."""
        if self.result is not None:
            return result_wire(self.result)
        failure = self.failure
        wire: dict[str, object] = {
            "what": self.item.payload.signable.what.value,
            "status": "unknown" if self.is_unfinished else "not-posted",
            "nonceState": None,
            "account": None,
            "code": "not-reached" if failure is None else failure.code,
            "exchange": None,
            "receipt": None,
        }
        if failure is not None:
            wire["error"] = failure.to_wire()
        wire["checks"] = [] if self.report is None else findings_wire(self.report)
        return wire
