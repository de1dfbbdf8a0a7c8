"""Posting what has passed its checks: each market in its order, markets side by side."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from typing import Protocol

from coldlever.broadcaster.check import Cleared
from coldlever.broadcaster.cli.job import Job
from coldlever.broadcaster.cli.load import Item
from coldlever.broadcaster.cli.post_run import Runner
from coldlever.broadcaster.cli.progress import Progress
from coldlever.broadcaster.ledger import Place, Row
from coldlever.broadcaster.post import Poster, Result, Series
from coldlever.broadcaster.post.side_by_side import Schedule, Task, run_all
from coldlever.shared.action.actions import LeverageAction
from coldlever.shared.action.what import What
from coldlever.shared.cli.refusals import refusal_of
from coldlever.shared.cli.stop_signals import StopRequest
from coldlever.shared.errors import Interrupted


class Posters(Protocol):
    """Who posts in one thread."""

    def poster(self, item: Item) -> Poster:
        """Who posts to an item's venue."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a batch is gone through.

    Args:
        keep_going: go on after a refusal.
        at_once: how many markets; with 1 all is sent in the order given.
    """

    keep_going: bool
    at_once: int


class Batch:
    """Posts the jobs of a run.

    Args:
        runner: who checked them.
        jobs: in the order given.
        way: how.
        stop: heeded while it posts.
        progress: told of every step.
    """

    def __init__(
        self, runner: Runner, jobs: Sequence[Job], way: Way, stop: StopRequest, progress: Progress
    ) -> None:
        self._runner = runner
        self._jobs = list(jobs)
        self._way = way
        self._stop = stop
        self._progress = progress
        self._places = {
            number: job.stage.place
            for number, job in enumerate(self._jobs)
            if isinstance(job.stage, Cleared | Row)
        }
        is_alone = len(self._places) == 1
        # A noop is at no market, and shares the lock of what it kills.
        self._noops = {
            number
            for number in self._places
            if self._jobs[number].item.payload.signable.what is What.REVOCATION
        }
        places = (at for number, at in self._places.items() if number not in self._noops)
        self._series = {place: Series(is_alone=is_alone) for place in places}
        self._schedule = self._make_schedule()

    def run(self) -> list[Job]:
        """Post what waits; what fails must not hide what became of the others.

        Returns:
            The jobs as they are then, in the order given.
        """
        if not self._places:
            return self._jobs
        lock = self._runner.lock
        try:
            with self._stop.heeding():
                taken = lock.acquire(*self._locked())
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - told as the first one's
            self._note_failure(min(self._places), error)
            return self._jobs
        try:
            self._runner.tell(self._progress.waits)
            # What stands before a noop may be what it kills: such a run keeps the order given.
            workers = 1 if self._noops else min(self._way.at_once, len(self._series))
            if workers == 1:
                self._run_here()
            else:
                self._run_side_by_side(workers)
            self._finish()
        finally:
            lock.release(taken)
        return self._jobs

    def _locked(self) -> list[Place]:
        """What is locked before anything is sent, so that two runs cannot wait for each other.

        Revocations by themselves are recorded first and wait then, one by one, holding nothing.
        """
        if not self._series:
            return []
        noops = (self._jobs[number] for number in self._noops)
        shared = (
            self._runner.poster(job.item).place_of(job.stage)
            for job in noops
            if isinstance(job.stage, Cleared | Row)
        )
        return [*self._series, *shared]

    def _run_here(self) -> None:
        while not self._stop.is_made and (task := self._schedule.take()) is not None:
            self._work(self._runner, task, self._stop.heeding())
            self._schedule.finish(task)

    def _run_side_by_side(self, count: int) -> None:
        twins = [self._runner.twin() for _ in range(count)]
        try:
            run_all(
                self._schedule,
                [lambda task, twin=twin: self._work(twin, task, nullcontext()) for twin in twins],  # type: ignore[misc]
                self._is_stopped,
            )
        finally:
            for twin in twins:
                twin.close()

    def _is_stopped(self) -> bool:
        if self._stop.is_made:
            self._runner.halt.set()
        return self._stop.is_made

    def _work(self, posters: Posters, task: Task, heeding: AbstractContextManager[None]) -> None:
        number = task.number
        try:
            with heeding:
                known = self._post(posters, number)
            self._note(known)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - a defect must not hide the others
            self._note_failure(number, error)
        outcome = self._jobs[number]
        if outcome.holds_up or not (self._way.keep_going or outcome.is_as_wished):
            self._schedule.stop()
        self._progress.step()

    def _post(self, posters: Posters, number: int) -> dict[int, Result]:
        job = self._jobs[number]
        poster = posters.poster(job.item)
        if number in self._noops:
            return {number: self._revoke(poster, job.stage)}
        series = self._series[self._places[number]]
        if isinstance(job.stage, Row):
            return series.resume(poster, number, job.stage, self._runner.turn)
        assert isinstance(job.stage, Cleared), "nothing else waits"
        late = self._runner.time_problem(job)
        if late is not None:
            self._jobs[number] = late
            return {}
        return series.post(poster, number, job.stage, self._follower(number))

    def _revoke(self, poster: Poster, stage: object) -> Result:
        if isinstance(stage, Row):
            return poster.resume(stage, self._runner.turn)
        assert isinstance(stage, Cleared), "nothing else waits"
        return poster.post(stage)

    def _follower(self, number: int) -> LeverageAction | None:
        """What will be posted for the same market next."""
        place = self._places[number]
        later = (other for other in self._places if other > number)
        after = next((other for other in later if self._places[other] == place), None)
        if after is None or not isinstance(self._jobs[after].stage, Cleared):
            return None
        return self._jobs[after].item.payload.signable.change

    def _finish(self) -> None:
        """Read back what is accepted and was not read, where the run ended before its market."""
        for place, series in self._series.items():
            if self._stop.is_made:
                return
            number = next(one for one, at in self._places.items() if at == place)
            # What goes wrong here hides no outcome: it was accepted, and says that it was not
            # read; `resolve` reads it.
            with suppress(Exception, KeyboardInterrupt), self._stop.heeding():
                self._note(series.finish(self._runner.poster(self._jobs[number].item)))

    def _note(self, known: dict[int, Result]) -> None:
        for number, result in known.items():
            self._jobs[number] = Job(self._jobs[number].item, result)

    def _note_failure(self, number: int, error: BaseException) -> None:
        job = self._jobs[number]
        if isinstance(error, KeyboardInterrupt):
            fault = Interrupted(
                "interrupted",
                "you stopped it while it was being posted; it may have landed",
                "run `coldlever-broadcaster resolve`",
            )
            self._jobs[number] = Job(job.item, job.stage, fault)
            return
        assert isinstance(error, Exception), "nothing else is caught"
        self._jobs[number] = Job(job.item, job.stage, refusal_of(error))

    def _make_schedule(self) -> Schedule:
        tasks = [self._task(number, place) for number, place in self._places.items()]
        signers = {task.signer for task in tasks}
        return Schedule(tasks, {one: self._runner.highest_nonces(one) for one in signers})

    def _task(self, number: int, place: Place) -> Task:
        stage, payload = self._jobs[number].stage, self._jobs[number].item.payload
        signer = stage.key.signer if isinstance(stage, Row) else payload.recovered_signer()
        return Task(number, place, signer, payload.signable.nonce)
