"""Whether bytes that were sent without an answer may be sent again without asking anybody."""

from __future__ import annotations

from coldlever.broadcaster.ledger import Ledger, Row
from coldlever.broadcaster.post.account import Account, load_before
from coldlever.broadcaster.post.effect import has_moved
from coldlever.broadcaster.post.result import Held
from coldlever.shared.action.what import What
from coldlever.shared.message import SignedPayload

# What no sender of the same bytes may repeat by itself: the exchange's own words, unknown here.
UNKNOWN_WORDS = "exchange-refused"


def hold_of(
    row: Row, payload: SignedPayload, now: int, ledger: Ledger, account: Account
) -> Held | None:
    """Why the same bytes are not sent again, or None.

    Args:
        row: what can still land.
        payload: the row's.
        now: the exchange's clock, ms since the epoch.
        ledger: what else was sent from here.
        account: reads the market that it would change.
    """
    if row.state.needs_clearance:
        return Held.NOT_ADMITTED
    if row.code == UNKNOWN_WORDS:
        return Held.UNKNOWN_WORDS
    # A noop changes no market, and has no expiry.
    is_noop = row.key.what is What.REVOCATION
    return None if is_noop else _hold_of_payload(row, payload, now, ledger, account)


def _hold_of_payload(
    row: Row, payload: SignedPayload, now: int, ledger: Ledger, account: Account
) -> Held | None:
    if ledger.is_revoked(row.key):
        return Held.REVOKED
    expires_after = payload.signable.expires_after
    if expires_after is not None and now > expires_after:
        return Held.EXPIRED
    if ledger.sent_after(row) is not None:
        return Held.MARKET_CHANGED
    action = payload.signable.change
    seen = account.now(row, action)
    is_moved = seen is None or has_moved(load_before(row), seen, action)
    return Held.MARKET_CHANGED if is_moved else None
