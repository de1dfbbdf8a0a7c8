"""The ledger's schema: made new, or brought forward from what a release had written.

A new ledger is made from the tables as they are. An older one goes through the revisions, which
Alembic runs in the caller's transaction; Alembic is imported for that alone, so that a ledger that
is up to date does not wait for it.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import sqlalchemy as sa

from coldlever.broadcaster.ledger.audit import begin_chain
from coldlever.broadcaster.ledger.tables import IDENTITY, METADATA, SCHEMA
from coldlever.shared.errors import EnvironmentFault
from coldlever.shared.printable import printable

SCHEMA_VERSION = 2
_REVISIONS = Path(__file__).parent / "revisions"


def make_schema(connection: sa.Connection) -> None:
    """Make the tables of an empty ledger.

    Args:
        connection: in a transaction.
    """
    METADATA.create_all(connection)
    name_ledger(connection)
    begin_chain(connection)
    connection.execute(sa.insert(SCHEMA).values(version_num=str(SCHEMA_VERSION)))


def name_ledger(connection: sa.Connection) -> None:
    """Give a ledger its identity, by the database's own chance."""
    chance = {
        "sqlite": sa.func.lower(sa.func.hex(sa.func.randomblob(16))),
        "postgresql": sa.cast(sa.func.gen_random_uuid(), sa.String),
    }
    connection.execute(sa.insert(IDENTITY).values(ledger=chance[connection.dialect.name]))


def upgrade_schema(connection: sa.Connection, version: int, target: int = SCHEMA_VERSION) -> None:
    """Bring the tables of an older release up to date.

    Args:
        connection: in a transaction that keeps other writers out.
        version: of the tables as they are; 0 where there are none.
        target: the version to reach.
    """
    from alembic.config import Config  # noqa: PLC0415
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    scripts = ScriptDirectory(str(_REVISIONS), version_locations=[str(_REVISIONS)])
    head = str(target)
    environment = EnvironmentContext(
        Config(),
        scripts,
        fn=lambda current, _: scripts._upgrade_revs(head, current),  # noqa: SLF001
    )
    environment.configure(connection=connection, version_table=SCHEMA.name)
    context = environment.get_context()
    if version and not context.get_current_heads():
        context.stamp(scripts, str(version))
    environment.run_migrations()


def require_known(version: int, name: str) -> None:
    """The ledger's version is one that this program knows.

    Args:
        version: of the ledger.
        name: where it is, to be named.

    Raises:
        EnvironmentFault: ``ledger-version``.
    """
    if not 0 <= version <= SCHEMA_VERSION:
        raise EnvironmentFault(
            "ledger-version",
            f"{printable(name)}: ledger version {version}, this program knows {SCHEMA_VERSION}",
            "use the coldlever version that wrote it, or update this one",
        )


def copy_file(path: Path, copy: Path) -> None:
    """Copy an SQLite file as its readers see it, durably; an unfinished copy is replaced.

    Args:
        path: the file.
        copy: where to.
    """
    fresh = copy.with_suffix(".part")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    source, target = sqlite3.connect(path), sqlite3.connect(fresh)
    try:
        source.backup(target)
    finally:
        target.close()
        source.close()
    fresh.replace(copy)
    folder = os.open(copy.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
