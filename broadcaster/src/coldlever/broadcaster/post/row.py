"""A payload as a row of the ledger, and back; what confirms a row, and when its time is over."""

from __future__ import annotations

import json

from coldlever.broadcaster.check import Cleared
from coldlever.broadcaster.ledger import NonceKey, Row, State
from coldlever.broadcaster.post.attempts import TIME_HAS_SETTLED
from coldlever.broadcaster.post.effect import Effect, Snapshot, dump_snapshot
from coldlever.broadcaster.venue import Exchange
from coldlever.shared.action.time_rules import NONCE_PAST_MS
from coldlever.shared.errors import ColdleverError, EnvironmentFault
from coldlever.shared.message import SignedPayload, load_signed, verify

EFFECT_NOT_SEEN = "effect-not-seen"
# What reading back makes of an accepted payload: state, code and sentence.
PROOF = {
    Effect.VISIBLE: (State.CONFIRMED, "confirmed", "accepted, and the account shows the change"),
    Effect.INDISTINCT: (
        State.CONFIRMED,
        "confirmed",
        "accepted; the account looks as asked, but that alone would not prove it",
    ),
    Effect.ABSENT: (
        State.ACCEPTED,
        EFFECT_NOT_SEEN,
        "accepted, but the account does not show it: look at the account before anything else",
    ),
}
# The exchange's clock and the block that takes an action up need not agree to the second.
_CLOSE_MARGIN_MS = 60_000


def row_of(key: NonceKey, url: str, cleared: Cleared, before: Snapshot | None, now: int) -> Row:
    """The first row of a payload: recorded, nothing sent.

    Args:
        key: the ledger's key.
        url: where it goes.
        cleared: what will be sent, with the account and market it changes.
        before: the standing to compare with afterwards, or None when it could not be read.
        now: ms since the epoch.
    """
    return Row(
        key,
        cleared.payload.signable.action_hash(),
        url,
        cleared.account,
        cleared.market.coin,
        json.dumps(cleared.payload.to_wire()),
        None if before is None else dump_snapshot(before),
        State.RESERVED,
        attempts=0,
        code=None,
        sentence=None,
        answer=None,
        reserved_at=now,
        changed_at=now,
    )


def payload_of(row: Row) -> SignedPayload:
    """The payload of a row, its signature checked once more before anything leaves.

    Raises:
        EnvironmentFault: ``ledger-unusable``, the row is not what was written.
    """
    try:
        (payload,) = load_signed(row.envelope.encode(), "ledger").payloads
        signer = verify(payload, row.key.signer)
    except (ColdleverError, ValueError):
        raise _changed(row) from None
    found = (signer, payload.signable.nonce, payload.signable.action_hash())
    if found != (row.key.signer, row.key.nonce, row.action_hash):
        raise _changed(row)
    return payload


def is_beyond_landing(row: Row, exchange: Exchange) -> bool:
    """Whether no answer can come any more, so that only a person can end the row.

    Args:
        row: an open row.
        exchange: its venue, for the time.

    Raises:
        EnvironmentFault: the exchange's clock could not be read.
    """
    if row.state is State.ACCEPTED:
        return row.code == EFFECT_NOT_SEEN
    if row.state is State.UNKNOWN and row.code in TIME_HAS_SETTLED:
        return True
    try:
        latest = exchange.now() - _CLOSE_MARGIN_MS
    except EnvironmentFault:
        if exchange.api.venue.is_rehearsal:
            # It has ended, and all it knew with it.
            return True
        raise
    expires_after = payload_of(row).signable.expires_after
    has_expired = expires_after is not None and expires_after < latest
    is_too_old = row.key.nonce <= latest - NONCE_PAST_MS
    # What was never sent is withdrawn by `resolve`, which knows that it did not land.
    return row.state is not State.RESERVED and (has_expired or is_too_old)


def _changed(row: Row) -> EnvironmentFault:
    return EnvironmentFault(
        "ledger-unusable",
        f"the row of nonce {row.key.nonce} is not what was written",
        "nothing was sent; look at the account, and find out who can write to the ledger",
    )
