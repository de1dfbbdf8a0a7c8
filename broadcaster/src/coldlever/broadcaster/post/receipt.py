"""What happened to a payload, as a document that can be kept and shown."""

from __future__ import annotations

import json

from coldlever.broadcaster.ledger import Entry, unreadable
from coldlever.broadcaster.post.effect import Snapshot, load_snapshot
from coldlever.shared.action import Network
from coldlever.shared.action.hashing import agent_digest
from coldlever.shared.message.check_words import Subject, words_wire

KIND = "coldlever/receipt"
VERSION = 1


def make_receipt(entry: Entry, after: Snapshot | None) -> dict[str, object]:
    """The receipt of a ledger row.

    Args:
        entry: the row as it stands now.
        after: the standing read back, or None when it could not be read.

    Raises:
        EnvironmentFault: ``ledger-unusable``, the row is not what was written.
    """
    try:
        return _compose(entry, after)
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError):
        raise unreadable() from None


def _compose(entry: Entry, after: Snapshot | None) -> dict[str, object]:
    envelope = json.loads(entry.envelope)
    digest = agent_digest(Network(envelope["network"]), entry.action_hash)
    before = None if entry.before is None else load_snapshot(entry.before)
    return {
        "kind": KIND,
        "version": VERSION,
        "status": entry.state.value,
        "code": entry.code,
        "sentence": entry.sentence,
        "network": envelope["network"],
        "url": entry.url,
        "signer": entry.key.signer.checksummed,
        "account": entry.account.checksummed,
        "coin": entry.coin,
        "actionHash": "0x" + entry.action_hash.hex(),
        **words_wire(Subject(digest, entry.key.signer)),
        "payload": envelope["payload"],
        "attempts": entry.attempts,
        "reservedAt": entry.reserved_at,
        "changedAt": entry.changed_at,
        "before": None if before is None else before.to_wire(),
        "after": None if after is None else after.to_wire(),
        "exchange": None if entry.answer is None else json.loads(entry.answer),
    }
