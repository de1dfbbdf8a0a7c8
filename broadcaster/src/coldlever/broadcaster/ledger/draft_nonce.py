"""The nonce of a new draft: above everything known of its signer."""

from __future__ import annotations

import sqlalchemy as sa

from coldlever.broadcaster.ledger.tables import DRAFTS, POSTS
from coldlever.shared.action import Address


def take_draft_nonce(connection: sa.Connection, venue: str, signer: Address, now: int) -> int:
    """Give out a nonce, and remember it.

    Args:
        connection: in a transaction that holds the write lock.
        venue: `coldlever.broadcaster.venue.client.Venue.key`.
        signer: who will sign.
        now: the exchange's clock, ms since the epoch.
    """
    posted = sa.select(sa.func.max(POSTS.c.nonce)).where(*_of(POSTS, venue, signer))
    drafted = sa.select(DRAFTS.c.nonce).where(*_of(DRAFTS, venue, signer))
    known = [connection.execute(query).scalar() for query in (posted, drafted)]
    nonce: int = max([now, *(value + 1 for value in known if value is not None)])
    connection.execute(sa.delete(DRAFTS).where(*_of(DRAFTS, venue, signer)))
    connection.execute(sa.insert(DRAFTS).values(venue=venue, signer=signer.lower, nonce=nonce))
    return nonce


def _of(table: sa.Table, venue: str, signer: Address) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.venue == venue, table.c.signer == signer.lower
