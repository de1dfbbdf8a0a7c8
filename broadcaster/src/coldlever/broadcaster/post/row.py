"""A payload as a row of the ledger, and back."""

from __future__ import annotations

import json

from coldlever.broadcaster.check import Cleared
from coldlever.broadcaster.fate import NonceState, Reading
from coldlever.broadcaster.ledger import NonceKey, Row
from coldlever.shared.errors import ColdleverError, EnvironmentFault, RuleRefused
from coldlever.shared.message import SignedPayload, load_signed, verify


def row_of(key: NonceKey, url: str, cleared: Cleared, now: int) -> Row:
    """The first row of a payload: recorded, nothing sent.

    Args:
        key: the ledger's key.
        url: where it goes.
        cleared: what will be sent, with the account and market it changes.
        now: ms since the epoch.
    """
    return Row(
        key,
        cleared.payload.signable.action_hash(),
        url,
        cleared.account,
        "" if cleared.market is None else cleared.market.coin,
        json.dumps(cleared.payload.to_wire()),
        None,
        NonceState.UNSENT,
        Reading.NOT_READ,
        attempts=0,
        code=None,
        sentence=None,
        answer=None,
        unanswered=0,
        legacy=None,
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
    signable = payload.signable
    found = (signer, signable.nonce, signable.what, signable.action_hash())
    if found != (row.key.signer, row.key.nonce, row.key.what, row.action_hash):
        raise _changed(row)
    return payload


def elsewhere(row: Row, cleared: Cleared) -> RuleRefused:
    """The refusal of a payload that would change another account than when it was recorded."""
    return RuleRefused(
        "account-mismatch",
        f"nonce {row.key.nonce} was recorded for {row.account}, and would change "
        f"{cleared.account} now",
        "find out which of the two was meant, and draft the request again",
    )


def _changed(row: Row) -> EnvironmentFault:
    return EnvironmentFault(
        "ledger-unusable",
        f"the row of nonce {row.key.nonce} is not what was written",
        "nothing was sent; look at the account, and find out who can write to the ledger",
    )
