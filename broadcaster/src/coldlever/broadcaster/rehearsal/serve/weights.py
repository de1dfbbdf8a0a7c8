"""Weights: what each request costs, and how much one client may spend per minute.

Source: the exchange's documentation of rate limits.
"""

from __future__ import annotations

import threading
from collections import deque

LIMIT_PER_MINUTE = 1200
EXCHANGE_WEIGHT = 1
INFO_WEIGHT = 20
_INFO_WEIGHTS = {
    "allMids": 2,
    "clearinghouseState": 2,
    "exchangeStatus": 2,
    "l2Book": 2,
    "spotClearinghouseState": 2,
    "userRole": 60,
}
_MINUTE_MS = 60_000


def info_weight(kind: str | None) -> int:
    """The weight of an ``/info`` request of this type; None for a malformed one."""
    return INFO_WEIGHT if kind is None else _INFO_WEIGHTS.get(kind, INFO_WEIGHT)


class WeightBudget:
    """Weight spent within the last minute; safe to use from several threads.

    Everybody on the loopback address is one client, as behind one public IP.

    Args:
        limit: weight per minute, or None for no limit.
    """

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self._lock = threading.Lock()
        self._spent: deque[tuple[int, int]] = deque()
        self._total = 0

    def spend(self, weight: int, now: int) -> int:
        """Spend ``weight``, or say how long to wait.

        Args:
            weight: of the request.
            now: ms since the epoch.

        Returns:
            0 when the request may pass, otherwise whole seconds until it may (and nothing is
            spent).
        """
        if self.limit is None:
            return 0
        with self._lock:
            while self._spent and self._spent[0][0] <= now - _MINUTE_MS:
                self._total -= self._spent.popleft()[1]
            if self._total + weight <= self.limit:
                self._spent.append((now, weight))
                self._total += weight
                return 0
            return self._wait(weight, now, self.limit)

    def _wait(self, weight: int, now: int, limit: int) -> int:
        total = self._total
        for time, spent in self._spent:
            total -= spent
            if total + weight <= limit:
                return max(1, -(-(time + _MINUTE_MS - now) // 1000))
        return _MINUTE_MS // 1000
