"""The nonce of a new draft: above everything known of its signer."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from coldlever.broadcaster.ledger.tables import DRAFTS, POSTS
from coldlever.shared.action import Address


def take_draft_nonce(connection: sa.Connection, venue: str, signer: Address, now: int) -> int:
    """Give out a nonce, and remember it; two that ask at once get two.

    Args:
        connection: in a transaction.
        venue: `coldlever.broadcaster.venue.client.Venue.key`.
        signer: who will sign.
        now: the exchange's clock, ms since the epoch.
    """
    posted = sa.select(sa.func.max(POSTS.c.nonce)).where(
        POSTS.c.venue == venue, POSTS.c.signer == signer.lower
    )
    highest = connection.execute(posted).scalar()
    first = now if highest is None else max(now, highest + 1)
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    # One statement, so that the row is locked from the look at it to its change.
    draft = insert(DRAFTS).values(venue=venue, signer=signer.lower, nonce=first)
    wanted, drafted = draft.excluded.nonce, DRAFTS.c.nonce
    draft = draft.on_conflict_do_update(
        index_elements=[DRAFTS.c.venue, DRAFTS.c.signer],
        set_={"nonce": sa.case((wanted > drafted, wanted), else_=drafted + 1)},
    )
    return int(connection.execute(draft.returning(drafted)).scalar_one())
