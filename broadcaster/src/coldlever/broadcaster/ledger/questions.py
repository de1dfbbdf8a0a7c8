"""What is asked of a ledger, one question at a time; nothing here writes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

import sqlalchemy as sa

from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger.beside import find_in
from coldlever.broadcaster.ledger.faults import database_errors
from coldlever.broadcaster.ledger.queries import (
    ROWS,
    UNFINISHED,
    by_sending,
    landed_after,
    latest,
    sent_after,
    to_row,
    undecided_beside,
    with_nonces,
)
from coldlever.broadcaster.ledger.row import NonceKey, Row
from coldlever.broadcaster.ledger.tables import POSTS
from coldlever.shared.action import Address
from coldlever.shared.action.time_rules import NONCE_SET_SIZE
from coldlever.shared.action.what import What

# Nonces in one question: far below SQLite's limit of variables.
_AT_ONCE = 500


class Questions:
    """What can be asked of a ledger.

    Args:
        reader: engine to the ledger, whose transactions only read.
        name: the ledger's file or URL, to be named.
    """

    def __init__(self, reader: sa.Engine, name: str) -> None:
        self._reader = reader
        self._name = name

    def find(self, key: NonceKey) -> Row | None:
        """The row of that key, or None."""
        with self._guard(), self._reader.connect() as connection:
            return find_in(connection, key)

    def is_revoked(self, key: NonceKey) -> bool:
        """Whether a revocation of that payload is recorded, sent or not."""
        return key.what is What.PAYLOAD and self.find(key.other) is not None

    def find_all(self, venue: str, nonces: Sequence[int]) -> dict[NonceKey, Row]:
        """The rows on a venue with any of those nonces, in few questions for many."""
        parts = (nonces[at : at + _AT_ONCE] for at in range(0, len(nonces), _AT_ONCE))
        found = (row for part in parts for row in self._read_all(with_nonces(venue, part)))
        return {row.key: row for row in found}

    def highest_nonces(self, venue: str, signer: Address) -> list[int]:
        """The signer's 100 highest nonces that may have reached the venue, highest first."""
        query = (
            sa.select(POSTS.c.nonce)
            .distinct()
            .where(POSTS.c.venue == venue, POSTS.c.signer == signer.lower)
            .order_by(POSTS.c.nonce.desc())
            .limit(NONCE_SET_SIZE)
        )
        with self._guard(), self._reader.connect() as connection:
            return list(connection.execute(query).scalars())

    def rows(self, states: Sequence[NonceState] | None = None, limit: int = 10_000) -> list[Row]:
        """Rows, the latest change first, by the ledger's own order.

        Args:
            states: only these, or None for all.
            limit: how many at the most.
        """
        # One state at a time, so that each is read in order from an index.
        wanted: Sequence[NonceState | None] = [None] if states is None else states
        queries = [latest(state, limit) for state in wanted]
        records = [record for query in queries for record in self._records(query)]
        records.sort(key=lambda record: record["change_number"], reverse=True)
        return [to_row(record) for record in records[:limit]]

    def unfinished(self) -> list[Row]:
        """Rows that may still land, and settled ones whose account was not read; oldest first."""
        return [to_row(record) for record in sorted(self._records(UNFINISHED), key=by_sending)]

    def with_nonce(self, nonce: int) -> list[Row]:
        """Rows of that nonce, payloads first, of any signer on any venue."""
        rows = self._read_all(ROWS.where(POSTS.c.nonce == nonce))
        return sorted(rows, key=lambda row: row.key.what.value)

    def sent_after(self, row: Row) -> Row | None:
        """A payload for the same account and market whose sending began after ``row``'s.

        One that may have landed comes before one that is proven not to have.
        """
        later = (self._read_all(query(row)) for query in (landed_after, sent_after))
        return next((row for rows in later for row in rows), None)

    def may_have_moved(self, row: Row) -> bool:
        """Whether another payload of ours can have changed the market since ``row`` was sent."""
        return any(self._records(query(row)) for query in (undecided_beside, sent_after))

    def _read_all(self, query: sa.Select[tuple[object, ...]]) -> list[Row]:
        return [to_row(record) for record in self._records(query)]

    def _records(self, query: sa.Select[tuple[object, ...]]) -> list[sa.RowMapping]:
        with self._guard(), self._reader.connect() as connection:
            return list(connection.execute(query).mappings())

    def _guard(self) -> AbstractContextManager[None]:
        return database_errors(self._name)
