"""What was drafted and posted: the memory that makes posting a file twice post it once.

A row is written before anything leaves the machine, and each step of it before the next begins.
Whoever changes a row says what it has seen of it: when that has changed, nothing is written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from coldlever.broadcaster.fate import Event, NonceState, Reading
from coldlever.broadcaster.ledger.beside import find_in, insert, require_unrevoked, tell_other
from coldlever.broadcaster.ledger.change import write_change
from coldlever.broadcaster.ledger.faults import database_errors, nonce_used, row_gone
from coldlever.broadcaster.ledger.migration import migrate
from coldlever.broadcaster.ledger.queries import (
    ROWS,
    UNFINISHED,
    key_values,
    may_have_moved,
    of_key,
    sent_after,
    to_row,
)
from coldlever.broadcaster.ledger.row import NonceKey, Row
from coldlever.broadcaster.ledger.tables import (
    ATTEMPTS,
    DRAFTS,
    METADATA,
    POSTS,
    Patience,
    make_engine,
)
from coldlever.shared.action import Address
from coldlever.shared.action.time_rules import NONCE_SET_SIZE
from coldlever.shared.action.what import What
from coldlever.shared.errors import EnvironmentFault
from coldlever.shared.printable import printable

__all__ = ["Ledger", "NonceKey", "Row", "nonce_used", "row_gone"]

SCHEMA_VERSION = 2
BUSY_TIMEOUT_MS = 10_000


class Ledger:
    """The broadcaster's ledger.

    Args:
        folder: an existing folder; the ledger is ``ledger.sqlite3`` in it.
        sleep: waits that many seconds, for another process that opens it too.
        monotonic: a clock in seconds that never goes back.

    Raises:
        EnvironmentFault: ``ledger-unusable`` when it cannot be opened or is of another version.
    """

    def __init__(
        self,
        folder: Path,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = folder / "ledger.sqlite3"
        # Private from the start: the log beside it takes over the mode it finds.
        self._path.touch(mode=0o600)
        self._engine = make_engine(self._path, Patience(BUSY_TIMEOUT_MS, sleep, monotonic))
        self._reader = self._engine.execution_options(reading=True)
        try:
            with self._guard(), self._engine.begin() as connection:
                self._bring_up_to_date(connection)
        except BaseException:
            self._engine.dispose()
            raise
        self._path.chmod(0o600)

    def _bring_up_to_date(self, connection: sa.Connection) -> None:
        version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        if version == 1:
            migrate(connection, self._path)
        elif version not in (0, SCHEMA_VERSION):
            raise EnvironmentFault(
                "ledger-unusable",
                f"{printable(str(self._path))}: version {version}, expected {SCHEMA_VERSION}",
                "use the coldlever version that wrote it, or update this one",
            )
        METADATA.create_all(connection)
        if version != SCHEMA_VERSION:
            connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def find(self, key: NonceKey) -> Row | None:
        """The row of that key, or None."""
        with self._guard(), self._reader.connect() as connection:
            return find_in(connection, key)

    def is_revoked(self, key: NonceKey) -> bool:
        """Whether a revocation of that payload is recorded, sent or not."""
        return key.what is What.PAYLOAD and self.find(key.other) is not None

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
        """Rows, the latest change first.

        Args:
            states: only these, or None for all.
            limit: how many at the most.
        """
        query = ROWS.order_by(POSTS.c.changed_at.desc()).limit(limit)
        if states is not None:
            query = query.where(POSTS.c.state.in_([state.value for state in states]))
        return self._read_all(query)

    def unfinished(self) -> list[Row]:
        """Rows that may still land, and settled ones whose account was not read; oldest first."""
        return self._read_all(UNFINISHED)

    def with_nonce(self, nonce: int) -> list[Row]:
        """Rows of that nonce, payloads first, of any signer on any venue."""
        return self._read_all(ROWS.where(POSTS.c.nonce == nonce).order_by(POSTS.c.what))

    def sent_after(self, row: Row) -> Row | None:
        """A payload for the same account and market whose sending began after ``row``'s."""
        return next(iter(self._read_all(sent_after(row))), None)

    def may_have_moved(self, row: Row) -> bool:
        """Whether another payload of ours can have changed the market since ``row`` was sent."""
        return bool(self._read_all(may_have_moved(row)))

    def take_draft_nonce(self, venue: str, signer: Address, now: int) -> int:
        """A nonce for a new draft: the exchange's time, above every nonce known for the signer.

        Args:
            venue: `coldlever.broadcaster.venue.client.Venue.key`.
            signer: who will sign.
            now: the exchange's clock, ms since the epoch.
        """
        posted = sa.select(sa.func.max(POSTS.c.nonce)).where(
            POSTS.c.venue == venue, POSTS.c.signer == signer.lower
        )
        drafted = sa.select(DRAFTS.c.nonce).where(
            DRAFTS.c.venue == venue, DRAFTS.c.signer == signer.lower
        )
        with self._guard(), self._engine.begin() as connection:
            known = [connection.execute(query).scalar() for query in (posted, drafted)]
            nonce: int = max([now, *(value + 1 for value in known if value is not None)])
            connection.execute(
                sa.delete(DRAFTS).where(DRAFTS.c.venue == venue, DRAFTS.c.signer == signer.lower)
            )
            connection.execute(
                sa.insert(DRAFTS).values(venue=venue, signer=signer.lower, nonce=nonce)
            )
        return nonce

    def reserve(self, row: Row) -> None:
        """Write a new row, durably, before anything is sent.

        Raises:
            RuleRefused: ``nonce-used`` when the key exists already, ``nonce-revoked`` or
                ``nothing-to-revoke``.
        """
        try:
            with self._guard(), self._engine.begin() as connection:
                insert(connection, row)
        except sa.exc.IntegrityError:
            raise nonce_used(row.key) from None

    def begin_attempt(self, row: Row, now: int, before: str | None = None) -> Row:
        """Record, durably, that sending begins: until an answer is recorded, the row is open.

        Args:
            row: as it was seen.
            now: ms since the epoch.
            before: the account as read just now, where nothing was admitted yet.

        Raises:
            RuleRefused: ``nonce-revoked``.
            EnvironmentFault: ``ledger-changed`` or ``ledger-unusable``.
        """
        number = row.attempts + 1
        then = replace(
            row,
            state=NonceState.OPEN,
            reading=Reading.NOT_READ,
            unanswered=row.unanswered + 1,
            attempts=number,
            before=row.before if before is None else before,
            changed_at=now,
        )
        with self._guard(), self._engine.begin() as connection:
            require_unrevoked(connection, row.key)
            write_change(connection, row, then)
            connection.execute(
                sa.insert(ATTEMPTS).values(
                    **key_values(row.key),
                    number=number,
                    state_before=row.state.value,
                    began_at=now,
                )
            )
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
        with self._guard(), self._engine.begin() as connection:
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
        with self._guard(), self._engine.begin() as connection:
            write_change(connection, row, then)
        return then

    def _read_all(self, query: sa.Select[tuple[object, ...]]) -> list[Row]:
        with self._guard(), self._reader.connect() as connection:
            return [to_row(record) for record in connection.execute(query).mappings()]

    def _guard(self) -> AbstractContextManager[None]:
        return database_errors(self._path)
