"""A ledger on a server that several machines share: PostgreSQL, and what speaks as it does.

A commit has to be on the server's disk before it returns. What a server says about itself is asked
on each new connection, because a role, a database or a restart may change it.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from coldlever.broadcaster.ledger.faults import database_errors
from coldlever.broadcaster.ledger.lease import Leases
from coldlever.broadcaster.ledger.migration import (
    SCHEMA_VERSION,
    make_schema,
    require_known,
    upgrade_schema,
)
from coldlever.broadcaster.ledger.server_session import set_up
from coldlever.broadcaster.ledger.tables import SCHEMA
from coldlever.shared.errors import EnvironmentFault

_CONNECT_TIMEOUT_S = 10
_DEAD_AFTER_MS = 15_000
# Several hosts may make the tables of a new ledger at once; all but one of them look again.
_LOOKS = 5
_UNDEFINED_TABLE = "42P01"
# Duplicates, and a transaction that another one made obsolete: somebody else was quicker.
_OVERTAKEN = frozenset({"42P07", "42710", "23505", "40001", "40P01"})


class LedgerServer:
    """Where a ledger of several machines is kept.

    Args:
        url: of the database, without a password.
        password: for it; None where a password file, a service file or nothing gives it.
        holder: who this process is, for the messages of others.
    """

    # What connections that only read are told: one statement needs no transaction around it.
    reading = MappingProxyType({"isolation_level": "AUTOCOMMIT"})
    # And those that must see one moment through several statements.
    snapshot = MappingProxyType({"isolation_level": "REPEATABLE READ"})

    def __init__(
        self, url: sa.URL, password: str | None = None, holder: str = "another process"
    ) -> None:
        self._url = url.set(drivername="postgresql+psycopg")
        self._password = password
        self._holder = holder

    @property
    def name(self) -> str:
        """What messages call it."""
        return self._url.set(drivername="postgresql").render_as_string(hide_password=True)

    def leases(self, engine: sa.Engine, monotonic: Callable[[], float]) -> Leases:
        """The leases that this process will hold.

        Args:
            engine: as `open` returned it.
            monotonic: a clock in seconds that never goes back.
        """
        return Leases(engine, self.name, self._holder, monotonic)

    def quick(self, engine: sa.Engine) -> sa.Engine:
        """The same: a transaction says for itself that it need not wait for the disk."""
        return engine

    def open(self) -> sa.Engine:
        """An engine on a ledger that is up to date; its tables are made when missing.

        Raises:
            EnvironmentFault: ``extra-missing``, ``ledger-unreachable``, ``ledger-not-durable``,
                ``ledger-read-only``, ``ledger-server-old``, ``ledger-locked``,
                ``ledger-unusable`` or ``ledger-version``.
        """
        engine = self._make_engine()
        try:
            with database_errors(self.name):
                self._bring_up_to_date(engine)
        except BaseException:
            engine.dispose()
            raise
        return engine

    def _make_engine(self) -> sa.Engine:
        try:
            engine = sa.create_engine(
                self._url,
                connect_args=self._arguments(),
                # A statement sees what is committed when it begins; what must not change between
                # two statements is locked.
                isolation_level="READ COMMITTED",
            )
        except ImportError:
            raise _extra_missing() from None

        @sa.event.listens_for(engine, "connect")
        def _configure(connection: Any, _record: object) -> None:
            try:
                set_up(connection, self.name)
            except BaseException:
                # The pool does not know it yet, so nobody else would.
                connection.close()
                raise

        return engine

    def _arguments(self) -> dict[str, object]:
        arguments: dict[str, object] = {
            "connect_timeout": _CONNECT_TIMEOUT_S,
            "application_name": "coldlever-broadcaster",
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": _DEAD_AFTER_MS,
        }
        arguments = {name: one for name, one in arguments.items() if name not in self._url.query}
        if self._password is not None:
            arguments["password"] = self._password
        return arguments

    def _bring_up_to_date(self, engine: sa.Engine) -> None:
        for look in range(1, _LOOKS + 1):
            version = self._version(engine)
            require_known(version, self.name)
            if version == SCHEMA_VERSION:
                return
            try:
                with engine.begin() as connection:
                    _advance(connection, version)
            except sa.exc.DBAPIError as error:
                if look == _LOOKS or _sqlstate(error) not in _OVERTAKEN:
                    raise

    def _version(self, engine: sa.Engine) -> int:
        reader = engine.execution_options(**self.reading)
        try:
            with reader.connect() as connection:
                text = connection.execute(sa.select(SCHEMA.c.version_num)).scalar()
        except sa.exc.ProgrammingError as error:
            if _sqlstate(error) != _UNDEFINED_TABLE:
                raise
            return 0
        return 0 if text is None else int(text)


def _advance(connection: sa.Connection, version: int) -> None:
    if version == 0:
        make_schema(connection)
        return
    # The row lock lets one host at a time bring it forward; the others then find it done.
    query = sa.select(SCHEMA.c.version_num).with_for_update()
    if connection.execute(query).scalar_one() == str(version):
        upgrade_schema(connection, version)


def _sqlstate(error: sa.exc.DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _extra_missing() -> EnvironmentFault:
    return EnvironmentFault(
        "extra-missing",
        "a ledger on PostgreSQL needs the package psycopg, which is not installed",
        "pip install 'coldlever-broadcaster[postgres]'",
    )
