"""``post``: check, record, post, classify, read back, receipt."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from broadcaster.checks import Checker
from broadcaster.cli.check import report_wire
from broadcaster.cli.context import (
    ADDRESS,
    Connection,
    connect,
    local_now,
    named,
    network_option,
    open_folder,
    venue_options,
)
from broadcaster.cli.load import Item, load_items
from broadcaster.cli.show import colour_of, show_report, show_reviews
from broadcaster.findings import Finding, Report, refusal_of
from broadcaster.ledger import Ledger, State
from broadcaster.posting import DEFAULT_RETRY_S, Poster, Result
from shared.address import Address
from shared.console import (
    ask,
    dump_document,
    emit_json,
    require_output,
    say,
    write_document,
)
from shared.errors import (
    ColdleverError,
    EnvironmentFault,
    ExchangeRefused,
    OutcomeUnknown,
    PersonDeclined,
    RuleRefused,
)
from shared.network import Network
from shared.printable import printable
from shared.qr.options import Scanning, scanning_options

_STATUS = {
    State.CONFIRMED: "confirmed",
    State.ACCEPTED: "accepted",
    State.REJECTED: "rejected",
    State.WITHDRAWN: "withdrawn",
    State.CLOSED: "closed",
}
# In a batch the most worrying outcome decides the exit status.
_WORST_FIRST = (
    OutcomeUnknown.exit_status,
    EnvironmentFault.exit_status,
    ExchangeRefused.exit_status,
    RuleRefused.exit_status,
    0,
)


@dataclass(frozen=True, slots=True)
class Job:
    """One payload with everything `post` knows about it.

    Args:
        item: the payload and its title.
        report: its checks; None when an earlier run has recorded it already.
        result: what became of it; None when it was not posted.
        fault: what went wrong while it was being posted, or None.
    """

    item: Item
    report: Report | None
    result: Result | None
    fault: ColdleverError | None = None

    @property
    def exit_status(self) -> int:
        """What this job alone would end the command with."""
        if self.fault is not None:
            return self.fault.exit_status
        if self.result is None:
            return RuleRefused.exit_status
        return result_status(self.result)


@click.command(short_help="Check, record and post; posting twice posts once.")
@click.argument("files", nargs=-1, metavar="FILE...")
@scanning_options()
@click.option("--signer", type=ADDRESS, help="Who should have signed.")
@click.option("--keep-going", is_flag=True, help="In a batch: go on after a refusal.")
@click.option(
    "--retry-for",
    type=click.FloatRange(0, 600),
    default=DEFAULT_RETRY_S,
    show_default=True,
    metavar="SECONDS",
    help="How long to send the same bytes again while no answer settles it.",
)
@click.option("--receipt", metavar="PATH", help="Write the receipt to this file.")
@click.option("--force", is_flag=True, help="Replace an existing receipt file.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal (never skips a check).")
@network_option
@venue_options
def post(
    files: tuple[str, ...],
    *,
    scanning: Scanning,
    signer: Address | None,
    keep_going: bool,
    retry_for: float,
    receipt: str | None,
    force: bool,
    yes: bool,
    network_name: str | None,
    api_url: str | None,
    state_dir: str | None,
    as_json: bool,
) -> None:
    """Post signed payloads, each exactly once.

    Every payload is checked first; nothing is sent while one fails (with --keep-going the others
    go on). Posting a file a second time sends nothing and reports the first outcome. When no
    answer settles it, the exit status is 7 and `resolve` continues.
    """
    items = load_items(files, named(network_name), scanning)
    if receipt is not None:
        require_output(receipt, force=force)
    folder = open_folder(state_dir)
    ledger = Ledger(folder)
    try:
        runner = _Runner(ledger, folder / "locks", api_url, signer, retry_for)
        jobs = [runner.prepare(item) for item in items.items]
        _show_jobs(jobs, quiet=as_json)
        blocked = any(job.result is None and not _is_clear(job) for job in jobs)
        if not blocked or keep_going:
            if any(job.result is None for job in jobs) and not as_json and not yes:
                _confirm()
            jobs = _post_all(runner, jobs, keep_going=keep_going, quiet=as_json)
    finally:
        ledger.close()
    _report(jobs, as_json=as_json, is_batch=items.is_batch)
    if receipt is not None:
        _write_receipts(jobs, receipt, force=force, is_batch=items.is_batch)
    statuses = {job.exit_status for job in jobs}
    sys.exit(next(status for status in _WORST_FIRST if status in statuses))


class _Runner:
    """Keeps one connection a network for all payloads of a run."""

    def __init__(
        self,
        ledger: Ledger,
        lock_folder: Path,
        api_url: str | None,
        signer: Address | None,
        retry_s: float,
    ) -> None:
        self._ledger = ledger
        self._lock_folder = lock_folder
        self._api_url = api_url
        self._signer = signer
        self._retry_s = retry_s
        self._parts: dict[Network, tuple[Connection, Poster]] = {}
        self._checkers: dict[Network, Checker] = {}

    def prepare(self, item: Item) -> Job:
        """Find what an earlier run recorded, or run the checks."""
        connection, poster = self._for(item)
        signed_well = item.payload.signature.is_canonical
        if signed_well and _recovers(item):
            earlier = poster.settled(item.payload)
            if earlier is not None:
                return Job(item, None, earlier)
            if poster.is_open(item.payload):
                return Job(item, Report(item.payload.signable, item.payload), None)
        network = item.payload.signable.network
        if network not in self._checkers:
            now = connection.exchange.now()
            self._checkers[network] = Checker(
                self._ledger, connection.venue.key, now, connection.exchange, self._signer
            )
        return Job(item, self._checkers[network].run(item.payload), None)

    def post(self, job: Job, *, recheck: bool) -> Job:
        """Post one payload."""
        if job.report is None or job.result is not None:
            return job
        _, poster = self._for(job.item)
        problem = poster.time_problem(job.item.payload) if recheck else None
        if problem is not None and not poster.is_open(job.item.payload):
            job.report.findings.append(
                Finding("expiry", ok=False, detail=problem.message, error=problem.code)
            )
            return job
        return Job(job.item, job.report, poster.post(job.report))

    def _for(self, item: Item) -> tuple[Connection, Poster]:
        network = item.payload.signable.network
        if network not in self._parts:
            connection = connect(network, self._api_url)
            poster = Poster(
                connection.exchange,
                self._ledger,
                self._lock_folder,
                local_now,
                time.sleep,
                retry_s=self._retry_s,
            )
            self._parts[network] = (connection, poster)
        return self._parts[network]


def _recovers(item: Item) -> bool:
    try:
        item.payload.recovered_signer()
    except RuleRefused:
        return False
    claimed = item.payload.claimed_hash
    return claimed is None or claimed == item.payload.signable.action_hash()


def _is_clear(job: Job) -> bool:
    """All checks ran and passed, or an earlier run is to be finished."""
    return job.report is not None and job.report.complete


def _show_jobs(jobs: Sequence[Job], *, quiet: bool) -> None:
    if quiet:
        return
    fresh = [(job, job.report) for job in jobs if job.report is not None and job.report.findings]
    if fresh:
        show_reviews([report for _, report in fresh])
    for job, report in fresh:
        say()
        show_report(report, job.item.title)


def _confirm() -> None:
    """A person at a terminal has a last word; a script has none to give."""
    if not sys.stdin.isatty():
        return
    say()
    if ask("Post it? Type yes") != "yes":
        raise PersonDeclined("declined", "you did not type yes; nothing was posted")


def _post_all(runner: _Runner, jobs: list[Job], *, keep_going: bool, quiet: bool) -> list[Job]:
    done: list[Job] = []
    stopped = False
    with _progress(jobs, quiet=quiet) as steps:
        for number, job in enumerate(steps):
            ready = not stopped and (job.result is not None or _is_clear(job))
            outcome = _attempt(runner, job, recheck=number > 0) if ready else job
            done.append(outcome)
            broken = isinstance(outcome.fault, EnvironmentFault)
            stopped = stopped or broken or (outcome.exit_status != 0 and not keep_going)
    return done


def _attempt(runner: _Runner, job: Job, *, recheck: bool) -> Job:
    """Post one payload; what fails must not hide what became of the others."""
    try:
        return runner.post(job, recheck=recheck)
    except (RuleRefused, EnvironmentFault) as error:
        return Job(job.item, job.report, None, error)


@contextmanager
def _progress(jobs: list[Job], *, quiet: bool) -> Iterator[Iterator[Job]]:
    if quiet or len(jobs) == 1 or not sys.stderr.isatty():
        yield iter(jobs)
        return
    with click.progressbar(jobs, label="posting", file=sys.stderr, show_pos=True) as bar:
        yield iter(bar)


def result_status(result: Result) -> int:
    """The exit status of one result."""
    entry = result.entry
    if entry.state is State.CONFIRMED:
        return 0
    if entry.state is State.ACCEPTED:
        return OutcomeUnknown.exit_status if entry.code == "effect-not-seen" else 0
    if entry.state is State.REJECTED:
        return ExchangeRefused.exit_status
    if entry.state in (State.WITHDRAWN, State.CLOSED):
        return RuleRefused.exit_status
    return OutcomeUnknown.exit_status


def result_wire(result: Result) -> dict[str, object]:
    """A result as JSON."""
    entry = result.entry
    return {
        "status": _STATUS.get(entry.state, "unknown"),
        "code": entry.code,
        "sentence": entry.sentence,
        "advice": result.advice,
        "alreadyPosted": result.already,
        "exchange": result.receipt["exchange"],
        "receipt": result.receipt,
    }


def show_result(result: Result) -> None:
    """Print what became of a payload."""
    entry = result.entry
    status = _STATUS.get(entry.state, "unknown").upper()
    if result.already:
        say("not sent again: this payload was handed to the exchange before")
    coin = printable(entry.coin, limit=40)
    say(f"{status}: {coin}, nonce {entry.key.nonce}", fg=colour_of(entry.state), bold=True)
    say(f"  {entry.code}: {entry.sentence}")
    if result.advice is not None:
        say(f"  advice: {result.advice}")
    if result_status(result) == OutcomeUnknown.exit_status:
        say(
            "  The outcome is not known yet. Run `coldlever-broadcaster resolve`; sign no new "
            "request for this change before it is.",
            fg="yellow",
        )


def _report(jobs: list[Job], *, as_json: bool, is_batch: bool) -> None:
    if as_json:
        rows = [_job_wire(job) for job in jobs]
        emit_json(rows if is_batch else rows[0])
        return
    for job in jobs:
        say()
        if job.result is not None:
            show_result(job.result)
            continue
        failure = _failure_of(job)
        title = "NOT POSTED" if not isinstance(failure, EnvironmentFault) else "NOT FINISHED"
        say(f"{title}: {job.item.title}", fg="red", bold=True)
        if failure is None:
            say("  not-reached: an earlier payload of the batch stopped the run")
        else:
            say(f"  {failure.code}: {failure.message}")
            if failure.remedy is not None:
                say(f"  remedy: {failure.remedy}")


def _failure_of(job: Job) -> ColdleverError | None:
    if job.fault is not None:
        return job.fault
    finding = None if job.report is None else job.report.first_failure
    return None if finding is None else refusal_of(finding)


def _job_wire(job: Job) -> dict[str, object]:
    if job.result is not None:
        return result_wire(job.result)
    failure = _failure_of(job)
    # Where the ledger or the network failed half-way, the ledger's row alone can tell.
    wire: dict[str, object] = {
        "status": "unknown" if isinstance(failure, EnvironmentFault) else "not-posted",
        "code": "not-reached" if failure is None else failure.code,
        "exchange": None,
        "receipt": None,
    }
    if failure is not None:
        wire["error"] = failure.to_wire()
    if job.report is not None:
        wire["checks"] = report_wire(job.report)["checks"]
    return wire


def _write_receipts(jobs: list[Job], name: str, *, force: bool, is_batch: bool) -> None:
    receipts = [job.result.receipt for job in jobs if job.result is not None]
    if receipts:
        document = receipts if is_batch else receipts[0]
        write_document(name, dump_document(document), force=force)
        say(f"receipt written to {name}")
