"""What this signer has signed: a row for each (network, signer, nonce), and one for its revocation.

A nonce is spent by the first request that gets recorded for it. The same request may be signed
again; another one with the same nonce never, not even by two processes at once: looking up and
recording happen in one transaction that excludes all others, and it is on the disk before a
signature exists outside this process.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from coldlever.shared.action import Address, Network
from coldlever.shared.action.what import What
from coldlever.shared.audit import Event
from coldlever.shared.audit.chain_head import ChainHead
from coldlever.shared.printable import printable
from coldlever.signer.ledger import (
    audit,
    coins,
    empty,
    integrity,
    migration,
    policies,
    rows,
    schema,
    spending,
)
from coldlever.signer.ledger.audit import AuditTable
from coldlever.signer.ledger.chain import IMPORT, Adoption, Head
from coldlever.signer.ledger.coins import ConfirmedCoin
from coldlever.signer.ledger.entry import Entry
from coldlever.signer.ledger.faults import faults
from coldlever.signer.ledger.heads import Reached
from coldlever.signer.ledger.policies import PolicyMark

FILE_NAME = "ledger.sqlite3"
LOCK_WAIT_S = 10.0
# So that a row of an export stays far below the bound of what can be read again.
_HEADS_A_ROW = 4096


@dataclass(frozen=True, slots=True)
class Merged:
    """What an import did.

    Args:
        added: entries that were new.
        known: entries that were there already.
    """

    added: int
    known: int


def nothing_to_tell(_: object) -> tuple[Event, ...]:
    """No event at all."""
    return ()


# The events of recording entries, of whether each was recorded before.
Tell = Callable[[tuple[bool, ...]], Sequence[Event]]


class Ledger:
    """An open ledger; use it as a context manager."""

    __slots__ = ("_connection", "_name")

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self._name = name

    @classmethod
    def open(cls, path: Path, wait: float = LOCK_WAIT_S) -> Ledger:
        """Open the ledger, or make an empty one; one of release 0.1 is brought up to date.

        Args:
            path: its file; the folder exists.
            wait: how long to wait for another process, in seconds.

        Raises:
            RuleRefused: ``ledger-damaged``.
            EnvironmentFault: ``ledger-locked``, ``ledger-version`` or ``ledger-unusable``.
        """
        name = printable(str(path))
        empty.make_unless_there(path, name)
        with faults(name):
            uri = path.absolute().as_uri() + "?mode=rw"
            connection = sqlite3.connect(uri, uri=True, timeout=wait, isolation_level=None)
        ledger = cls(connection, name)
        try:
            ledger._prepare(path)
        except BaseException:
            connection.close()
            raise
        return ledger

    @classmethod
    def open_existing(cls, path: Path, wait: float = LOCK_WAIT_S) -> Ledger:
        """As `open`, but a ledger that does not exist reads as an empty one and is not made."""
        if path.exists():
            return cls.open(path, wait)
        return cls(empty.in_memory(), printable(str(path)))

    def _prepare(self, path: Path) -> None:
        with faults(self._name):
            # Of all settings this one loses nothing to a power cut: every commit is synced, and so
            # is the folder after the journal is gone.
            self._connection.execute("PRAGMA synchronous = EXTRA")
            self._connection.execute("PRAGMA trusted_schema = OFF")
            self._connection.execute("PRAGMA cell_size_check = ON")
            version = schema.version_of(self._connection, self._name)
        if version == schema.OLD_VERSION:
            with self._exclusive():
                # Another process may have been faster since the look above.
                if schema.version_of(self._connection, self._name) == schema.OLD_VERSION:
                    migration.migrate(self._connection, path, self._name)
        with self._transaction("BEGIN"):
            integrity.require_whole(self._connection, self._name)

    def _exclusive(self, *, keep: bool = True) -> contextlib.AbstractContextManager[None]:
        """A transaction that keeps every other writer out from its first statement on."""
        return self._transaction("BEGIN IMMEDIATE", keep=keep)

    @contextlib.contextmanager
    def _transaction(self, begin: str, *, keep: bool = True) -> Iterator[None]:
        with faults(self._name):
            self._connection.execute(begin)
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

    def record(
        self,
        entries: Sequence[Entry],
        adopted: Sequence[Adoption] = (),
        tell: Tell = nothing_to_tell,
    ) -> tuple[bool, ...]:
        """Spend the nonces of ``entries``, all of them or none, durably.

        Args:
            entries: in the order in which they will be posted.
            adopted: heads of another chain to take over in the same step.
            tell: the events of it, by what this returns; they are recorded in the same step.

        Returns:
            For each entry whether it was recorded before.

        Raises:
            RuleRefused: ``nonce-used``, ``nonce-revoked``, ``nonce-too-low`` or
                ``ledger-damaged``; nothing was recorded.
            EnvironmentFault: ``ledger-locked``, ``ledger-full`` or ``ledger-unusable``; nothing was
                recorded.
        """
        with self._exclusive():
            self._adopt(adopted)
            known = spending.spend(self._connection, self._name, entries)
            self._note(tell(known))
        return known

    def rehearse(self, entries: Sequence[Entry]) -> None:
        """Raise what `record` would raise, and record nothing."""
        with self._exclusive(keep=False):
            spending.spend(self._connection, self._name, entries)

    def _adopt(self, adopted: Sequence[Adoption]) -> None:
        head = rows.end(self._connection)
        for adoption in adopted:
            head = rows.append(self._connection, head, adoption)

    def merge(
        self,
        entries: Sequence[Entry],
        heads: Sequence[Head] = (),
        audit_heads: Sequence[ChainHead] = (),
        now: int | None = None,
    ) -> Merged:
        """Take over entries of another ledger, all of them or none.

        Args:
            entries: in the order of the other ledger.
            heads: every head that the other ledger contains; from now on this one contains them.
            audit_heads: every head of an audit chain that the other ledger contains; likewise.
            now: the time to note, ms since the epoch; None without a clock.

        Raises:
            RuleRefused: ``nonce-used`` when an entry contradicts this ledger or another entry.
            EnvironmentFault: as `record`.
        """
        added = 0
        with self._exclusive():
            head = rows.end(self._connection)
            for entry in entries:
                if not spending.is_recorded(self._connection, self._name, entry):
                    head = rows.append(self._connection, head, entry)
                    added += 1
            missing = rows.missing(self._connection, self._name, heads)
            self._adopt(
                [
                    Adoption(IMPORT, missing[first : first + _HEADS_A_ROW])
                    for first in range(0, len(missing), _HEADS_A_ROW)
                ]
            )
            taken = self.audit.missing(audit_heads)
            if added or missing or taken:
                self._note(audit.import_events(added, taken, now))
        return Merged(added, len(entries) - added)

    def entries(
        self, network: Network | None = None, signer: Address | None = None
    ) -> tuple[Entry, ...]:
        """All entries, or those of one network or signer, the oldest nonce first.

        Raises:
            RuleRefused: ``ledger-damaged``.
            EnvironmentFault: as `record`.
        """
        with faults(self._name):
            return rows.entries(self._connection, self._name, network, signer)

    def payload_with(self, network: Network, signer: Address, nonce: int) -> Entry | None:
        """The payload that was signed with this nonce, if one was."""
        with faults(self._name):
            whose = (network, signer, nonce)
            return rows.spent_on(self._connection, self._name, whose, What.PAYLOAD)

    def highest_nonces(self, network: Network, signer: Address) -> list[int]:
        """The signer's highest nonces, at most 100, the lowest of them first."""
        with faults(self._name):
            return rows.highest_nonces(self._connection, network, signer)

    def head(self) -> Head:
        """How far the chain of rows reaches."""
        with faults(self._name):
            return rows.end(self._connection)

    def reached(self) -> Reached:
        """How far both chains reach."""
        with self._transaction("BEGIN"):
            return Reached(rows.end(self._connection), self.audit.head())

    def missing(self, heads: Sequence[Head]) -> tuple[Head, ...]:
        """Those of ``heads`` that this ledger does not contain."""
        with faults(self._name):
            return rows.missing(self._connection, self._name, heads)

    def chain(self) -> tuple[Entry | Adoption, ...]:
        """Every row in the order of the chain."""
        with self._transaction("BEGIN"):
            return tuple(rows.in_order(self._connection, self._name))

    def confirmed_coin(self, network: Network, asset: int) -> str | None:
        """The name that a person has confirmed for an asset id, if one has."""
        with faults(self._name):
            return coins.find(self._connection, network, asset)

    def confirmed_coins(self) -> tuple[ConfirmedCoin, ...]:
        """All confirmed names, by network and id."""
        with faults(self._name):
            return coins.confirmed(self._connection, self._name)

    def remember_coins(self, confirmed: Sequence[ConfirmedCoin]) -> None:
        """Remember names that a person has confirmed, all of them or none.

        Raises:
            RuleRefused: ``market-mismatch`` when one contradicts an earlier one.
            EnvironmentFault: as `record`.
        """
        with self._exclusive():
            coins.remember(self._connection, confirmed)

    def forget_coin(self, network: Network, asset: int) -> bool:
        """Forget a confirmed name; says whether there was one."""
        with self._exclusive():
            return coins.forget(self._connection, network, asset)

    def policy_mark(self, signer: Address) -> PolicyMark | None:
        """The newest policy that a key's requests were judged by, if any ever was."""
        with faults(self._name):
            return policies.find(self._connection, signer, self._name)

    def remember_policy(self, mark: PolicyMark, events: Sequence[Event] = ()) -> None:
        """Remember it, durably; see `coldlever.signer.ledger.policies.remember`."""
        with self._exclusive():
            policies.remember(self._connection, mark, self._name)
            self._note(events)

    @property
    def audit(self) -> AuditTable:
        """Who did what here, and when."""
        return AuditTable(self._connection, self._name)

    def note(self, events: Sequence[Event]) -> None:
        """Record events that no other row goes with, all of them or none, durably.

        Raises:
            EnvironmentFault: as `record`.
        """
        with self._exclusive():
            self._note(events)

    def _note(self, events: Sequence[Event]) -> None:
        audit.append(self._connection, events, self._name)
