"""Nonces: which ones a signer may still use.

Documented: a new nonce must be larger than the 100th highest used one, never used before, and lie
within (T - 2 days, T + 1 day). Observed (testnet, 2026-09): the window ends about 120 s further in
at both ends; every used nonce inside the window is remembered, so that one below the floor is
answered as a duplicate when it was used and as too low when not; the sentences. Guesses: that
the ends themselves lie outside, and that a set of fewer than 100 has no floor.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import Final

from coldlever.broadcaster.rehearsal.state.sentences import Refused

DAY_MS: Final = 86_400_000
WINDOW_MARGIN_MS: Final = 120_000
WINDOW_PAST_MS: Final = 2 * DAY_MS - WINDOW_MARGIN_MS
WINDOW_FUTURE_MS: Final = DAY_MS - WINDOW_MARGIN_MS
FLOOR_RANK: Final = 100


def require_in_window(nonce: int, now: int) -> None:
    """Refuse a nonce outside the window around ``now``.

    Args:
        nonce: ms since the epoch.
        now: the exchange's time, ms since the epoch.

    Raises:
        Refused: in the exchange's words.
    """
    lowest, highest = now - WINDOW_PAST_MS, now + WINDOW_FUTURE_MS
    if nonce <= lowest:
        raise Refused(_too_low(nonce, lowest))
    if nonce >= highest:
        raise Refused(f"Invalid nonce: nonce too high {nonce} > {highest}")


class NonceSet:
    """The nonces that one signer has used, as far back as the window goes."""

    __slots__ = ("_ascending",)

    def __init__(self) -> None:
        self._ascending: list[int] = []

    def claim(self, nonce: int, now: int) -> None:
        """Use up ``nonce``, which lies within the window.

        Args:
            nonce: ms since the epoch.
            now: the exchange's time, ms since the epoch.

        Raises:
            Refused: it was used before, or lies below the 100th highest used one.
        """
        self._forget_below(now - WINDOW_PAST_MS)
        if self._holds(nonce):
            raise Refused(f"Invalid nonce: duplicate nonce {nonce}")
        if len(self._ascending) >= FLOOR_RANK:
            floor = self._ascending[-FLOOR_RANK]
            if nonce < floor:
                raise Refused(_too_low(nonce, floor))
        insort(self._ascending, nonce)

    def _forget_below(self, lowest: int) -> None:
        del self._ascending[: bisect_right(self._ascending, lowest)]

    def _holds(self, nonce: int) -> bool:
        place = bisect_left(self._ascending, nonce)
        return place < len(self._ascending) and self._ascending[place] == nonce


def _too_low(nonce: int, lowest: int) -> str:
    return f"Invalid nonce: nonce too low {nonce} < {lowest}"
