"""Until when a payload can land, by the exchange's clock.

Source: the exchange's documentation of nonces, (T - 2 days, T + 1 day) around its time T; measured,
both ends lie about 120 s further in. What must be over is judged by the wider window, what must
still hold by the narrower one.
"""

from __future__ import annotations

from dataclasses import replace

from coldlever.broadcaster.fate import Event
from coldlever.broadcaster.venue import Exchange, Ruling
from coldlever.shared.action import Signable
from coldlever.shared.action.time_rules import NONCE_PAST_MS
from coldlever.shared.errors import EnvironmentFault

# The exchange's clock and the block that takes an action up need not agree to the second.
MARGIN_MS = 60_000
_WINDOW_INSET_MS = 120_000


def end_of(signable: Signable) -> int:
    """When it can land no more, ms: its expiry, or where its nonce falls out of the window."""
    window_end = signable.nonce + NONCE_PAST_MS
    expires_after = signable.expires_after
    return window_end if expires_after is None else min(expires_after, window_end)


def is_past_end(signable: Signable, now: int) -> bool:
    """Whether it can certainly land no more."""
    return now > end_of(signable) + MARGIN_MS


def is_over(signable: Signable, exchange: Exchange) -> bool:
    """As `is_past_end` now; a rehearsal that has ended took all it knew with it.

    Raises:
        EnvironmentFault: the exchange's clock could not be read.
    """
    try:
        return is_past_end(signable, exchange.now())
    except EnvironmentFault:
        if exchange.api.venue.is_rehearsal:
            return True
        raise


def is_in_window(nonce: int, now: int) -> bool:
    """Whether the nonce is certainly not too old for the exchange's window."""
    return nonce > now - NONCE_PAST_MS + _WINDOW_INSET_MS + MARGIN_MS


def can_be_probed(signable: Signable, now: int) -> bool:
    """Whether sending it once more must fail, and the refusal will tell what happened before.

    It has expired, so it cannot land; its nonce is inside the window, so that the exchange still
    knows whether it was used.
    """
    expires_after = signable.expires_after
    has_expired = expires_after is not None and now > expires_after + MARGIN_MS
    return has_expired and is_in_window(signable.nonce, now)


def in_time(ruling: Ruling, nonce: int, exchange: Exchange) -> Ruling:
    """Tell a nonce below the floor from one that is older than the window.

    The first was never used: a used one inside the window is remembered, and called duplicate.

    Args:
        ruling: the answer by itself.
        nonce: of the payload.
        exchange: its venue, for the time after the answer.
    """
    if ruling.event is not Event.TOO_LOW:
        return ruling
    try:
        is_below_floor = is_in_window(nonce, exchange.now())
    except EnvironmentFault:
        is_below_floor = False
    return ruling if is_below_floor else replace(ruling, event=Event.REFUSED_BEFORE)
