"""Markets side by side: what of a run may start now, and who has to wait for whom.

Payloads start in the order given, but for those whose market is busy. A market's own follow each
other. A signer's nonces may overtake one another only as far as the exchange's floor allows: it
keeps the 100 highest, and takes none below.
"""

from __future__ import annotations

import threading
from bisect import bisect_right, insort
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from coldlever.shared.action import Address
from coldlever.shared.action.time_rules import NONCE_SET_SIZE

_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Task:
    """A payload that waits to be sent.

    Args:
        number: its place in the run.
        market: what only one payload at a time may be sent for.
        signer: whose nonce it uses.
        nonce: which.
    """

    number: int
    market: Hashable
    signer: Address
    nonce: int


class Schedule:
    """Gives out tasks to several threads; once stopped, no more.

    Args:
        tasks: in the order of the run.
        used: nonces of each signer that were used before, at least the 100 highest.
    """

    def __init__(self, tasks: Iterable[Task], used: dict[Address, Sequence[int]]) -> None:
        self._waiting = list(tasks)
        self._changed = threading.Condition()
        self._busy: set[Hashable] = set()
        self._used = {signer: sorted(nonces) for signer, nonces in used.items()}
        self._unsettled: dict[Address, list[int]] = {}
        for task in self._waiting:
            insort(self._unsettled.setdefault(task.signer, []), task.nonce)
        self._is_stopped = False

    def take(self) -> Task | None:
        """The next task, waiting for one that may start; None when there is none any more."""
        with self._changed:
            while self._waiting and not self._is_stopped:
                task = self._startable()
                if task is not None:
                    self._start(task)
                    return task
                self._changed.wait()
            return None

    def finish(self, task: Task) -> None:
        """A task has ended, and its market is free."""
        with self._changed:
            self._busy.discard(task.market)
            self._unsettled[task.signer].remove(task.nonce)
            self._changed.notify_all()

    def stop(self) -> None:
        """Give out nothing any more."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    def _start(self, task: Task) -> None:
        self._waiting.remove(task)
        self._busy.add(task.market)
        insort(self._used.setdefault(task.signer, []), task.nonce)

    def _startable(self) -> Task | None:
        passed = set(self._busy)
        for task in self._waiting:
            if task.market not in passed and self._is_above_floor(task):
                return task
            # What comes later for its market waits for it.
            passed.add(task.market)
        return None

    def _is_above_floor(self, task: Task) -> bool:
        """Whether it leaves room for the lowest nonce that is still to be used."""
        lowest = self._unsettled[task.signer][0]
        if task.nonce <= lowest:
            return True
        used = self._used.get(task.signer, [])
        higher = len(used) - bisect_right(used, lowest)
        return higher + 1 < NONCE_SET_SIZE


def run_all(
    schedule: Schedule,
    workers: Sequence[Callable[[Task], None]],
    is_stopped: Callable[[], bool],
) -> None:
    """Work through a schedule, one thread a worker, until it is empty or stopped.

    Args:
        schedule: what is to be done.
        workers: each does one task at a time; what goes wrong is theirs to note.
        is_stopped: asked again and again; once true, nothing more starts.
    """
    threads = [
        threading.Thread(target=_work, args=(schedule, worker), daemon=True) for worker in workers
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if is_stopped():
            schedule.stop()
        for thread in threads:
            thread.join(_POLL_S / len(threads))


def _work(schedule: Schedule, worker: Callable[[Task], None]) -> None:
    while (task := schedule.take()) is not None:
        try:
            worker(task)
        finally:
            schedule.finish(task)
