"""The audit chain in the database: reading its events with suspicion, and appending them."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from coldlever.shared.audit import Chain, Event, Head, Kind, Linked, Side, follow
from coldlever.shared.audit.chain import CHAIN_ID_BYTES, LINK_BYTES, damaged
from coldlever.shared.audit.chain_head import ChainHead, adopted_heads
from coldlever.shared.audit.event import event_bytes
from coldlever.shared.audit.stored import linked_of
from coldlever.signer.ledger.faults import faults

TABLES = {
    "audit_chain": f"""CREATE TABLE audit_chain (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id BLOB NOT NULL CHECK (typeof(id) = 'blob' AND length(id) = {CHAIN_ID_BYTES})
)""",
    "audit": f"""CREATE TABLE audit (
    position INTEGER PRIMARY KEY CHECK (position > 0),
    event BLOB NOT NULL CHECK (typeof(event) = 'blob'),
    link BLOB NOT NULL CHECK (typeof(link) = 'blob' AND length(link) = {LINK_BYTES})
)""",
}
_ROWS = "SELECT position, event, link FROM audit ORDER BY position"


@dataclass(frozen=True, slots=True)
class AuditTable:
    """The chain of an open ledger.

    Args:
        connection: of the ledger.
        name: the ledger's file, printable.
    """

    connection: sqlite3.Connection
    name: str

    def chain(self) -> Chain:
        """Which chain it is."""
        with faults(self.name):
            return _chain(self.connection, self.name)

    def head(self) -> ChainHead:
        """How far it reaches."""
        with faults(self.name):
            chain = _chain(self.connection, self.name)
            return ChainHead(chain.id, _end(self.connection, chain))

    def events(self) -> tuple[Linked, ...]:
        """All events, the first one first.

        Raises:
            RuleRefused: ``audit-damaged``.
            EnvironmentFault: from the ledger.
        """
        with faults(self.name):
            rows = self.connection.execute(_ROWS).fetchall()
        return tuple(linked_of(row[0], row[1], row[2], self.name) for row in rows)

    def heads(self) -> tuple[ChainHead, ...]:
        """The head, and those of the other chains that it has taken over."""
        with faults(self.name):
            own = self.head()
            return (*([own] if own.head.position else []), *self._taken())

    def missing(self, seen: Iterable[ChainHead]) -> tuple[ChainHead, ...]:
        """Those heads that the chain neither passes through nor has taken over.

        A chain without any event is never missing.
        """
        with faults(self.name):
            own = _chain(self.connection, self.name).id
            wanted = [one for one in seen if one.head.position and not self._passes(own, one)]
            taken = self._taken() if wanted else ()
        return tuple(one for one in wanted if not any(_reaches(known, one) for known in taken))

    def _passes(self, own: bytes, seen: ChainHead) -> bool:
        if seen.chain != own:
            return False
        row = self.connection.execute(
            "SELECT link FROM audit WHERE position = ?", (seen.head.position,)
        ).fetchone()
        return row is not None and row[0] == seen.head.link

    def _taken(self) -> tuple[ChainHead, ...]:
        rows = self.connection.execute(
            "SELECT position, event, link FROM audit WHERE instr(event, ?)",
            (f'"kind":"{Kind.ADOPTED.value}"'.encode("ascii"),),
        )
        return tuple(
            head
            for row in rows
            for head in adopted_heads(linked_of(row[0], row[1], row[2], self.name).event)
        )


def _reaches(known: ChainHead, seen: ChainHead) -> bool:
    return known.chain == seen.chain and known.head.position >= seen.head.position


def begin(connection: sqlite3.Connection) -> None:
    """Make the tables of a new chain; SQLite draws its id from the system's randomness."""
    for table in TABLES.values():
        connection.execute(table)
    connection.execute("INSERT INTO audit_chain VALUES (1, randomblob(?))", (CHAIN_ID_BYTES,))


def append(connection: sqlite3.Connection, events: Iterable[Event], name: str) -> None:
    """Add events, in a transaction that keeps other writers out.

    Raises:
        RuleRefused: ``audit-damaged`` when the chain has no id.
    """
    chain = _chain(connection, name)
    head = _end(connection, chain)
    rows = []
    for event in events:
        data = event_bytes(head.position + 1, event)
        head = chain.after(head, data)
        rows.append((head.position, data, head.link))
    connection.executemany("INSERT INTO audit VALUES (?, ?, ?)", rows)


def import_events(added: int, taken: Iterable[ChainHead], now: int | None) -> tuple[Event, ...]:
    """That an export was taken over, and with it the chains of the ledger that it is of."""
    says = f"imported {added} entries of an exported ledger"
    named = tuple(f"{says}, whose audit {one.words}" for one in taken)
    return tuple(Event(Kind.ADOPTED, words, at=now) for words in named or (says,))


def require_chain(connection: sqlite3.Connection, name: str) -> None:
    """Compute every link anew.

    Raises:
        RuleRefused: ``audit-damaged``; it names the first row that is wrong.
    """
    # A cursor that is left half-read would keep the file locked for as long as the refusal lives.
    with contextlib.closing(connection.execute(_ROWS)) as found:
        follow(_chain(connection, name), found, name)


def _chain(connection: sqlite3.Connection, name: str) -> Chain:
    row = connection.execute("SELECT id FROM audit_chain").fetchone()
    if row is None:
        raise damaged(name, "its id is missing")
    return Chain(row[0], Side.SIGNER)


def _end(connection: sqlite3.Connection, chain: Chain) -> Head:
    row = connection.execute(
        "SELECT position, link FROM audit ORDER BY position DESC LIMIT 1"
    ).fetchone()
    return chain.start if row is None else Head(*row)
