"""Which unfinished rows to look at next, shared out among all who look.

Whoever takes rows up writes the time beside them, so that another worker takes others; rows that
another one is taking up in this moment are passed over instead of waited for.
"""

from __future__ import annotations

import sqlalchemy as sa

from coldlever.broadcaster.ledger.lease import DATABASE_NOW
from coldlever.broadcaster.ledger.queries import IS_UNFINISHED
from coldlever.broadcaster.ledger.tables import POSTS

_KEY = tuple(POSTS.primary_key)


def claim(connection: sa.Connection, every_ms: int, limit: int, now: int) -> list[sa.RowMapping]:
    """Take up rows that nobody has looked at for a while.

    Args:
        connection: in a transaction.
        every_ms: how long a row is left alone, ms.
        limit: how many rows at the most.
        now: this machine's clock, ms since the epoch; a server's own is used where there is one.

    Returns:
        Their keys; those that were left alone for longest come first.
    """
    is_file = connection.dialect.name == "sqlite"
    time = now if is_file else int(connection.execute(sa.select(DATABASE_NOW)).scalar_one())
    looked_at = POSTS.c.looked_at
    query = (
        sa.select(*_KEY)
        # A time that lies ahead is of a clock that was set back since.
        .where(IS_UNFINISHED, sa.or_(looked_at <= time - every_ms, looked_at > time))
        .order_by(looked_at, POSTS.c.nonce)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    keys = list(connection.execute(query).mappings())
    for key in keys:
        own = (column == key[column.name] for column in _KEY)
        connection.execute(sa.update(POSTS).where(*own).values(looked_at=time))
    return keys


def unfinished_states(connection: sa.Connection) -> dict[str, int]:
    """How many rows are unfinished, by state."""
    query = sa.select(POSTS.c.state, sa.func.count()).where(IS_UNFINISHED).group_by(POSTS.c.state)
    return {record[0]: record[1] for record in connection.execute(query)}
