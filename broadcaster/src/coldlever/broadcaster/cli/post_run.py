"""The payloads of one `post` run: what is known about each, and who posts it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from coldlever.broadcaster.check import Checker, Finding, Report
from coldlever.broadcaster.cli.check import report_wire
from coldlever.broadcaster.cli.context import Connection, connect, make_poster
from coldlever.broadcaster.cli.load import Item
from coldlever.broadcaster.cli.result import result_status, result_wire
from coldlever.broadcaster.ledger import OPEN_STATES, Ledger
from coldlever.broadcaster.post import Poster, Result, settled
from coldlever.shared.action import Address, Network
from coldlever.shared.cli.refusals import refusal_of
from coldlever.shared.errors import ColdleverError, EnvironmentFault, Interrupted, RuleRefused
from coldlever.shared.message import verify
from coldlever.shared.message.check_words import Subject


@dataclass(frozen=True, slots=True)
class Job:
    """One payload with everything `post` knows about it.

    Args:
        item: the payload and its title.
        report: its checks, without findings when an earlier run left it open; None when an
            earlier run has settled it already.
        result: what became of it; None when it was not posted.
        fault: what went wrong while it was being posted, or None.
    """

    item: Item
    report: Report | None
    result: Result | None
    fault: ColdleverError | None = None

    @property
    def is_clear(self) -> bool:
        """All checks ran and passed, or an earlier run is to be finished."""
        return self.report is not None and self.report.complete

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
        return self.report is not None and not self.report.findings

    @property
    def is_unfinished(self) -> bool:
        """Something broke half-way: only the ledger's row can tell how far it came."""
        return isinstance(self.failure, EnvironmentFault | Interrupted)

    @property
    def failure(self) -> ColdleverError | None:
        """Why it was not posted, as far as that lies in itself."""
        if self.fault is not None:
            return self.fault
        finding = None if self.report is None else self.report.first_failure
        return None if finding is None else finding.to_refusal()

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
            "status": "unknown" if self.is_unfinished else "not-posted",
            "code": "not-reached" if failure is None else failure.code,
            "exchange": None,
            "receipt": None,
        }
        if failure is not None:
            wire["error"] = failure.to_wire()
        if self.report is not None:
            wire["checks"] = report_wire(self.report)["checks"]
        return wire


class Runner:
    """Keeps one connection a network for all payloads of a run.

    Args:
        ledger: the broadcaster's ledger.
        folder: the state folder.
        api_url: from ``--api-url``, or None.
        signer: who should have signed, or None.
        retry_s: how long an unanswered post is repeated, seconds.
    """

    def __init__(
        self,
        ledger: Ledger,
        folder: Path,
        api_url: str | None,
        signer: Address | None,
        retry_s: float,
    ) -> None:
        self._ledger = ledger
        self._folder = folder
        self._api_url = api_url
        self._signer = signer
        self._retry_s = retry_s
        self._parts: dict[Network, tuple[Connection, Poster]] = {}
        self._checkers: dict[Network, Checker] = {}

    def prepare(self, item: Item) -> Job:
        """Find what an earlier run recorded, or run the checks.

        Raises:
            EnvironmentFault: the exchange could not be asked, or the ledger not be read.
        """
        connection, poster = self._for(item)
        recorded = self._recorded(item, poster)
        if recorded is not None:
            return recorded
        network = item.payload.signable.network
        if network not in self._checkers:
            now = connection.exchange.now()
            self._checkers[network] = Checker(
                self._ledger, connection.venue.key, now, connection.exchange, self._signer
            )
        report = self._checkers[network].run(item.payload)
        if not report.ok:
            # Another process may have taken it up while the checks were running.
            recorded = self._recorded(item, poster)
        return Job(item, report, None) if recorded is None else recorded

    def _recorded(self, item: Item, poster: Poster) -> Job | None:
        """What an earlier run, or another process, has made of this very payload."""
        try:
            verify(item.payload, self._signer)
            entry = poster.find(item.payload)
        except RuleRefused:
            # The checks find it again, and everything else that is wrong.
            return None
        if entry is None:
            return None
        if entry.state in OPEN_STATES:
            return Job(item, Report(item.payload.signable, item.payload), None)
        return Job(item, None, settled(entry))

    def post(self, job: Job, *, recheck: bool) -> Job:
        """Post one payload; what fails must not hide what became of the others.

        Args:
            job: a clear one, or one that has its result already.
            recheck: whether time has passed since it was checked.
        """
        if job.report is None or job.result is not None:
            return job
        _, poster = self._for(job.item)
        try:
            problem = poster.time_problem(job.item.payload) if recheck else None
            if problem is not None and not job.is_resumed:
                job.report.findings.append(
                    Finding("expiry", ok=False, detail=problem.message, error=problem.code)
                )
                return job
            return Job(job.item, job.report, poster.post(job.report))
        except (RuleRefused, EnvironmentFault, OSError) as error:
            return Job(job.item, job.report, None, refusal_of(error))
        except KeyboardInterrupt:
            stopped = Interrupted(
                "interrupted",
                "you stopped it while it was being posted; it may have landed",
                "run `coldlever-broadcaster resolve`",
            )
            return Job(job.item, job.report, None, stopped)

    def _for(self, item: Item) -> tuple[Connection, Poster]:
        network = item.payload.signable.network
        if network not in self._parts:
            connection = connect(network, self._api_url)
            poster = make_poster(connection, self._ledger, self._folder, self._retry_s)
            self._parts[network] = (connection, poster)
        return self._parts[network]
