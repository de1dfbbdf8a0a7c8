"""Nonces: which ones a signer may still use.

Source: the exchange's documentation of nonces and API wallets. The sentences for a nonce outside
the window are as clients reported them; the documentation does not give them.
"""

from __future__ import annotations

from bisect import bisect_left, insort

from coldlever.broadcaster.rehearsal.state.sentences import Refused
from coldlever.shared.action.time_rules import NONCE_FUTURE_MS, NONCE_PAST_MS, NONCE_SET_SIZE


def require_in_window(nonce: int, now: int) -> None:
    """Refuse a nonce outside (now - 2 days, now + 1 day).

    Args:
        nonce: ms since the epoch.
        now: the exchange's time, ms since the epoch.

    Raises:
        Refused: in the exchange's words.
    """
    lowest, highest = now - NONCE_PAST_MS, now + NONCE_FUTURE_MS
    if nonce <= lowest:
        raise Refused(f"Invalid nonce: nonce too low {nonce} < {lowest}")
    if nonce >= highest:
        raise Refused(f"Invalid nonce: nonce too high {nonce} > {highest}")


class NonceSet:
    """The highest nonces of one signer, at most 100."""

    __slots__ = ("_ascending",)

    def __init__(self) -> None:
        self._ascending: list[int] = []

    def claim(self, nonce: int) -> None:
        """Use up ``nonce``.

        Raises:
            Refused: it was used before, or lies below the lowest of a full set. A set that is not
                full yet forbids nothing but its own members: the documentation asks for a nonce
                above the lowest kept one, which can only be meant of a set that had to forget.
        """
        if self._holds(nonce):
            raise Refused(f"Invalid nonce: duplicate nonce {nonce}")
        if len(self._ascending) >= NONCE_SET_SIZE:
            if nonce < self._ascending[0]:
                raise Refused(f"Invalid nonce: nonce too low {nonce} < {self._ascending[0]}")
            del self._ascending[0]
        insort(self._ascending, nonce)

    def _holds(self, nonce: int) -> bool:
        place = bisect_left(self._ascending, nonce)
        return place < len(self._ascending) and self._ascending[place] == nonce
