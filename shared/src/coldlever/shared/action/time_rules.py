"""Time rules: which nonces the exchange takes, and when a signed action stops being valid.

Source: the exchange's documentation of nonces and API wallets. All times are ms since the epoch.
Each function returns the refusal instead of raising it, because a check list shows them all.
"""

from __future__ import annotations

from collections.abc import Sequence

from coldlever.shared.errors import RuleRefused
from coldlever.shared.reading import moment
from coldlever.shared.reading.times import span

# The exchange keeps this many nonces per signer and wants a new one above the lowest of them.
NONCE_SET_SIZE = 100
NONCE_PAST_MS = 2 * 86_400_000
NONCE_FUTURE_MS = 86_400_000
# Posting takes a moment, and an action cancelled for its expiry costs five times the rate limit.
POST_MARGIN_MS = 5_000
# From the signature to the post somebody has to carry a file or hold up a QR code.
SIGN_MARGIN_MS = 30_000

_DRAFT_AGAIN = "draft the request again: the nonce comes from the clock"


def nonce_window_problem(nonce: int, now: int) -> RuleRefused | None:
    """The nonce must lie within (now - 2 days, now + 1 day)."""
    if now - NONCE_PAST_MS < nonce < now + NONCE_FUTURE_MS:
        return None
    side = "in the past" if nonce <= now else "in the future"
    limit = "2 days" if nonce <= now else "1 day"
    return RuleRefused(
        "nonce-window",
        f"the nonce {nonce} ({moment(nonce)}) lies {span(abs(now - nonce))} {side}; the exchange "
        f"takes at most {limit}",
        _DRAFT_AGAIN + ", and check this machine's clock",
    )


def nonce_floor_problem(nonce: int, highest: Sequence[int]) -> RuleRefused | None:
    """The nonce must lie above the lowest of the signer's 100 highest known nonces.

    Args:
        nonce: the new nonce.
        highest: the signer's highest known nonces, at most 100, in any order.
    """
    if len(highest) < NONCE_SET_SIZE or nonce > min(highest):
        return None
    return RuleRefused(
        "nonce-too-low",
        f"the nonce {nonce} is not above {min(highest)}, the lowest of the signer's "
        f"{NONCE_SET_SIZE} highest known nonces; the exchange would refuse it",
        _DRAFT_AGAIN,
    )


def expiry_problem(expires_after: int | None, now: int, margin: int) -> RuleRefused | None:
    """An expiry, where there is one, must be later than now plus a margin.

    Args:
        expires_after: the action's expiry, or None for none.
        now: the time to judge by.
        margin: how much must remain, ms.
    """
    if expires_after is None or expires_after > now + margin:
        return None
    if expires_after <= now:
        sentence = f"it expired at {moment(expires_after)}, {span(now - expires_after)} ago"
    else:
        sentence = (
            f"it expires at {moment(expires_after)}, in {span(expires_after - now)}; at least "
            f"{span(margin)} must remain"
        )
    return RuleRefused("expired", sentence, "draft and sign the request again")
