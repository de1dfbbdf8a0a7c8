"""Request weight that all processes which share a ledger have spent, by the machine's wall clock.

The exchange counts by address, not by process. What is kept here need not outlive a power cut, so
it is written without waiting for the disk.

A clock that is set back leaves times that lie ahead: nobody knows how old they are, so they count
as spent just now, which blocks for a minute at most. One that is set forward forgets a minute at
most; each process still keeps its own, by a clock that cannot be set.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from coldlever.broadcaster.ledger.faults import database_errors
from coldlever.broadcaster.ledger.lease import DATABASE_NOW
from coldlever.broadcaster.ledger.tables import WEIGHT

WINDOW_MS = 60_000
# Requests do not arrive as evenly as they leave.
SLACK_MS = 500
# All that is spent within a second is one record.
_STEP_MS = 1_000
# On a server: the record of a venue whose row lock lets one host in at a time.
_LOCK = -1


class SharedWeight:
    """The weight spent at one venue; safe to use from several threads and processes.

    Args:
        engine: to the ledger; its transactions take the write lock at once.
        name: the ledger's file or URL, to be named.
        place: the venue's address.
        limit: weight allowed within any 60 seconds.
    """

    def __init__(self, engine: sa.Engine, name: str, place: str, limit: int) -> None:
        self._engine = engine
        self._name = name
        self._place = place
        self._limit = limit
        self._ahead: int | None = None

    def take(self, weight: int, now: int) -> int:
        """Spend ``weight``, or say how long to wait.

        Args:
            weight: of a request; one above the limit passes when all else has.
            now: this machine's clock, ms since the epoch.

        Returns:
            0 when it was spent, otherwise ms until it may be.

        Raises:
            EnvironmentFault: the ledger failed.
        """
        with self._alone(now) as (connection, time):
            spent = self._recent(connection, time)
            wait = _wait(spent, self._limit - weight, time)
            if wait == 0:
                self._add(connection, _end_of_step(time), weight)
        return wait

    def refuse(self, wait_ms: int, now: int) -> None:
        """Let nobody pass for a while: the exchange has refused a request for its weight.

        Args:
            wait_ms: for how long; a window at most.
            now: this machine's clock, ms since the epoch.
        """
        with self._alone(now) as (connection, time):
            at = time + min(wait_ms, WINDOW_MS) - WINDOW_MS - SLACK_MS
            self._add(connection, at, self._limit)

    @contextmanager
    def _alone(self, now: int) -> Iterator[tuple[sa.Connection, int]]:
        """A transaction with no other of its venue at the same time, and the time by its clock."""
        with database_errors(self._name), self._engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                yield connection, now
                return
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            lock = insert(WEIGHT).values(place=self._place, at=_LOCK, weight=0)
            connection.execute(
                lock.on_conflict_do_update(
                    index_elements=list(WEIGHT.primary_key), set_={"weight": 0}
                )
            )
            if self._ahead is None:
                # The hosts' clocks differ; each goes on from the database's by its own.
                self._ahead = connection.execute(sa.select(DATABASE_NOW)).scalar_one() - now
            yield connection, now + self._ahead

    def _recent(self, connection: sa.Connection, now: int) -> list[tuple[int, int]]:
        """What still counts, by time; what lies ahead is moved to now, what is over forgotten."""
        end = _end_of_step(now)
        ahead = sa.select(sa.func.sum(WEIGHT.c.weight)).where(*self._own(), WEIGHT.c.at > end)
        moved = connection.execute(ahead).scalar()
        if moved:
            connection.execute(sa.delete(WEIGHT).where(*self._own(), WEIGHT.c.at > end))
            self._add(connection, end, moved)
        over = now - WINDOW_MS - SLACK_MS
        connection.execute(sa.delete(WEIGHT).where(*self._own(), WEIGHT.c.at.between(0, over)))
        query = sa.select(WEIGHT.c.at, WEIGHT.c.weight).where(*self._own()).order_by(WEIGHT.c.at)
        return [(at, weight) for at, weight in connection.execute(query)]

    def _add(self, connection: sa.Connection, at: int, weight: int) -> None:
        known = connection.execute(
            sa.update(WEIGHT)
            .where(*self._own(), WEIGHT.c.at == at)
            .values(weight=WEIGHT.c.weight + weight)
        )
        if known.rowcount == 0:
            connection.execute(sa.insert(WEIGHT).values(place=self._place, at=at, weight=weight))

    def _own(self) -> tuple[sa.ColumnElement[bool], ...]:
        return (WEIGHT.c.place == self._place,)


def _wait(spent: list[tuple[int, int]], room: int, now: int) -> int:
    """How long until no more than ``room`` is spent, ms; what weighs too much waits for all."""
    total = sum(weight for _, weight in spent)
    wait = 0
    for at, weight in spent:
        if total <= max(room, 0):
            break
        total -= weight
        wait = at + WINDOW_MS + SLACK_MS - now
    return max(wait, 0)


def _end_of_step(now: int) -> int:
    return -(-now // _STEP_MS) * _STEP_MS
