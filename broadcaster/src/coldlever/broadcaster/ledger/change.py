"""Writing rows and attempts.

A row is changed by compare and set, so that nothing is written over what somebody else wrote.
"""

from __future__ import annotations

import sqlalchemy as sa

from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger.faults import row_changed, row_gone
from coldlever.broadcaster.ledger.queries import NEXT_CHANGE, key_values, of_key
from coldlever.broadcaster.ledger.row import Row
from coldlever.broadcaster.ledger.tables import ATTEMPTS, POSTS


def write_row(connection: sa.Connection, row: Row) -> None:
    """Write a new row."""
    connection.execute(
        sa.insert(POSTS).values(
            **key_values(row.key),
            action_hash=row.action_hash.hex(),
            url=row.url,
            account=row.account.lower,
            coin=row.coin,
            envelope=row.envelope,
            before=row.before,
            state=row.state.value,
            reading=row.reading.value,
            attempts=row.attempts,
            reserved_at=row.reserved_at,
            changed_at=row.changed_at,
            change_number=NEXT_CHANGE,
        )
    )


def write_attempt(connection: sa.Connection, row: Row, before: NonceState) -> int:
    """Write that the last of a row's attempts begins, as the latest sending of this ledger.

    Args:
        connection: in the transaction that changes the row.
        row: as it is then.
        before: where its nonce stood.

    Returns:
        Its place in the ledger's order of sending.
    """
    begun = connection.execute(
        sa.insert(ATTEMPTS).values(
            **key_values(row.key),
            number=row.attempts,
            state_before=before.value,
            began_at=row.changed_at,
        )
    )
    assert begun.inserted_primary_key is not None
    latest = int(begun.inserted_primary_key[0])
    connection.execute(sa.update(POSTS).where(*of_key(POSTS, row.key)).values(last_attempt=latest))
    return latest


def write_change(connection: sa.Connection, seen: Row, then: Row) -> None:
    """Write a row as it is then, if state and attempts are as they were seen.

    Raises:
        EnvironmentFault: ``ledger-changed``, or ``ledger-unusable`` when the row has gone.
    """
    posts = POSTS.c
    done = connection.execute(
        sa.update(POSTS)
        .where(
            *of_key(POSTS, seen.key),
            posts.state == seen.state.value,
            posts.attempts == seen.attempts,
        )
        .values(
            before=then.before,
            state=then.state.value,
            reading=then.reading.value,
            attempts=then.attempts,
            code=then.code,
            sentence=then.sentence,
            changed_at=then.changed_at,
            change_number=NEXT_CHANGE,
        )
    )
    if done.rowcount == 1:
        return
    found = connection.execute(sa.select(posts.nonce).where(*of_key(POSTS, seen.key))).first()
    raise row_gone() if found is None else row_changed(seen.key)
