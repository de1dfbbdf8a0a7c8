"""The exchange's request weight budget: 1200 a minute and address, counted before each request."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

LIMIT = 1200
WINDOW_S = 60.0
_MS = 1000


class Shared(Protocol):
    """What all processes of the machine have spent."""

    def take(self, weight: int, now: int) -> int:
        """Spend it at the time ``now`` (ms) and return 0, or return how many ms to wait."""

    def refuse(self, wait_ms: int, now: int) -> None:
        """Let nobody pass for so long."""


class WeightBudget:
    """Waits before a request that would exceed the limit, instead of being refused for it.

    Safe to use from several threads: who comes first waits first.

    Args:
        monotonic: a clock in seconds that never goes back.
        sleep: waits that many seconds.
        limit: weight allowed within any 60 seconds.
        shared: what other processes spend, too; None for this one alone.
        clock: this machine's time for it, ms since the epoch.
    """

    def __init__(
        self,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        limit: int = LIMIT,
        *,
        shared: Shared | None = None,
        clock: Callable[[], int] = lambda: 0,
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._limit = limit
        self._shared = shared
        self._clock = clock
        self._waiting: Callable[[float], None] = lambda _: None
        self._turn = threading.Lock()
        self._not_before = 0.0
        self._spent: deque[tuple[float, int]] = deque()
        self._total = 0

    def tell(self, waiting: Callable[[float], None]) -> None:
        """Call this with the seconds before each wait from now on."""
        self._waiting = waiting

    def spend(self, weight: int) -> None:
        """Account for a request of ``weight``, after waiting for room where there is none.

        Raises:
            EnvironmentFault: what others spend could not be read.
        """
        with self._turn:
            began = self._clock()
            slept = self._wait_out_refusal()
            now = self._forget()
            while self._spent and self._total + weight > self._limit:
                slept += self._wait(max(0.0, self._spent[0][0] + WINDOW_S - now))
                now = self._forget()
            if self._shared is not None:
                self._take(self._shared, weight, began, slept)
                now = self._forget()
            self._spent.append((now, weight))
            self._total += weight

    def refused(self, seconds: float) -> None:
        """Take note that the exchange refused a request for its weight.

        Args:
            seconds: how long to send nothing.
        """
        self._not_before = self._monotonic() + seconds
        if self._shared is not None:
            self._shared.refuse(math.ceil(seconds * _MS), self._clock())

    def _take(self, shared: Shared, weight: int, began: int, slept: float) -> None:
        # A clock that is set back meanwhile must not make it wait again for what it has waited.
        while wait := shared.take(weight, max(self._clock(), began + round(slept * _MS))):
            slept += self._wait(wait / _MS)

    def _wait_out_refusal(self) -> float:
        until = self._not_before
        left = until - self._monotonic()
        if left <= 0:
            return 0.0
        # To the next millisecond: the time was said in those.
        slept = self._wait(math.ceil(left * _MS) / _MS)
        if self._not_before == until:
            self._not_before = 0.0
        return slept

    def _wait(self, seconds: float) -> float:
        self._waiting(seconds)
        self._sleep(seconds)
        return seconds

    def _forget(self) -> float:
        now = self._monotonic()
        while self._spent and self._spent[0][0] + WINDOW_S <= now:
            self._total -= self._spent.popleft()[1]
        return now
