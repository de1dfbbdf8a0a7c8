"""Insert, or change what stands there already: in the words of the database that is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite


def insert_for(
    engine: sa.Engine | sa.Connection, table: sa.Table
) -> postgresql.Insert | sqlite.Insert:
    """An insert that knows ``on_conflict_do_update``.

    Args:
        engine: who will be asked.
        table: where to.
    """
    # Only what is needed: to load PostgreSQL's takes longer than a question to a ledger in a file.
    if engine.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite  # noqa: PLC0415 - see above

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - see above

    return postgresql.insert(table)
