"""What was drafted and posted: the memory that makes posting a file twice post it once.

A row is written before anything leaves the machine, and each step of it before the next begins.
Whoever changes a row says what it has seen of it: when that has changed, nothing is written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from coldlever.broadcaster.fate import Event, NonceState, Reading
from coldlever.broadcaster.ledger.audit import AuditTable, append
from coldlever.broadcaster.ledger.beside import insert, require_unrevoked, tell_other
from coldlever.broadcaster.ledger.change import write_attempt, write_change
from coldlever.broadcaster.ledger.claim import claim
from coldlever.broadcaster.ledger.draft_nonce import take_draft_nonce
from coldlever.broadcaster.ledger.faults import nonce_used, row_gone
from coldlever.broadcaster.ledger.file import LedgerFile
from coldlever.broadcaster.ledger.lease import hold_signer
from coldlever.broadcaster.ledger.memory import HostMemory
from coldlever.broadcaster.ledger.queries import ROWS, key_values, of_key, of_record
from coldlever.broadcaster.ledger.questions import Questions
from coldlever.broadcaster.ledger.row import NonceKey, Row
from coldlever.broadcaster.ledger.seen_heads import SeenHeads
from coldlever.broadcaster.ledger.server import LedgerServer
from coldlever.broadcaster.ledger.tables import ATTEMPTS, POSTS, Patience
from coldlever.broadcaster.ledger.telling import Author
from coldlever.broadcaster.ledger.turn import Turn, Turns, require_turn
from coldlever.broadcaster.ledger.weight import SharedWeight
from coldlever.shared.action import Address, Signable
from coldlever.shared.action.what import What
from coldlever.shared.audit import Event as AuditEvent
from coldlever.shared.audit.chain_head import ChainHead
from coldlever.shared.errors import ColdleverError
from coldlever.shared.printable import printable

__all__ = ["Ledger", "NonceKey", "Row", "nonce_used", "row_gone"]

BUSY_TIMEOUT_MS = 10_000
_NOBODY = Author()


class Ledger(Questions):
    """The broadcaster's ledger.

    Args:
        place: an existing folder, the ledger is ``ledger.sqlite3`` in it; or a server.
        sleep: waits that many seconds, for another process that opens it too.
        monotonic: a clock in seconds that never goes back.
        memory: what this host remembers of servers; None where it does not matter.
        author: who writes to it.
        heads: where the head of its audit chain is remembered; None where that does not matter.

    Attributes:
        audit: the audit chain.
        author: who writes to it.
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
        *,
        author: Author = _NOBODY,
        heads: SeenHeads | None = None,
    ) -> None:
        patience = Patience(BUSY_TIMEOUT_MS, sleep, monotonic)
        self._place = LedgerFile(place, patience) if isinstance(place, Path) else place
        self._engine = self._place.open()
        self._quick = self._place.quick(self._engine)
        super().__init__(self._engine.execution_options(**self._place.reading), self._place.name)
        self.turns = Turns(self._reader, self._name)
        self.leases = self._place.leases(self._engine, monotonic)
        self._memory = memory if self.leases is not None else None
        self.author = author
        self.audit = AuditTable(self.seeing, printable(self._name))
        self._heads = heads
        self._has_told = False
        self._compare()

    def _compare(self) -> None:
        if self._memory is None:
            return
        try:
            with self.seeing() as connection:
                self._memory.check(connection, self._name)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close all connections, and remember how far the audit chain reaches."""
        try:
            if self._heads is not None and self._has_told:
                # What was done is on the record, and is not to be hidden by this.
                with suppress(ColdleverError):
                    if not self.lost_heads():
                        self._heads.keep(self._name, self.audit.head())
        finally:
            self._engine.dispose()
            self._quick.dispose()

    def weight_at(self, place: str, limit: int) -> SharedWeight:
        """What all who share the ledger spend of a venue's budget; arguments as there."""
        return SharedWeight(self._quick, self._name, place, limit)

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

    def claim(self, every_ms: int, limit: int, now: int) -> list[Row]:
        """Unfinished rows that nobody else looks at now; arguments as in `claim.claim`."""
        with self.changing() as connection:
            keys = claim(connection, every_ms, limit, now)
        return [row for key in keys for row in self._read_all(ROWS.where(*of_record(POSTS, key)))]

    def take_draft_nonce(
        self,
        venue: str,
        signer: Address,
        now: int,
        draft: Callable[[int], Signable | None] = lambda _: None,
    ) -> int:
        """A nonce for a new draft: the exchange's time, above every nonce known for the signer.

        Args:
            venue: `coldlever.broadcaster.venue.client.Venue.key`.
            signer: who is to sign.
            now: ms since the epoch.
            draft: what is drafted with a nonce, for the audit chain.
        """
        with self.changing() as connection:
            nonce = take_draft_nonce(connection, venue, signer, now)
            given = self.author.nonce_given(venue, signer, nonce, now, draft(nonce))
            self.tell(connection, given)
        return nonce

    def tell(self, connection: sa.Connection, *events: AuditEvent) -> None:
        """Append to the audit chain: the last step of a transaction that changes the ledger.

        Raises:
            RuleRefused: ``audit-damaged``.
        """
        append(connection, events, self._name)
        self._has_told = True

    def lost_heads(self) -> tuple[ChainHead, ...]:
        """What this host has seen of the audit chain and is not in it.

        Raises:
            RuleRefused: ``audit-damaged``.
            EnvironmentFault: ``audit-memory``, or from the ledger.
        """
        seen = None if self._heads is None else self._heads.of(self._name)
        return () if seen is None else self.audit.missing([seen])

    def note(self, *events: AuditEvent) -> None:
        """Append to the audit chain what no row tells, durably, all of it or none."""
        with self.changing() as connection:
            self.tell(connection, *events)

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
                if row.key.what is What.REVOCATION:
                    self.tell(connection, self.author.revoked(row))
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
            self.tell(connection, self.author.sent(then))
        if self._memory is not None:
            attempt = (order, *key_values(row.key).values(), then.attempts)
            self._memory.note(self._name, attempt)
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
            beside = tell_other(connection, row.key, event, now)
            told = self.author.answered(then, event, answer)
            judged = (self.author.judged(*pair) for pair in ((row, then), *beside))
            self.tell(connection, told, *(one for some in judged for one in some))
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
            self.tell(connection, *self.author.judged(row, then))
        return then

    def _sending(self, row: Row) -> AbstractContextManager[sa.Connection]:
        if self.leases is None:
            return self._engine.begin()
        # What a revocation kills is held for both.
        other = self.find(row.key.other) if row.key.what is What.REVOCATION else None
        return self.leases.sending(row.place if other is None else other.place)
