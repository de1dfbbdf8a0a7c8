"""The chained rows in the database: reading them with suspicion, finding and appending them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from coldlever.shared.action import Address, Network
from coldlever.shared.action.address import ADDRESS_BYTES
from coldlever.shared.action.time_rules import NONCE_SET_SIZE
from coldlever.shared.reading import SAFE_INTEGER_MAX
from coldlever.signer.ledger.chain import (
    HEAD_BYTES,
    IMPORT,
    NEW_LEDGER,
    START,
    Adoption,
    Head,
    extend,
    pack_heads,
    row_bytes,
    unpack_heads,
)
from coldlever.signer.ledger.entry import HASH_BYTES, Entry
from coldlever.signer.ledger.faults import damaged

_NETWORKS = {network.value: network for network in Network}
_REASONS = (IMPORT, NEW_LEDGER)
_SELECTED = (
    "SELECT network, signer, nonce, action_hash, recorded_at, description FROM signed "
    "WHERE (?1 IS NULL OR network = ?1) AND (?2 IS NULL OR signer = ?2) "
    "ORDER BY network, signer, nonce"
)
_SPENT = (
    "SELECT network, signer, nonce, action_hash, recorded_at, description FROM signed "
    "WHERE network = ? AND signer = ? AND nonce = ?"
)
_CHAINED = (
    "SELECT position, link, network, signer, nonce, action_hash, recorded_at, description "
    "FROM signed ORDER BY 1"
)


def entry_of(row: tuple[object, ...], name: str) -> Entry:
    """A row of ``signed`` as an entry; SQLite would put any type into any column.

    Raises:
        RuleRefused: ``ledger-damaged``.
    """
    network, signer, nonce, action_hash, recorded_at, description = row
    match network, signer, nonce, action_hash, recorded_at, description:
        case (
            str(network),
            bytes(signer),
            int(nonce),
            bytes(action_hash),
            int(recorded_at) | (None as recorded_at),
            str(description),
        ) if (
            network in _NETWORKS
            and len(signer) == ADDRESS_BYTES
            and len(action_hash) == HASH_BYTES
            and 0 <= nonce <= SAFE_INTEGER_MAX
            and 0 <= (recorded_at or 0) <= SAFE_INTEGER_MAX
        ):
            return Entry(
                _NETWORKS[network], Address(signer), nonce, action_hash, recorded_at, description
            )
    raise damaged(name, "a row does not hold what a row holds")


def _adoption_of(row: tuple[object, ...], name: str) -> Adoption:
    match row:
        case (str(reason), bytes(heads)) if reason in _REASONS and len(heads) % HEAD_BYTES == 0:
            return Adoption(reason, unpack_heads(heads))
    raise damaged(name, "a row about an import does not hold what such a row holds")


def entries(
    connection: sqlite3.Connection,
    name: str,
    network: Network | None = None,
    signer: Address | None = None,
) -> tuple[Entry, ...]:
    """All entries, or those of one network or signer, the oldest nonce first."""
    whose = (None if network is None else network.value, None if signer is None else signer.raw)
    rows = connection.execute(_SELECTED, whose)
    return tuple(entry_of(row, name) for row in rows)


def in_order(connection: sqlite3.Connection, name: str) -> Iterator[tuple[Entry | Adoption, bytes]]:
    """Every row of the chain with its stored link, the first one first; positions have no gap.

    Raises:
        RuleRefused: ``ledger-damaged``.
    """
    adopted = connection.execute("SELECT position, link, reason, heads FROM adopted ORDER BY 1")
    signed = connection.execute(_CHAINED)
    position = 0
    adoption, entry = adopted.fetchone(), signed.fetchone()
    while adoption is not None or entry is not None:
        position += 1
        if entry is not None and entry[0] == position:
            yield entry_of(entry[2:], name), entry[1]
            entry = signed.fetchone()
        elif adoption is not None and adoption[0] == position:
            yield _adoption_of(adoption[2:], name), adoption[1]
            adoption = adopted.fetchone()
        else:
            raise damaged(name, f"its row {position} is missing")


def end(connection: sqlite3.Connection) -> Head:
    """The chain's head."""
    row = connection.execute(
        "SELECT position, link FROM signed UNION ALL SELECT position, link FROM adopted "
        "ORDER BY 1 DESC LIMIT 1"
    ).fetchone()
    return START if row is None else Head(row[0], row[1])


def contains(connection: sqlite3.Connection, name: str, head: Head) -> bool:
    """Whether the chain passes through this head, or has taken it over."""
    if head.count == 0:
        return head == START
    row = connection.execute(
        "SELECT link FROM signed WHERE position = ?1 UNION ALL "
        "SELECT link FROM adopted WHERE position = ?1",
        (head.count,),
    ).fetchone()
    return (row is not None and row[0] == head.link) or head in taken_over(connection, name)


def taken_over(connection: sqlite3.Connection, name: str) -> frozenset[Head]:
    """The heads of other chains that this one has taken over."""
    rows = connection.execute("SELECT reason, heads FROM adopted")
    return frozenset(head for row in rows for head in _adoption_of(row, name).heads)


def append(connection: sqlite3.Connection, head: Head, row: Entry | Adoption) -> Head:
    """Add a row behind ``head``, which is the chain's, and return the new head."""
    after = extend(head, row_bytes(row))
    if isinstance(row, Adoption):
        connection.execute(
            "INSERT INTO adopted VALUES (?, ?, ?, ?)",
            (after.count, row.reason, pack_heads(row.heads), after.link),
        )
        return after
    connection.execute(
        "INSERT INTO signed VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            after.count,
            row.network.value,
            row.signer.raw,
            row.nonce,
            row.action_hash,
            row.recorded_at,
            row.description,
            after.link,
        ),
    )
    return after


def spent_on(connection: sqlite3.Connection, name: str, entry: Entry) -> Entry | None:
    """What the entry's nonce was spent on, if it was."""
    row = connection.execute(
        _SPENT,
        (entry.network.value, entry.signer.raw, entry.nonce),
    ).fetchone()
    return None if row is None else entry_of(row, name)


def highest_nonces(connection: sqlite3.Connection, network: Network, signer: Address) -> list[int]:
    """The signer's highest nonces, at most 100, the lowest of them first (a heap)."""
    rows = connection.execute(
        "SELECT nonce FROM signed WHERE network = ? AND signer = ? ORDER BY nonce DESC LIMIT ?",
        (network.value, signer.raw, NONCE_SET_SIZE),
    ).fetchall()
    return sorted(nonce for (nonce,) in rows)
