"""The exchange's clock without asking it each time: one reading, carried on by a clock of ours."""

from __future__ import annotations

import threading
from collections.abc import Callable

from coldlever.broadcaster.venue.exchange import Exchange

# How long a reading is carried on.
MAX_AGE_MS = 30_000
# Where this machine's two clocks part further than this, it slept, or somebody set one.
_MAX_DRIFT_MS = 2_000


class ExchangeClock:
    """The exchange's time, read again when the last reading has become old.

    It may run ahead by the time that an answer takes, never behind: what has expired by the
    exchange's clock has expired by this one. Safe to use from several threads.

    Args:
        exchange: whose.
        monotonic: a clock in seconds that never goes back.
        clock: this machine's time, ms since the epoch, to notice that it slept.
    """

    def __init__(
        self, exchange: Exchange, monotonic: Callable[[], float], clock: Callable[[], int]
    ) -> None:
        self._exchange = exchange
        self._monotonic = monotonic
        self._clock = clock
        self._lock = threading.Lock()
        self._read: tuple[int, float, int] | None = None

    def now(self) -> int:
        """The time, ms since the epoch.

        Raises:
            EnvironmentFault: it has to be read, and could not be.
        """
        with self._lock:
            if self._read is not None:
                time, then, wall = self._read
                elapsed = round((self._monotonic() - then) * 1000)
                drift = abs(self._clock() - wall - elapsed)
                if elapsed <= MAX_AGE_MS and drift <= _MAX_DRIFT_MS:
                    return time + elapsed
            # From before it is asked: the answer's own way counts as having passed.
            then, wall = self._monotonic(), self._clock()
            time = self._exchange.now()
            self._read = (time, then, wall)
            return time
