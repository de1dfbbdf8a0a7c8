"""A ledger's version, and the way from 0.1's: in place, in one transaction, after a copy."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import sqlalchemy as sa

from coldlever.broadcaster.ledger.tables import METADATA
from coldlever.shared.errors import EnvironmentFault
from coldlever.shared.printable import printable

SCHEMA_VERSION = 2
# What 0.1 had settled keeps its word, as `legacy`. What it had sent without learning the outcome
# is open, and what it had recorded without sending is unsent: that much its rows do prove.
_STEPS = (
    (
        "INSERT INTO posts (venue, signer, nonce, what, action_hash, url, account, coin, envelope,"
        " before, state, reading, attempts, code, sentence, legacy, reserved_at, changed_at,"
        " change_number)"
        " SELECT venue, signer, nonce, 'payload', action_hash, url, account, coin, envelope,"
        " before, CASE WHEN state = 'reserved' AND attempts = 0 THEN 'unsent'"
        " WHEN state IN ('reserved', 'posting', 'unknown') THEN 'open' ELSE 'legacy' END,"
        " 'not-read', attempts, REPLACE(code, '-after-attempt', ''), sentence, state, reserved_at,"
        " changed_at, ROW_NUMBER() OVER (ORDER BY changed_at, nonce) FROM posts_0_1"
    ),
    (
        "INSERT INTO attempts (venue, signer, nonce, what, number, state_before, code, answer,"
        " began_at) SELECT venue, signer, nonce, 'payload', attempts, 'legacy', code,"
        " CAST(answer AS BLOB), changed_at"
        " FROM posts_0_1 WHERE attempts > 0 ORDER BY changed_at, nonce"
    ),
    (
        "UPDATE posts SET last_attempt = COALESCE((SELECT MAX(id) FROM attempts"
        " WHERE attempts.venue = posts.venue AND attempts.signer = posts.signer"
        " AND attempts.nonce = posts.nonce AND attempts.what = posts.what), 0)"
    ),
    "DROP TABLE posts_0_1",
)


def bring_up_to_date(connection: sa.Connection, path: Path) -> None:
    """Make the tables of a new ledger, or those of an older one into today's.

    Args:
        connection: in a transaction that holds the write lock.
        path: the ledger's file.

    Raises:
        EnvironmentFault: ``ledger-unusable``, it is of another version.
    """
    version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    if version == 1:
        migrate(connection, path)
    elif version not in (0, SCHEMA_VERSION):
        raise EnvironmentFault(
            "ledger-unusable",
            f"{printable(str(path))}: version {version}, expected {SCHEMA_VERSION}",
            "use the coldlever version that wrote it, or update this one",
        )
    METADATA.create_all(connection)
    if version != SCHEMA_VERSION:
        connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")


def migrate(connection: sa.Connection, path: Path) -> None:
    """Bring a ledger of version 1 up to date.

    Args:
        connection: in a transaction that holds the write lock.
        path: the ledger's file; the copy is ``ledger-0.1.sqlite3`` beside it.
    """
    _copy(path, path.with_name("ledger-0.1.sqlite3"))
    connection.exec_driver_sql("DROP INDEX IF EXISTS posts_by_state")
    connection.exec_driver_sql("ALTER TABLE posts RENAME TO posts_0_1")
    METADATA.create_all(connection)
    for step in _STEPS:
        connection.exec_driver_sql(step)


def _copy(path: Path, copy: Path) -> None:
    """Copy a database as its readers see it, durably; one that was left unfinished is replaced."""
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
