"""What happened to a payload, as a document that can be kept and shown."""

from __future__ import annotations

import json

from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger import Row, unreadable
from coldlever.broadcaster.post.effect import Snapshot, load_snapshot
from coldlever.broadcaster.post.end import end_of
from coldlever.broadcaster.post.revocation import offer_of
from coldlever.broadcaster.venue import read_answer
from coldlever.shared.action import Network
from coldlever.shared.action.hashing import agent_digest
from coldlever.shared.errors import ColdleverError
from coldlever.shared.message import load_signed
from coldlever.shared.message.check_words import Subject, words_wire
from coldlever.shared.reading.hexadecimal import to_0x

KIND = "coldlever/receipt"
VERSION = 2
_BY_ORDER = (
    "an earlier attempt had no answer; that it was not admitted rests on the order in which the "
    "exchange checks, which was observed on other actions"
)


def make_receipt(row: Row, seen: Snapshot | None) -> dict[str, object]:
    """The receipt of a ledger row.

    Args:
        row: the row as it stands now.
        seen: the account read back, or None when it was not read now.

    Raises:
        EnvironmentFault: ``ledger-unusable``, the row is not what was written.
    """
    try:
        return _compose(row, seen)
    except (ColdleverError, ValueError, KeyError, TypeError, ArithmeticError, RecursionError):
        raise unreadable() from None


def can_land_until(row: Row) -> int | None:
    """Until when it can land, ms since the epoch; None when it cannot.

    Raises:
        ColdleverError: the row is not what was written.
    """
    if not row.state.can_land:
        return None
    (payload,) = load_signed(row.envelope.encode(), "ledger").payloads
    return end_of(payload.signable)


def _compose(row: Row, seen: Snapshot | None) -> dict[str, object]:
    envelope = json.loads(row.envelope)
    digest = agent_digest(Network(envelope["network"]), row.action_hash)
    before = None if row.before is None else load_snapshot(row.before)
    until = can_land_until(row)
    is_inferred = row.state is NonceState.SPENT_REFUSED and row.unanswered > 0
    return {
        "kind": KIND,
        "version": VERSION,
        "status": row.verdict.value,
        "nonceState": row.state.value,
        "reading": row.reading.value,
        "supersededBy": row.superseded_by,
        "what": row.key.what.value,
        "canLandUntil": until,
        "remedy": offer_of(row, until),
        "basis": _BY_ORDER if is_inferred else None,
        "legacyStatus": row.legacy,
        "code": row.code,
        "sentence": row.sentence,
        "network": envelope["network"],
        "url": row.url,
        "signer": row.key.signer.checksummed,
        "account": row.account.checksummed,
        "coin": row.coin or None,
        "actionHash": to_0x(row.action_hash),
        **words_wire(Subject(digest, row.key.signer)),
        "payload": envelope["payload"],
        "attempts": row.attempts,
        "reservedAt": row.reserved_at,
        "changedAt": row.changed_at,
        "before": None if before is None else before.to_wire(),
        "after": None if seen is None else seen.to_wire(),
        "exchange": None if row.answer is None else read_answer(row.answer),
    }
