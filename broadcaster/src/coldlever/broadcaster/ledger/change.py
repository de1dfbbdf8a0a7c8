"""Changing a row: compare and set, so that nothing is written over what somebody else wrote."""

from __future__ import annotations

import sqlalchemy as sa

from coldlever.broadcaster.ledger.faults import row_changed, row_gone
from coldlever.broadcaster.ledger.queries import of_key
from coldlever.broadcaster.ledger.row import Row
from coldlever.broadcaster.ledger.tables import POSTS


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
        )
    )
    if done.rowcount == 1:
        return
    found = connection.execute(sa.select(posts.nonce).where(*of_key(POSTS, seen.key))).first()
    raise row_gone() if found is None else row_changed(seen.key)
