"""A payload and its revocation: what happens to one row is known to the other, in one transaction.

They share a nonce, and the exchange takes it once.
"""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from coldlever.broadcaster.fate import Event, after
from coldlever.broadcaster.ledger.change import write_change, write_row
from coldlever.broadcaster.ledger.faults import nonce_revoked, nothing_to_revoke
from coldlever.broadcaster.ledger.queries import FIND, key_values, to_row
from coldlever.broadcaster.ledger.row import NonceKey, Row
from coldlever.shared.action.what import What

# What an answer to one of the two tells about the other.
_BESIDE = {
    # It has taken the nonce, whatever became of it then.
    Event.ACCEPTED: Event.OTHER_ACCEPTED,
    Event.REFUSED_AFTER: Event.OTHER_ACCEPTED,
    # Never used, and below the floor, which only rises.
    Event.TOO_LOW: Event.TOO_LOW,
}
_SENTENCES = {
    Event.OTHER_ACCEPTED: "the exchange took the nonce for its {beside}",
    Event.REVOCATION_DUPLICATE: "the exchange called the nonce of its revocation a duplicate",
    Event.TOO_LOW: "the exchange called the nonce of its {beside} too low: it was never used",
}
REVOKED = "nonce-revoked"


def find_in(connection: sa.Connection, key: NonceKey) -> Row | None:
    """The row of that key, as the transaction sees it."""
    record = connection.execute(FIND, key_values(key)).mappings().one_or_none()
    return None if record is None else to_row(record)


def require_unrevoked(connection: sa.Connection, key: NonceKey) -> None:
    """Refuse to touch a payload whose revocation is recorded.

    Raises:
        RuleRefused: ``nonce-revoked``.
    """
    if key.what is What.PAYLOAD and find_in(connection, key.other) is not None:
        raise nonce_revoked(key)


def insert(connection: sa.Connection, row: Row) -> None:
    """Add a row, unless the one beside it forbids that.

    A revocation may come too late: its payload may have been settled while it was prepared.

    Raises:
        RuleRefused: ``nonce-revoked`` or ``nothing-to-revoke``.
    """
    require_unrevoked(connection, row.key)
    is_noop = row.key.what is What.REVOCATION
    original = find_in(connection, row.key.other) if is_noop else None
    problem = None if original is None else nothing_to_revoke(original)
    if problem is not None:
        raise problem
    write_row(connection, row)


def tell_other(
    connection: sa.Connection, key: NonceKey, event: Event, now: int
) -> tuple[tuple[Row, Row], ...]:
    """Write what an answer to ``key``'s row tells about the one beside it, if there is one.

    Args:
        connection: in the transaction that records the answer.
        key: of the row that was answered.
        event: what the answer told about it.
        now: ms since the epoch.

    Returns:
        That row as it was and as it is then, if it has changed; otherwise nothing.
    """
    told = _BESIDE.get(event)
    if event is Event.DUPLICATE and key.what is What.REVOCATION:
        told = Event.REVOCATION_DUPLICATE
    if told is None:
        return ()
    other = find_in(connection, key.other)
    if other is None:
        return ()
    state = after(other.state, told)
    if state is other.state:
        return ()
    sentence = _SENTENCES[told].format(beside=key.what.value)
    then = replace(other, state=state, code=REVOKED, sentence=sentence, changed_at=now)
    write_change(connection, other, then)
    return ((other, then),)
