"""The chained rows in the database: reading them with suspicion, finding and appending them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from coldlever.shared.action import Address, Network
from coldlever.shared.action.address import ADDRESS_BYTES
from coldlever.shared.action.time_rules import NONCE_SET_SIZE
from coldlever.shared.action.what import What
from coldlever.shared.reading import SAFE_INTEGER_MAX
from coldlever.signer.ledger.chain import (
    HEAD_BYTES,
    IMPORT,
    NEW_LEDGER,
    START,
    Adoption,
    Head,
    adoption_bytes,
    entry_bytes,
    extend,
    pack_heads,
    row_bytes,
    unpack_heads,
)
from coldlever.signer.ledger.entry import HASH_BYTES, Entry
from coldlever.signer.ledger.faults import damaged

_NETWORKS = {network.value: network for network in Network}
_REASONS = (IMPORT, NEW_LEDGER)
_WHATS = {what.value: what for what in What}
_SELECTED = (
    "SELECT network, signer, nonce, what, action_hash, recorded_at, description FROM signed "
    "WHERE (:network IS NULL OR network = :network) AND (:signer IS NULL OR signer = :signer) "
    "ORDER BY network, signer, nonce, what"
)
# Release 0.1 knew no revocations.
_OLD = (
    "SELECT network, signer, nonce, 'payload', action_hash, recorded_at, description FROM signed "
    "ORDER BY network, signer, nonce"
)
_SPENT = (
    "SELECT network, signer, nonce, what, action_hash, recorded_at, description FROM signed "
    "WHERE network = ? AND signer = ? AND nonce = ? AND what = ?"
)
_CHAINED = (
    "SELECT position, link, network, signer, nonce, what, action_hash, recorded_at, description "
    "FROM signed ORDER BY 1"
)

_ILL_TYPED = """SELECT 1 FROM signed WHERE NOT (
    typeof(network) = 'text' AND network IN ('mainnet', 'testnet')
    AND typeof(signer) = 'blob' AND length(signer) = :signer
    AND typeof(nonce) = 'integer' AND nonce BETWEEN 0 AND :most
    AND typeof(what) = 'text' AND what IN (:payload, :revocation)
    AND typeof(action_hash) = 'blob' AND length(action_hash) = :hash
    AND (recorded_at IS NULL
         OR typeof(recorded_at) = 'integer' AND recorded_at BETWEEN 0 AND :most)
    AND typeof(description) = 'text' AND typeof(link) = 'blob'
) UNION ALL SELECT 1 FROM adopted WHERE NOT (
    typeof(reason) = 'text' AND reason IN (:import, :new)
    AND typeof(heads) = 'blob' AND length(heads) % :head = 0 AND typeof(link) = 'blob'
) LIMIT 1"""
_BOUNDS = {
    "signer": ADDRESS_BYTES,
    "hash": HASH_BYTES,
    "head": HEAD_BYTES,
    "most": SAFE_INTEGER_MAX,
    "payload": What.PAYLOAD.value,
    "revocation": What.REVOCATION.value,
    "import": IMPORT,
    "new": NEW_LEDGER,
}
_ADOPTION_WIDTH = 4


def entry_of(row: tuple[object, ...], name: str) -> Entry:
    """A row of ``signed`` as an entry; SQLite would put any type into any column.

    Raises:
        RuleRefused: ``ledger-damaged``.
    """
    match row:
        case (
            str(network),
            bytes(signer),
            int(nonce),
            str(what),
            bytes(action_hash),
            int(recorded_at) | (None as recorded_at),
            str(description),
        ) if (
            network in _NETWORKS
            and what in _WHATS
            and len(signer) == ADDRESS_BYTES
            and len(action_hash) == HASH_BYTES
            and 0 <= nonce <= SAFE_INTEGER_MAX
            and 0 <= (recorded_at or 0) <= SAFE_INTEGER_MAX
        ):
            return Entry(
                _NETWORKS[network],
                Address(signer),
                nonce,
                action_hash,
                recorded_at,
                description,
                _WHATS[what],
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
    whose = {
        "network": None if network is None else network.value,
        "signer": None if signer is None else signer.raw,
    }
    rows = connection.execute(_SELECTED, whose)
    return tuple(entry_of(row, name) for row in rows)


def old_entries(connection: sqlite3.Connection, name: str) -> tuple[Entry, ...]:
    """All entries of a ledger of release 0.1, the oldest nonce first."""
    return tuple(entry_of(row, name) for row in connection.execute(_OLD))


def in_order(connection: sqlite3.Connection, name: str) -> Iterator[Entry | Adoption]:
    """Every row of the chain, the first one first.

    Raises:
        RuleRefused: ``ledger-damaged``.
    """
    for row in _by_position(connection, name):
        columns = row[2:]
        if len(row) == _ADOPTION_WIDTH:
            yield _adoption_of(columns, name)
        else:
            yield entry_of(columns, name)


def packed_in_order(connection: sqlite3.Connection, name: str) -> Iterator[tuple[bytes, bytes]]:
    """The canonical bytes of every row with its stored link; their types are known to be right."""
    for row in _by_position(connection, name):
        if len(row) == _ADOPTION_WIDTH:
            yield adoption_bytes(row[2], row[3]), row[1]
        else:
            yield entry_bytes(row[2], row[3], row[4:]), row[1]


def require_types(connection: sqlite3.Connection, name: str) -> None:
    """Refuse values of another type, length or range than this program writes.

    SQLite looks at them faster than we do, and every later reader may rely on it.

    Raises:
        RuleRefused: ``ledger-damaged``.
    """
    if connection.execute(_ILL_TYPED, _BOUNDS).fetchone() is not None:
        raise damaged(name, "a row does not hold what a row holds")


def _by_position(connection: sqlite3.Connection, name: str) -> Iterator[tuple[Any, ...]]:
    """The rows of both tables as they are, in one order; positions have no gap."""
    adopted = connection.execute("SELECT position, link, reason, heads FROM adopted ORDER BY 1")
    signed = connection.execute(_CHAINED)
    position = 0
    adoption, entry = adopted.fetchone(), signed.fetchone()
    while adoption is not None or entry is not None:
        position += 1
        if entry is not None and entry[0] == position:
            yield entry
            entry = signed.fetchone()
        elif adoption is not None and adoption[0] == position:
            yield adoption
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


def missing(connection: sqlite3.Connection, name: str, heads: Sequence[Head]) -> tuple[Head, ...]:
    """Those of ``heads`` that the chain neither passes through nor has taken over."""
    if not heads:
        return ()
    passed = {START}
    for row in connection.execute(
        "SELECT position, link FROM signed UNION ALL SELECT position, link FROM adopted"
    ):
        passed.add(Head(row[0], row[1]))
    for row in connection.execute("SELECT reason, heads FROM adopted"):
        passed.update(_adoption_of(row, name).heads)
    return tuple(head for head in heads if head not in passed)


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
        "INSERT INTO signed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            after.count,
            row.network.value,
            row.signer.raw,
            row.nonce,
            row.what.value,
            row.action_hash,
            row.recorded_at,
            row.description,
            after.link,
        ),
    )
    return after


def spent_on(
    connection: sqlite3.Connection, name: str, whose: tuple[Network, Address, int], what: What
) -> Entry | None:
    """The payload, or the revocation, that a nonce was spent on, if it was."""
    network, signer, nonce = whose
    key = (network.value, signer.raw, nonce, what.value)
    row = connection.execute(_SPENT, key).fetchone()
    return None if row is None else entry_of(row, name)


def highest_nonces(connection: sqlite3.Connection, network: Network, signer: Address) -> list[int]:
    """The signer's highest nonces, at most 100, the lowest of them first (a heap)."""
    rows = connection.execute(
        "SELECT DISTINCT nonce FROM signed WHERE network = ? AND signer = ? "
        "ORDER BY nonce DESC LIMIT ?",
        (network.value, signer.raw, NONCE_SET_SIZE),
    ).fetchall()
    return sorted(nonce for (nonce,) in rows)
