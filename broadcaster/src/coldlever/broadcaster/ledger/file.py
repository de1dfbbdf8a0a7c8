"""A ledger in a file of its own: SQLite, for one machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType

import sqlalchemy as sa

from coldlever.broadcaster.ledger.faults import database_errors
from coldlever.broadcaster.ledger.migration import (
    SCHEMA_VERSION,
    copy_file,
    make_schema,
    require_known,
    upgrade_schema,
)
from coldlever.broadcaster.ledger.tables import Patience, make_engine

FILE_NAME = "ledger.sqlite3"


class LedgerFile:
    """Where a ledger of one machine is kept.

    Args:
        folder: an existing folder; the ledger is ``ledger.sqlite3`` in it.
        patience: how to wait for another process that writes.
    """

    # What connections that only read are told.
    reading = MappingProxyType({"reading": True})
    # And those that must see one moment through several statements.
    snapshot = reading

    def __init__(self, folder: Path, patience: Patience) -> None:
        self.path = folder / FILE_NAME
        self._patience = patience

    @property
    def name(self) -> str:
        """What messages call it."""
        return str(self.path)

    def leases(self, _engine: sa.Engine, _monotonic: Callable[[], float]) -> None:
        """None are needed: lock files reach every process that can open the ledger."""

    def quick(self, _engine: sa.Engine) -> sa.Engine:
        """An engine for what may be lost in a power cut."""
        return make_engine(self.path, self._patience, is_durable=False)

    def open(self) -> sa.Engine:
        """An engine on a ledger that is up to date; made when missing.

        Raises:
            EnvironmentFault: ``ledger-locked``, ``ledger-unusable`` or ``ledger-version``.
        """
        # Private from the start: the log beside it takes over the mode it finds.
        self.path.touch(mode=0o600)
        engine = make_engine(self.path, self._patience)
        try:
            with database_errors(self.name):
                self._bring_up_to_date(engine)
        except BaseException:
            engine.dispose()
            raise
        self.path.chmod(0o600)
        return engine

    def _bring_up_to_date(self, engine: sa.Engine) -> None:
        with engine.execution_options(**self.reading).connect() as connection:
            version = _version(connection)
        require_known(version, self.name)
        if version == SCHEMA_VERSION:
            return
        with engine.begin() as connection:
            # Another process may have done it meanwhile.
            version = _version(connection)
            require_known(version, self.name)
            if version == 0:
                make_schema(connection)
            elif version < SCHEMA_VERSION:
                copy_file(self.path, self.path.with_name("ledger-0.1.sqlite3"))
                upgrade_schema(connection, version)
            # Release 0.1 looks here, and keeps its hands off what is newer.
            connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _version(connection: sa.Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
