"""The exchange's request weight budget: 1200 a minute and address, counted before each request."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

LIMIT = 1200
WINDOW_S = 60.0


class WeightBudget:
    """Waits before a request that would exceed the limit, instead of being refused for it.

    Args:
        monotonic: a clock in seconds that never goes back.
        sleep: waits that many seconds.
        limit: weight allowed within any 60 seconds.
    """

    def __init__(
        self,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        limit: int = LIMIT,
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._limit = limit
        self._spent: deque[tuple[float, int]] = deque()
        self._total = 0

    def spend(self, weight: int) -> None:
        """Account for a request of ``weight``, after waiting for room where there is none."""
        now = self._forget()
        while self._spent and self._total + weight > self._limit:
            self._sleep(max(0.0, self._spent[0][0] + WINDOW_S - now))
            now = self._forget()
        self._spent.append((now, weight))
        self._total += weight

    def _forget(self) -> float:
        now = self._monotonic()
        while self._spent and self._spent[0][0] + WINDOW_S <= now:
            self._total -= self._spent.popleft()[1]
        return now
