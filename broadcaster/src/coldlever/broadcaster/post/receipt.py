"""What happened to a payload, as a document that can be kept and shown."""

from __future__ import annotations

import json

from coldlever.broadcaster.ledger import Row, unreadable
from coldlever.broadcaster.post.effect import Snapshot, load_snapshot
from coldlever.shared.action import Network
from coldlever.shared.action.hashing import agent_digest
from coldlever.shared.message.check_words import Subject, words_wire
from coldlever.shared.reading.hexadecimal import to_0x

KIND = "coldlever/receipt"
VERSION = 1


def make_receipt(row: Row, after: Snapshot | None) -> dict[str, object]:
    """The receipt of a ledger row.

    Args:
        row: the row as it stands now.
        after: the standing read back, or None when it could not be read.

    Raises:
        EnvironmentFault: ``ledger-unusable``, the row is not what was written.
    """
    try:
        return _compose(row, after)
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError):
        raise unreadable() from None


def _compose(row: Row, after: Snapshot | None) -> dict[str, object]:
    envelope = json.loads(row.envelope)
    digest = agent_digest(Network(envelope["network"]), row.action_hash)
    before = None if row.before is None else load_snapshot(row.before)
    return {
        "kind": KIND,
        "version": VERSION,
        "status": row.state.value,
        "code": row.code,
        "sentence": row.sentence,
        "network": envelope["network"],
        "url": row.url,
        "signer": row.key.signer.checksummed,
        "account": row.account.checksummed,
        "coin": row.coin,
        "actionHash": to_0x(row.action_hash),
        **words_wire(Subject(digest, row.key.signer)),
        "payload": envelope["payload"],
        "attempts": row.attempts,
        "reservedAt": row.reserved_at,
        "changedAt": row.changed_at,
        "before": None if before is None else before.to_wire(),
        "after": None if after is None else after.to_wire(),
        "exchange": None if row.answer is None else json.loads(row.answer),
    }
