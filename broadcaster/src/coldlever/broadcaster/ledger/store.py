"""What was drafted and posted: the memory that makes posting a file twice post it once.

A row is written before anything leaves the machine, and each step of it before the next begins.
Whoever changes a row says what it has seen of it: when that has changed, nothing is written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from coldlever.broadcaster.fate import Event, NonceState, Reading
from coldlever.broadcaster.ledger.beside import find_in, insert, require_unrevoked, tell_other
from coldlever.broadcaster.ledger.change import write_attempt, write_change
from coldlever.broadcaster.ledger.claim import claim
from coldlever.broadcaster.ledger.draft_nonce import take_draft_nonce
from coldlever.broadcaster.ledger.faults import database_errors, nonce_used, row_gone
from coldlever.broadcaster.ledger.file import LedgerFile
from coldlever.broadcaster.ledger.lease import hold_signer
from coldlever.broadcaster.ledger.memory import HostMemory
from coldlever.broadcaster.ledger.queries import (
    ROWS,
    UNFINISHED,
    by_sending,
    key_values,
    landed_after,
    latest,
    of_key,
    of_record,
    sent_after,
    to_row,
    undecided_beside,
    with_nonces,
)
from coldlever.broadcaster.ledger.row import NonceKey, Row
from coldlever.broadcaster.ledger.server import LedgerServer
from coldlever.broadcaster.ledger.tables import ATTEMPTS, POSTS, Patience
from coldlever.broadcaster.ledger.turn import Turn, Turns, require_turn
from coldlever.broadcaster.ledger.weight import SharedWeight
from coldlever.shared.action import Address
from coldlever.shared.action.time_rules import NONCE_SET_SIZE
from coldlever.shared.action.what import What

__all__ = ["Ledger", "NonceKey", "Row", "nonce_used", "row_gone"]

BUSY_TIMEOUT_MS = 10_000
# Nonces in one question: far below SQLite's limit of variables.
_AT_ONCE = 500


class Ledger:
    """The broadcaster's ledger.

    Args:
        place: an existing folder, the ledger is ``ledger.sqlite3`` in it; or a server.
        sleep: waits that many seconds, for another process that opens it too.
        monotonic: a clock in seconds that never goes back.
        memory: what this host remembers of servers; None where it does not matter.

    Attributes:
        turns: whose turn it is at a market.
        leases: of a server, who may post where; None for a file.

    Raises:
        EnvironmentFault: ``ledger-behind``, or see `LedgerFile.open` and `LedgerServer.open`.
    """

    def __init__(
        self,
        place: Path | LedgerServer,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        memory: HostMemory | None = None,
    ) -> None:
        patience = Patience(BUSY_TIMEOUT_MS, sleep, monotonic)
        self._place = LedgerFile(place, patience) if isinstance(place, Path) else place
        self._engine = self._place.open()
        self._quick = self._place.quick(self._engine)
        self._reader = self._engine.execution_options(**self._place.reading)
        self.turns = Turns(self._reader, self._place.name)
        self.leases = self._place.leases(self._engine, monotonic)
        self._memory = memory if self.leases is not None else None
        self._compare()

    def _compare(self) -> None:
        if self._memory is None:
            return
        try:
            with self.seeing() as connection:
                self._memory.check(connection, self._place.name)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()
        self._quick.dispose()

    def weight_at(self, place: str, limit: int) -> SharedWeight:
        """What all who share the ledger spend of a venue's budget; arguments as there."""
        return SharedWeight(self._quick, self._place.name, place, limit)

    @contextmanager
    def seeing(self) -> Iterator[sa.Connection]:
        """A transaction that sees one moment of the ledger, through several statements."""
        engine = self._engine.execution_options(**self._place.snapshot)
        with self._guard(), engine.connect() as connection:
            yield connection

    @contextmanager
    def changing(self) -> Iterator[sa.Connection]:
        """A transaction that changes the ledger, or nothing of it."""
        with self._guard(), self._engine.begin() as connection:
            yield connection

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

    def claim(self, every_ms: int, limit: int, now: int) -> list[Row]:
        """Unfinished rows that nobody else looks at now; arguments as in `claim.claim`."""
        with self.changing() as connection:
            keys = claim(connection, every_ms, limit, now)
        return [row for key in keys for row in self._read_all(ROWS.where(*of_record(POSTS, key)))]

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

    def take_draft_nonce(self, venue: str, signer: Address, now: int) -> int:
        """A nonce for a new draft: the exchange's time, above every nonce known for the signer."""
        with self.changing() as connection:
            return take_draft_nonce(connection, venue, signer, now)

    def reserve(self, row: Row) -> None:
        """Write a new row, durably, before anything is sent.

        Raises:
            RuleRefused: ``nonce-used`` when the key exists already, ``nonce-revoked`` or
                ``nothing-to-revoke``.
        """
        try:
            with self.changing() as connection:
                hold_signer(connection, row.key)
                insert(connection, row)
        except sa.exc.IntegrityError:
            raise nonce_used(row.key) from None

    def begin_attempt(
        self, row: Row, now: int, before: str | None = None, turn: Turn | None = None
    ) -> Row:
        """Record, durably, that sending begins: until an answer is recorded, the row is open.

        Args:
            row: as it was seen.
            now: ms since the epoch.
            before: the account as read just now, where nothing was admitted yet.
            turn: whose turn it is; None for what can change nothing any more.

        Raises:
            RuleRefused: ``nonce-revoked``, ``older-open`` or ``newer-sent``; nothing was recorded.
            EnvironmentFault: ``ledger-changed``, ``ledger-unusable`` or ``lease-lost``.
        """
        then = replace(
            row,
            state=NonceState.OPEN,
            reading=Reading.NOT_READ,
            unanswered=row.unanswered + 1,
            attempts=row.attempts + 1,
            before=row.before if before is None else before,
            changed_at=now,
        )
        with self._guard(), self._sending(row) as connection:
            require_unrevoked(connection, row.key)
            if turn is not None:
                require_turn(connection, row, turn)
            write_change(connection, row, then)
            order = write_attempt(connection, then, row.state)
        if self._memory is not None:
            attempt = (order, *key_values(row.key).values(), then.attempts)
            self._memory.note(self._place.name, attempt)
        return then

    def record_answer(
        self,
        row: Row,
        state: NonceState,
        now: int,
        *,
        event: Event,
        code: str,
        sentence: str,
        answer: bytes | None,
    ) -> Row:
        """Record, durably, what an attempt ended with, and what that tells of the row beside it.

        Args:
            row: as `begin_attempt` returned it.
            state: where the nonce stands now.
            now: ms since the epoch.
            event: what the answer told.
            code: of the answer.
            sentence: of the answer, escaped.
            answer: its bytes, or None without one.

        Raises:
            EnvironmentFault: ``ledger-changed`` or ``ledger-unusable``.
        """
        then = replace(
            row,
            state=state,
            code=code,
            sentence=sentence,
            unanswered=row.unanswered - (event is not Event.NO_ANSWER),
            answer=row.answer if answer is None else answer,
            changed_at=now,
        )
        with self.changing() as connection:
            write_change(connection, row, then)
            connection.execute(
                sa.update(ATTEMPTS)
                .where(*of_key(ATTEMPTS, row.key), ATTEMPTS.c.number == row.attempts)
                .values(event=event.value, code=code, answer=answer, answered_at=now)
            )
            tell_other(connection, row.key, event, now)
        return then

    def settle(
        self, row: Row, now: int, *, state: NonceState | None = None, reading: Reading | None = None
    ) -> Row:
        """Record, durably, what the clock or the account told.

        Args:
            row: as it was seen.
            now: ms since the epoch.
            state: where the nonce stands now; None for no change.
            reading: what the account shows; None for no change.

        Raises:
            EnvironmentFault: ``ledger-changed`` or ``ledger-unusable``.
        """
        then = replace(
            row, state=state or row.state, reading=reading or row.reading, changed_at=now
        )
        with self.changing() as connection:
            write_change(connection, row, then)
        return then

    def _read_all(self, query: sa.Select[tuple[object, ...]]) -> list[Row]:
        return [to_row(record) for record in self._records(query)]

    def _records(self, query: sa.Select[tuple[object, ...]]) -> list[sa.RowMapping]:
        with self._guard(), self._reader.connect() as connection:
            return list(connection.execute(query).mappings())

    def _sending(self, row: Row) -> AbstractContextManager[sa.Connection]:
        if self.leases is None:
            return self._engine.begin()
        # What a revocation kills is held for both.
        other = self.find(row.key.other) if row.key.what is What.REVOCATION else None
        return self.leases.sending(row.place if other is None else other.place)

    def _guard(self) -> AbstractContextManager[None]:
        return database_errors(self._place.name)
