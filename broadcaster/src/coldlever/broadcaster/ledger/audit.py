"""The audit chain in the ledger: appended with the rows that it tells of, read with suspicion.

Appending is the last step of a transaction, everywhere: it locks the chain's one record, and
whoever holds that waits for nothing else.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeGuard

import sqlalchemy as sa

from coldlever.broadcaster.ledger.row import NonceKey
from coldlever.broadcaster.ledger.tables import AUDIT, CHAIN
from coldlever.shared.audit import Chain, Event, Head, Linked, Side, follow
from coldlever.shared.audit.chain import CHAIN_ID_BYTES, LINK_BYTES, damaged
from coldlever.shared.audit.chain_head import ChainHead, adopted_heads
from coldlever.shared.audit.stored import linked_of
from coldlever.shared.printable import printable

_BATCH = 1_000
# Built once: putting them together costs more than running them.
_LOCK = (
    sa.select(CHAIN.c.id, CHAIN.c.position, CHAIN.c.link).where(CHAIN.c.one == 1).with_for_update()
)
_ADD = sa.insert(AUDIT)
_MOVE = (
    sa.update(CHAIN)
    .where(CHAIN.c.one == 1)
    .values(position=sa.bindparam("to_position"), link=sa.bindparam("to_link"))
)
# As text: what somebody else has put into a column is to be seen as it is.
_HEAD = sa.text("SELECT id, position, link FROM audit_chain WHERE one = 1")
_ALL = sa.text("SELECT position, event, link, nonce FROM audit ORDER BY position")
_ROWS = _ALL.execution_options(yield_per=_BATCH)
# What was taken over is about no nonce.
_WITHOUT_NONCE = sa.text(
    "SELECT position, event, link, nonce FROM audit WHERE nonce IS NULL ORDER BY position"
)
_AT = sa.text("SELECT position, event, link, nonce FROM audit WHERE position = :position")
_OF_NONCE = sa.text(
    "SELECT position, event, link, nonce FROM audit WHERE nonce = :nonce ORDER BY position DESC"
)
Stored = tuple[int, bytes, bytes]


def begin_chain(connection: sa.Connection) -> None:
    """Begin the chain of a new ledger.

    Args:
        connection: in a transaction.
    """
    chain = Chain(secrets.token_bytes(CHAIN_ID_BYTES), Side.BROADCASTER)
    start = {"position": chain.start.position, "link": chain.start.link}
    connection.execute(sa.insert(CHAIN).values(one=1, id=chain.id, **start))


def append(connection: sa.Connection, events: Sequence[Event], name: str) -> ChainHead | None:
    """Add events behind the last one: the last step of a transaction.

    Args:
        connection: in a transaction; of SQLite one that has the write lock.
        events: in their order.
        name: where the ledger is, to be named.

    Returns:
        The head then; None without events.

    Raises:
        RuleRefused: ``audit-damaged`` when there is nothing to append to.
    """
    if not events:
        return None
    chain, head = _head(connection.execute(_LOCK).first(), name)
    added = list[Linked]()
    for event in events:
        added.append(chain.append(head, event))
        head = added[-1].head
    try:
        _write(connection, added)
    except sa.exc.IntegrityError:
        reason = f"row {added[0].position} is there, and the head lies before it"
        raise damaged(printable(name), reason) from None
    return ChainHead(chain.id, head)


def _write(connection: sa.Connection, added: Sequence[Linked]) -> None:
    head = added[-1].head
    moved = {"to_position": head.position, "to_link": head.link}
    rows = [
        {"position": one.position, "event": one.data, "link": one.link, "nonce": one.event.nonce}
        for one in added
    ]
    if connection.dialect.name == "sqlite":
        connection.execute(_ADD, rows)
        connection.execute(_MOVE, moved)
        return
    # One way to the server, while all others wait for the head.
    numbered = {f"{name}{at}": one for at, row in enumerate(rows) for name, one in row.items()}
    connection.execute(_add_and_move(len(rows)), numbered | moved)


@cache
def _add_and_move(count: int) -> sa.TextClause:
    rows = ", ".join(f"(:position{at}, :event{at}, :link{at}, :nonce{at})" for at in range(count))
    return sa.text(
        f"WITH added AS (INSERT INTO audit (position, event, link, nonce) VALUES {rows})"  # noqa: S608
        " UPDATE audit_chain SET position = :to_position, link = :to_link WHERE one = 1"
    )


@dataclass(frozen=True, slots=True)
class AuditTable:
    """The chain of an open ledger; nothing here writes.

    Args:
        seeing: opens a transaction that sees one moment of the ledger.
        name: where the ledger is, printable.
    """

    seeing: Callable[[], AbstractContextManager[sa.Connection]]
    name: str

    def head(self) -> ChainHead:
        """How far it reaches.

        Raises:
            RuleRefused: ``audit-damaged``; so for all that follow.
        """
        with self.seeing() as connection:
            return _chain_head(connection, self.name)

    def whole(self) -> tuple[Chain, tuple[Linked, ...]]:
        """The chain with all its events, the first one first; every link is computed anew."""
        with self.seeing() as connection:
            chain = require_chain(connection, self.name)
            rows = list(_stored(connection, _ALL, self.name))
        return chain, tuple(self._linked(row) for row in rows)

    def head_of(self, key: NonceKey) -> ChainHead | None:
        """The chain's head when the last event about a row was appended; None without any.

        Args:
            key: of the row; what is told of the row beside it counts, because it has the nonce.
        """
        with self.seeing() as connection:
            chain = _chain_head(connection, self.name).chain
            rows = list(_stored(connection, _OF_NONCE, self.name, nonce=key.nonce))
        found = (one for one in map(self._linked, rows) if one.event.signer == key.signer)
        return next((ChainHead(chain, one.head) for one in found), None)

    def heads(self) -> tuple[ChainHead, ...]:
        """As `known_heads`."""
        with self.seeing() as connection:
            return known_heads(connection, self.name)

    def missing(self, seen: Iterable[ChainHead]) -> tuple[ChainHead, ...]:
        """Those heads that the chain neither passes through nor has taken over.

        A chain without any event is never missing.
        """
        with self.seeing() as connection:
            own = _chain_head(connection, self.name).chain
            wanted = [
                one for one in seen if one.head.position and not self._passes(connection, own, one)
            ]
            taken = _taken(connection, self.name) if wanted else ()
        return tuple(one for one in wanted if not any(_reaches(known, one) for known in taken))

    def _passes(self, connection: sa.Connection, own: bytes, seen: ChainHead) -> bool:
        if seen.chain != own:
            return False
        rows = list(_stored(connection, _AT, self.name, position=seen.head.position))
        return any(link == seen.head.link for _, _, link in rows)

    def _linked(self, row: Stored) -> Linked:
        return linked_of(*row, self.name)


def known_heads(connection: sa.Connection, name: str) -> tuple[ChainHead, ...]:
    """The head, and those of the other chains that it has taken over.

    Args:
        connection: in a transaction that sees one moment of the ledger.
        name: where the ledger is, printable.

    Raises:
        RuleRefused: ``audit-damaged``.
    """
    own = _chain_head(connection, name)
    return (*([own] if own.head.position else []), *_taken(connection, name))


def require_chain(connection: sa.Connection, name: str) -> Chain:
    """Compute every link anew, to the head that the chain's record names.

    Args:
        connection: in a transaction that sees one moment of the ledger.
        name: where the ledger is, printable.

    Raises:
        RuleRefused: ``audit-damaged``; it names the first row that is wrong.
    """
    chain, claimed = _head(connection.execute(_HEAD).first(), name)
    with closing(_stored(connection, _ROWS, name)) as rows:
        head = follow(chain, rows, name)
    if head.position < claimed.position:
        raise damaged(name, f"row {head.position + 1} is missing, of {claimed.position}")
    if head != claimed:
        raise damaged(name, f"row {head.position} was not the last one that was written")
    return chain


def _taken(connection: sa.Connection, name: str) -> tuple[ChainHead, ...]:
    rows = list(_stored(connection, _WITHOUT_NONCE, name))
    return tuple(head for row in rows for head in adopted_heads(linked_of(*row, name).event))


def _reaches(known: ChainHead, seen: ChainHead) -> bool:
    return known.chain == seen.chain and known.head.position >= seen.head.position


def _chain_head(connection: sa.Connection, name: str) -> ChainHead:
    chain, head = _head(connection.execute(_HEAD).first(), name)
    return ChainHead(chain.id, head)


def _head(record: Sequence[object] | None, name: str) -> tuple[Chain, Head]:
    if record is None:
        raise damaged(printable(name), "its head is missing")
    id_, position, link = record
    if _is_bytes(id_, CHAIN_ID_BYTES) and _is_bytes(link, LINK_BYTES) and isinstance(position, int):
        return Chain(id_, Side.BROADCASTER), Head(position, link)
    raise damaged(printable(name), "its head is not what was written")


def _stored(
    connection: sa.Connection, query: sa.TextClause, name: str, **values: int
) -> Generator[Stored]:
    """Rows with their types checked; a whole chain needs no memory."""
    with connection.execute(query, values) as found:
        for record in found:
            position, event, link, nonce = tuple[Any, ...](record)
            if not (_is_bytes(event) and _is_bytes(link, LINK_BYTES)):
                raise damaged(name, f"row {position} is not the one that was written")
            mark = b"null" if nonce is None else str(nonce).encode("ascii", "replace")
            if b'"nonce":%s,' % mark not in event:
                raise damaged(name, f"row {position} is filed under another nonce")
            yield position, event, link


def _is_bytes(value: object, size: int | None = None) -> TypeGuard[bytes]:
    return isinstance(value, bytes) and size in (None, len(value))
