"""Leases of accounts' markets, where several machines share a ledger.

A lock of the operating system reaches one machine. A lease is a row with an end, by the clock of
the database, and a number that counts its takers: whoever records an attempt shows that number in
the same transaction, under the row's lock, and nothing is recorded with an older one. The exchange
checks no such number. A host that is suspended between its record and its socket may therefore
send late; it sends the bytes of a row that is open, and while a row is open nobody sends another
payload for its market.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from coldlever.broadcaster.ledger.faults import database_errors
from coldlever.broadcaster.ledger.row import NonceKey, Place
from coldlever.broadcaster.ledger.tables import LEASES
from coldlever.broadcaster.ledger.upsert import insert_for
from coldlever.shared.errors import EnvironmentFault
from coldlever.shared.printable import printable

# Longer than a request to the exchange can take, the time to record it and to begin it included.
LEASE_MS = 45_000
# What was recorded longer ago than this is not sent any more.
BEGIN_WITHIN_S = 10.0
# In the place of a coin: the row that is locked for a signer, and never leased.
_SIGNER = "(signer)"

# The database's clock, ms since the epoch.
DATABASE_NOW = sa.cast(sa.extract("epoch", sa.func.clock_timestamp()) * 1000, sa.BigInteger)
# In a statement of a transaction that need not wait for the disk: a lease that a crash loses is
# found when it is shown.
_NOT_TO_DISK = sa.func.set_config("synchronous_commit", "off", True)


class Leases:
    """The leases that one process holds.

    Args:
        engine: of the ledger's server.
        name: where it is, to be named.
        holder: who this process is, for the messages of others.
        monotonic: a clock in seconds that never goes back.
    """

    def __init__(
        self, engine: sa.Engine, name: str, holder: str, monotonic: Callable[[], float]
    ) -> None:
        self._engine = engine
        # One statement is a transaction by itself, and begins and ends without asking for it.
        self._single = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._name = name
        # Its own, so that a number which a crash of the server gives out twice is still one's own.
        self._holder = f"{holder}, {secrets.token_hex(4)}"
        self._monotonic = monotonic
        self._fences: dict[Place, int] = {}

    def take(self, place: Place) -> str | None:
        """Take a market's lease, if nobody holds it.

        Returns:
            None when it is held by this process now, else who holds it.

        Raises:
            EnvironmentFault: the ledger could not be asked.
        """
        fresh = insert_for(self._engine, LEASES).values(
            **_key(place), holder=self._holder, fence=1, ends_at=DATABASE_NOW + LEASE_MS
        )
        taking = fresh.on_conflict_do_update(
            index_elements=list(LEASES.primary_key),
            set_={
                "holder": fresh.excluded.holder,
                "fence": LEASES.c.fence + 1,
                "ends_at": fresh.excluded.ends_at,
            },
            where=LEASES.c.ends_at <= DATABASE_NOW,
        ).returning(LEASES.c.fence, _NOT_TO_DISK)
        with database_errors(self._name), self._single.begin() as connection:
            fence = connection.execute(taking).scalar()
            if fence is None:
                theirs = sa.select(LEASES.c.holder).where(*_at(place))
                return printable(str(connection.execute(theirs).scalar_one()))
        self._fences[place] = fence
        return None

    def give_back(self, place: Place) -> None:
        """End a lease before its time; what is not held is left alone.

        Raises:
            EnvironmentFault: the ledger could not be told; then the lease ends by itself.
        """
        fence = self._fences.pop(place, None)
        if fence is None:
            return
        ending = sa.update(LEASES).where(*self._own(place, fence)).values(ends_at=0)
        with database_errors(self._name), self._single.begin() as connection:
            connection.execute(ending.returning(_NOT_TO_DISK))

    @contextmanager
    def sending(self, place: Place) -> Iterator[sa.Connection]:
        """A transaction that records an attempt, with the market's lease renewed in it.

        Raises:
            EnvironmentFault: ``lease-lost``; nothing is to be sent.
        """
        began = self._monotonic()
        with self._engine.begin() as connection:
            if not self._renew(connection, place):
                raise _lost("another host has taken this account's market over; nothing was sent")
            yield connection
        if self._monotonic() - began > BEGIN_WITHIN_S:
            raise _lost("recording the attempt took too long; nothing was sent")

    def keep(self, place: Place) -> bool:
        """Renew a lease that is held; False when another host has taken it since.

        Raises:
            EnvironmentFault: the ledger could not be asked.
        """
        with database_errors(self._name), self._engine.begin() as connection:
            return self._renew(connection, place)

    def _renew(self, connection: sa.Connection, place: Place) -> bool:
        """The lock on the row keeps every other taker out until the transaction ends.

        One that has ended is renewed as well: its number proves that nobody has taken it since.
        """
        renewing = (
            sa.update(LEASES)
            .where(*self._own(place, self._fences.get(place, 0)))
            .values(ends_at=DATABASE_NOW + LEASE_MS)
        )
        return connection.execute(renewing).rowcount == 1

    def _own(self, place: Place, fence: int) -> tuple[sa.ColumnElement[bool], ...]:
        return *_at(place), LEASES.c.fence == fence, LEASES.c.holder == self._holder


def hold_still(connection: sa.Connection, market: dict[str, str]) -> None:
    """Keep every host from beginning an attempt at a market until the transaction ends.

    Whoever holds the lease loses it. SQLite has one writer at a time, and needs nothing.

    Args:
        connection: in a transaction.
        market: ``venue``, ``account`` and ``coin``.
    """
    if connection.dialect.name == "sqlite":
        return
    fresh = insert_for(connection, LEASES).values(**market, holder="", fence=1, ends_at=0)
    connection.execute(
        fresh.on_conflict_do_update(
            index_elements=list(LEASES.primary_key),
            set_={"fence": LEASES.c.fence + 1, "ends_at": 0},
        )
    )


def hold_signer(connection: sa.Connection, key: NonceKey) -> None:
    """Keep other hosts from changing rows of a signer until the transaction ends.

    A payload and its revocation are two rows: each is looked for before the other is written, and
    both may be for different markets. SQLite has one writer at a time, and needs nothing.

    Args:
        connection: in a transaction.
        key: of a row of the signer.
    """
    if connection.dialect.name == "sqlite":
        return
    signer = {"venue": key.venue, "account": key.signer.lower, "coin": _SIGNER}
    fresh = insert_for(connection, LEASES).values(**signer, holder="", fence=1, ends_at=0)
    connection.execute(
        fresh.on_conflict_do_update(index_elements=list(LEASES.primary_key), set_={"ends_at": 0})
    )


def _lost(why: str) -> EnvironmentFault:
    return EnvironmentFault("lease-lost", why, "look at `history`, then repeat the command")


def _key(place: Place) -> dict[str, str]:
    return {"venue": place.venue, "account": place.account.lower, "coin": place.coin}


def _at(place: Place) -> tuple[sa.ColumnElement[bool], ...]:
    return tuple(LEASES.c[name] == value for name, value in _key(place).items())
