"""What this signer has signed: one row for each (network, signer, nonce), and its action hash.

A nonce is spent by the first request that gets recorded for it. The same request may be signed
again; another one with the same nonce never, not even by two processes at once: looking up and
recording happen in one transaction that excludes all others, and it is on the disk before a
signature exists outside this process.
"""

from __future__ import annotations

import contextlib
import heapq
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from coldlever.shared.action import Address, Network
from coldlever.shared.action.address import ADDRESS_BYTES
from coldlever.shared.action.time_rules import NONCE_SET_SIZE, nonce_floor_problem
from coldlever.shared.errors import EnvironmentFault, RuleRefused
from coldlever.shared.printable import printable, quoted
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.signer.ledger.entry import HASH_BYTES, Entry

FILE_NAME = "ledger.sqlite3"
LOCK_WAIT_S = 10.0

# Marks the file as ours ("clsl") and its tables as of this version.
_APPLICATION_ID = 0x636C736C
_SCHEMA_VERSION = 1
_TABLE = f"""CREATE TABLE signed (
    network TEXT NOT NULL CHECK (network IN ('mainnet', 'testnet')),
    signer BLOB NOT NULL CHECK (length(signer) = {ADDRESS_BYTES}),
    nonce INTEGER NOT NULL CHECK (typeof(nonce) = 'integer' AND nonce >= 0),
    action_hash BLOB NOT NULL CHECK (length(action_hash) = {HASH_BYTES}),
    recorded_at INTEGER,
    description TEXT NOT NULL,
    PRIMARY KEY (network, signer, nonce)
) WITHOUT ROWID"""
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_RESTORE = (
    "move it away, bring the latest `ledger export` back with `ledger import`, and use nonces from "
    "after that export only"
)


@dataclass(frozen=True, slots=True)
class Merged:
    """What an import did.

    Args:
        added: entries that were new.
        known: entries that were there already.
    """

    added: int
    known: int


class Ledger:
    """An open ledger; use it as a context manager."""

    __slots__ = ("_connection", "_name")

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self._name = name

    @classmethod
    def open(cls, path: Path, wait: float = LOCK_WAIT_S) -> Ledger:
        """Open the ledger, or make an empty one.

        Args:
            path: its file; the folder exists.
            wait: how long to wait for another process, in seconds.

        Raises:
            EnvironmentFault: ``ledger-locked``, ``ledger-damaged``, ``ledger-version`` or
                ``ledger-unusable``.
        """
        name = printable(str(path))
        try:
            # SQLite would make the file with a mode of its own.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise _unusable(name, error.strerror or str(error)) from None
        return cls._connect(path.absolute().as_uri() + "?mode=rw", name, wait)

    @classmethod
    def open_existing(cls, path: Path, wait: float = LOCK_WAIT_S) -> Ledger:
        """As `open`, but a ledger that does not exist reads as an empty one and is not made."""
        if path.exists():
            return cls.open(path, wait)
        return cls._connect("file::memory:", printable(str(path)), wait)

    @classmethod
    def _connect(cls, uri: str, name: str, wait: float) -> Ledger:
        with _faults(name):
            connection = sqlite3.connect(uri, uri=True, timeout=wait, isolation_level=None)
        ledger = cls(connection, name)
        try:
            with _faults(name):
                # Of all settings this one loses nothing to a power cut: every commit is synced,
                # and so is the folder after the journal is gone.
                connection.execute("PRAGMA synchronous = EXTRA")
                ledger._prepare()
        except BaseException:
            connection.close()
            raise
        return ledger

    def _prepare(self) -> None:
        if self._pragma("application_id") == 0 and self._pragma("user_version") == 0:
            with self._exclusive():
                # Another process may have been faster since the look above.
                (tables,) = self._connection.execute(
                    "SELECT count(*) FROM sqlite_master"
                ).fetchone()
                if tables == 0:
                    self._connection.execute(_TABLE)
                    self._connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
                    self._connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
        if self._pragma("application_id") != _APPLICATION_ID:
            raise EnvironmentFault(
                "ledger-damaged", f"{self._name} is no ledger of this program", _RESTORE
            )
        version = self._pragma("user_version")
        if version != _SCHEMA_VERSION:
            raise EnvironmentFault(
                "ledger-version",
                f"{self._name} has the ledger version {version}, this program knows "
                f"{_SCHEMA_VERSION}",
                "use the program that made it, or a newer one",
            )

    def _pragma(self, name: str) -> int:
        return int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])

    @contextlib.contextmanager
    def _exclusive(self, *, keep: bool = True) -> Iterator[None]:
        """A transaction that keeps every other writer out from its first statement on."""
        with _faults(self._name):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT" if keep else "ROLLBACK")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def record(self, entries: Sequence[Entry]) -> tuple[bool, ...]:
        """Spend the nonces of ``entries``, all of them or none, durably.

        Args:
            entries: in the order in which they will be posted.

        Returns:
            For each entry whether it was recorded before.

        Raises:
            RuleRefused: ``nonce-used`` or ``nonce-too-low``; nothing was recorded.
            EnvironmentFault: ``ledger-locked``, ``ledger-damaged``, ``ledger-full`` or
                ``ledger-unusable``; nothing was recorded.
        """
        with self._exclusive():
            return self._spend(entries)

    def rehearse(self, entries: Sequence[Entry]) -> None:
        """Raise what `record` would raise, and record nothing."""
        with self._exclusive(keep=False):
            self._spend(entries)

    def _spend(self, entries: Sequence[Entry]) -> tuple[bool, ...]:
        highest: dict[tuple[Network, Address], list[int]] = {}
        known = []
        for entry in entries:
            spent = self._is_recorded(entry)
            known.append(spent)
            if spent:
                continue
            whose = (entry.network, entry.signer)
            if whose not in highest:
                highest[whose] = self._highest_nonces(*whose)
            nonces = highest[whose]
            problem = nonce_floor_problem(entry.nonce, nonces)
            if problem is not None:
                raise problem
            heapq.heappush(nonces, entry.nonce)
            if len(nonces) > NONCE_SET_SIZE:
                heapq.heappop(nonces)
            self._insert(entry)
        return tuple(known)

    def merge(self, entries: Sequence[Entry]) -> Merged:
        """Take over entries of another ledger, all of them or none.

        Raises:
            RuleRefused: ``nonce-used`` when an entry contradicts this ledger or another entry.
            EnvironmentFault: as `record`.
        """
        added = 0
        with self._exclusive():
            for entry in entries:
                if not self._is_recorded(entry):
                    self._insert(entry)
                    added += 1
        return Merged(added, len(entries) - added)

    def entries(
        self, network: Network | None = None, signer: Address | None = None
    ) -> tuple[Entry, ...]:
        """All entries, or those of one network or signer, the oldest nonce first.

        Raises:
            EnvironmentFault: as `record`.
        """
        with _faults(self._name):
            rows = self._connection.execute(
                "SELECT network, signer, nonce, action_hash, recorded_at, description FROM signed "
                "WHERE (?1 IS NULL OR network = ?1) AND (?2 IS NULL OR signer = ?2) "
                "ORDER BY network, signer, nonce",
                (
                    None if network is None else network.value,
                    None if signer is None else signer.raw,
                ),
            ).fetchall()
        return tuple(
            Entry(Network(row[0]), Address(row[1]), row[2], row[3], row[4], row[5]) for row in rows
        )

    def _is_recorded(self, entry: Entry) -> bool:
        row = self._connection.execute(
            "SELECT action_hash, description FROM signed "
            "WHERE network = ? AND signer = ? AND nonce = ?",
            (entry.network.value, entry.signer.raw, entry.nonce),
        ).fetchone()
        if row is None:
            return False
        if row[0] != entry.action_hash:
            raise RuleRefused(
                "nonce-used",
                f"{entry.signer} has spent the nonce {entry.nonce} on {entry.network.value} on "
                f"another request ({quoted(row[1])}, action hash {to_0x(row[0])})",
                "draft the request again: a new draft takes a new nonce",
            )
        return True

    def _highest_nonces(self, network: Network, signer: Address) -> list[int]:
        """The signer's highest nonces, at most 100, the lowest of them first (a heap)."""
        rows = self._connection.execute(
            "SELECT nonce FROM signed WHERE network = ? AND signer = ? ORDER BY nonce DESC LIMIT ?",
            (network.value, signer.raw, NONCE_SET_SIZE),
        ).fetchall()
        return sorted(nonce for (nonce,) in rows)

    def _insert(self, entry: Entry) -> None:
        self._connection.execute(
            "INSERT INTO signed VALUES (?, ?, ?, ?, ?, ?)",
            (
                entry.network.value,
                entry.signer.raw,
                entry.nonce,
                entry.action_hash,
                entry.recorded_at,
                entry.description,
            ),
        )


@contextlib.contextmanager
def _faults(name: str) -> Iterator[None]:
    """Turn SQLite's errors into ours; whatever it was, nothing gets signed."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in _BUSY:
            raise EnvironmentFault(
                "ledger-locked",
                f"{name} is in use by another process",
                "wait until the other signing is done, and try again",
            ) from None
        if code in _DAMAGED:
            raise EnvironmentFault("ledger-damaged", f"{name} is damaged", _RESTORE) from None
        if code == sqlite3.SQLITE_FULL:
            raise EnvironmentFault(
                "ledger-full",
                f"{name} cannot grow: the disk is full; nothing was recorded or signed",
                "free some space or choose another place with --state-dir",
            ) from None
        raise _unusable(name, str(error)) from None


def _unusable(name: str, reason: str) -> EnvironmentFault:
    return EnvironmentFault(
        "ledger-unusable",
        f"{name}: {printable(reason)}; nothing was recorded or signed",
        "make it readable and writable, or choose another place with --state-dir",
    )
