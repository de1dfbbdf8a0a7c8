"""The payloads of one `post` run: what is known about each, and who posts it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from coldlever.broadcaster.check import Blocked, Checker, Cleared, Finding, Report
from coldlever.broadcaster.check.board import Board
from coldlever.broadcaster.cli.check import findings_wire
from coldlever.broadcaster.cli.context import Connection, connect, make_poster
from coldlever.broadcaster.cli.load import Item
from coldlever.broadcaster.cli.machine import Machine
from coldlever.broadcaster.cli.result import result_status, result_wire
from coldlever.broadcaster.fate import NonceState, Verdict
from coldlever.broadcaster.ledger import Ledger, Row, Turn
from coldlever.broadcaster.post import MarketLock, Poster, Result, result_of
from coldlever.broadcaster.post.account import is_unread
from coldlever.shared.action import Address, Network
from coldlever.shared.action.what import What
from coldlever.shared.cli.refusals import refusal_of
from coldlever.shared.cli.stop_signals import StopRequest
from coldlever.shared.errors import (
    ColdleverError,
    EnvironmentFault,
    InternalFault,
    Interrupted,
    RuleRefused,
)
from coldlever.shared.message import verify
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


class Runner:
    """Keeps one connection a network for all payloads of a run.

    Args:
        machine: its clocks and pauses.
        ledger: the broadcaster's ledger.
        folder: the state folder.
        api_url: from ``--api-url``, or None.
        signer: who should have signed, or None.
        board: the policy in force with the run's approvals, or None.
        retry_s: how long an unanswered post is repeated, seconds.
        after_open: nonces of open payloads that may land late, as a person said.
    """

    def __init__(
        self,
        machine: Machine,
        ledger: Ledger,
        folder: Path,
        api_url: str | None,
        signer: Address | None,
        *,
        board: Board | None = None,
        retry_s: float,
        after_open: frozenset[int] = frozenset(),
    ) -> None:
        self._machine = machine
        self._ledger = ledger
        self._folder = folder
        self._api_url = api_url
        self._signer = signer
        self._board = board
        self._retry_s = retry_s
        self._after_open = after_open
        self._lock = MarketLock(folder / "locks", machine.sleep)
        self._parts: dict[Network, tuple[Connection, Poster]] = {}
        self._checkers: dict[Network, Checker] = {}

    def after(self, nonces: frozenset[int]) -> Runner:
        """A runner that takes it that these open payloads may land late."""
        return Runner(
            self._machine,
            self._ledger,
            self._folder,
            self._api_url,
            self._signer,
            board=self._board,
            retry_s=self._retry_s,
            after_open=self._after_open | nonces,
        )

    def prepare(self, item: Item) -> Job:
        """Find what an earlier run recorded, or run the checks.

        Raises:
            EnvironmentFault: the exchange could not be asked, or the ledger not be read.
        """
        _, poster = self._for(item)
        recorded = self._recorded(item, poster)
        if recorded is None:
            checked = self._checker(item).run_next(item.payload)
            if not isinstance(checked, Blocked):
                return Job(item, checked)
            # Another process may have taken it up while the checks were running.
            recorded = self._recorded(item, poster)
            if recorded is None:
                return Job(item, checked)
        self._expect(recorded)
        return recorded

    def _checker(self, item: Item) -> Checker:
        network = item.payload.signable.network
        if network not in self._checkers:
            connection, _ = self._for(item)
            self._checkers[network] = Checker(
                self._ledger,
                connection.venue.key,
                connection.exchange.now(),
                connection.exchange,
                self._signer,
                board=self._board,
                after_open=self._after_open,
            )
        return self._checkers[network]

    def _expect(self, job: Job) -> None:
        """What an earlier run left open comes before what is checked after it."""
        if isinstance(job.stage, Row) and job.stage.state is NonceState.OPEN:
            row = job.stage
            signable = job.item.payload.signable
            self._checker(job.item).expect(row.key.signer, signable, row.account)

    def _recorded(self, item: Item, poster: Poster) -> Job | None:
        """What an earlier run, or another process, has made of this very payload."""
        try:
            verify(item.payload, self._signer)
            row = poster.find(item.payload)
        except RuleRefused:
            # The checks find it again, and everything else that is wrong.
            return None
        if row is None or row.state.needs_clearance:
            return None
        if row.state is NonceState.DEAD and self._ledger.is_revoked(row.key):
            # The checks say so.
            return None
        # Another process may be about to read the account back: its lock is waited for.
        if row.state is NonceState.OPEN or is_unread(row):
            return Job(item, row)
        is_noop = row.key.what is What.REVOCATION
        return Job(
            item, result_of(row, killed=self._ledger.find(row.key.other) if is_noop else None)
        )

    def post(self, job: Job, stop: StopRequest, *, recheck: bool) -> Job:
        """Post one payload; what fails must not hide what became of the others.

        Args:
            job: one that is not blocked.
            stop: heeded while it is being posted.
            recheck: whether time has passed since it was checked.
        """
        stage = job.stage
        if isinstance(stage, Blocked | Result):
            return job
        try:
            with stop.heeding():
                outcome = self._post(job.item, stage, recheck=recheck)
        except Exception as error:  # noqa: BLE001 - a defect must not hide it either
            return Job(job.item, stage, refusal_of(error))
        except KeyboardInterrupt:
            stopped = Interrupted(
                "interrupted",
                "you stopped it while it was being posted; it may have landed",
                "run `coldlever-broadcaster resolve`",
            )
            return Job(job.item, stage, stopped)
        return Job(job.item, outcome)

    def _post(self, item: Item, stage: Cleared | Row, *, recheck: bool) -> Blocked | Result:
        _, poster = self._for(item)
        if isinstance(stage, Row):
            return poster.resume(stage, Turn(self._after_open))
        problem = poster.time_problem(stage.payload) if recheck else None
        if problem is not None:
            late = Finding("expiry", ok=False, detail=problem.message, error=problem.code)
            return stage.blocked_by(late)
        return poster.post(stage)

    def _for(self, item: Item) -> tuple[Connection, Poster]:
        network = item.payload.signable.network
        if network not in self._parts:
            connection = connect(self._machine, network, self._api_url, self._ledger)
            poster = make_poster(
                self._machine,
                connection,
                self._ledger,
                self._folder,
                self._retry_s,
                lock=self._lock,
            )
            self._parts[network] = (connection, poster)
        return self._parts[network]
