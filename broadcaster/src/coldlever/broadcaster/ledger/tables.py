"""The ledger's tables, and an engine that keeps its word: durable, and one writer at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

_WAL_PAUSE_S = 0.01

METADATA = sa.MetaData()
# In the form of Alembic, which brings the ledgers of older releases forward.
SCHEMA = sa.Table(
    "coldlever_schema", METADATA, sa.Column("version_num", sa.String(32), primary_key=True)
)
# Which ledger it is, wherever it is moved to with its database: one record.
IDENTITY = sa.Table("identity", METADATA, sa.Column("ledger", sa.String, primary_key=True))
POSTS = sa.Table(
    "posts",
    METADATA,
    sa.Column("venue", sa.String, primary_key=True),
    sa.Column("signer", sa.String, primary_key=True),
    sa.Column("nonce", sa.BigInteger, primary_key=True),
    sa.Column("what", sa.String, primary_key=True),
    sa.Column("action_hash", sa.String, nullable=False),
    sa.Column("url", sa.String, nullable=False),
    sa.Column("account", sa.String, nullable=False),
    sa.Column("coin", sa.String, nullable=False),
    sa.Column("envelope", sa.Text, nullable=False),
    sa.Column("before", sa.Text),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("reading", sa.String, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("code", sa.String),
    sa.Column("sentence", sa.Text),
    sa.Column("legacy", sa.String),
    sa.Column("reserved_at", sa.BigInteger, nullable=False),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
    # The ledger's own order of changes, which no clock can turn round; and its last attempt.
    sa.Column("change_number", sa.BigInteger, nullable=False),
    sa.Column("last_attempt", sa.BigInteger, nullable=False, server_default="0"),
    # When somebody last took it up to finish it, ms; see `claim.py`.
    sa.Column("looked_at", sa.BigInteger, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)
# One for each question, so that none gets slower with the ledger: see the queries.
sa.Index("posts_by_state", POSTS.c.state, POSTS.c.reading)
sa.Index("posts_by_change", POSTS.c.change_number)
sa.Index("posts_by_state_and_change", POSTS.c.state, POSTS.c.change_number)
sa.Index("posts_by_market", POSTS.c.account, POSTS.c.coin, POSTS.c.state)
sa.Index("posts_by_sending", POSTS.c.account, POSTS.c.coin, POSTS.c.last_attempt)
sa.Index("posts_by_turn", POSTS.c.account, POSTS.c.coin, POSTS.c.nonce)
sa.Index("posts_by_nonce", POSTS.c.nonce)
# `id` is the ledger's own order of sending, which no clock can turn round.
ATTEMPTS = sa.Table(
    "attempts",
    METADATA,
    sa.Column(
        "id",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    sa.Column("venue", sa.String, nullable=False),
    sa.Column("signer", sa.String, nullable=False),
    sa.Column("nonce", sa.BigInteger, nullable=False),
    sa.Column("what", sa.String, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("state_before", sa.String, nullable=False),
    sa.Column("event", sa.String),
    sa.Column("code", sa.String),
    sa.Column("answer", sa.LargeBinary),
    sa.Column("began_at", sa.BigInteger, nullable=False),
    sa.Column("answered_at", sa.BigInteger),
    sa.UniqueConstraint("venue", "signer", "nonce", "what", "number"),
    sqlite_autoincrement=True,
)
DRAFTS = sa.Table(
    "drafts",
    METADATA,
    sa.Column("venue", sa.String, primary_key=True),
    sa.Column("signer", sa.String, primary_key=True),
    sa.Column("nonce", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
# Who may post at an account's market, on a server; `fence` counts its takers, `ends_at` is ms by
# the database's clock. See `lease.py`.
LEASES = sa.Table(
    "leases",
    METADATA,
    sa.Column("venue", sa.String, primary_key=True),
    sa.Column("account", sa.String, primary_key=True),
    sa.Column("coin", sa.String, primary_key=True),
    sa.Column("holder", sa.String, nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("ends_at", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
# What was spent of the exchange's budget, by the end of the second; see `weight.py`.
WEIGHT = sa.Table(
    "weight",
    METADATA,
    sa.Column("place", sa.String, primary_key=True),
    sa.Column("at", sa.BigInteger, primary_key=True),
    sa.Column("weight", sa.Integer, nullable=False),
    sqlite_with_rowid=False,
)
# Which audit chain this is, and its head: one record, locked last in a transaction; see `audit.py`.
CHAIN = sa.Table(
    "audit_chain",
    METADATA,
    sa.Column("one", sa.Integer, sa.CheckConstraint("one = 1"), primary_key=True),
    sa.Column("id", sa.LargeBinary, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("link", sa.LargeBinary, nullable=False),
)
# Its events, in their canonical bytes; `nonce` repeats theirs, to find them by.
AUDIT = sa.Table(
    "audit",
    METADATA,
    sa.Column(
        "position",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("event", sa.LargeBinary, nullable=False),
    sa.Column("link", sa.LargeBinary, nullable=False),
    sa.Column("nonce", sa.BigInteger),
)
sa.Index("audit_by_nonce", AUDIT.c.nonce, AUDIT.c.position)


@dataclass(frozen=True, slots=True)
class Patience:
    """How a writer waits for another process.

    Args:
        timeout_ms: how long, ms.
        sleep: waits that many seconds.
        monotonic: a clock in seconds that never goes back.
    """

    timeout_ms: int
    sleep: Callable[[float], None]
    monotonic: Callable[[], float]


def make_engine(path: Path, patience: Patience, *, is_durable: bool = True) -> sa.Engine:
    """An engine whose commits are on the disk before they return.

    Args:
        path: the SQLite file; made when missing.
        patience: how to wait for another process that writes.
        is_durable: False for what may be lost in a power cut, and is written sooner.

    Returns:
        Transactions take the write lock at once, except those of connections with the execution
        option ``reading``.
    """
    # Not as one text: a "?" in a folder's name would end the path there.
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)))

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        try:
            _set_up(connection, patience, is_durable=is_durable)
        except BaseException:
            # The pool does not know it yet, so nobody else would.
            connection.close()
            raise

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # IMMEDIATE: check and insert happen under one write lock, across processes.
        if connection.get_execution_options().get("reading"):
            connection.exec_driver_sql("BEGIN")
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _set_up(connection: sqlite3.Connection, patience: Patience, *, is_durable: bool) -> None:
    # The driver must not begin transactions by itself: see make_engine.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {patience.timeout_ms}")
    _enter_wal(cursor, patience)
    # FULL: a commit is on the disk before it returns, which is the point of this ledger.
    cursor.execute(f"PRAGMA synchronous = {'FULL' if is_durable else 'NORMAL'}")
    cursor.close()


def _enter_wal(cursor: sqlite3.Cursor, patience: Patience) -> None:
    """Switch to the write-ahead log; SQLite does not wait for others here, so this does.

    Two processes that open a new ledger at once meet in this place.
    """
    deadline = patience.monotonic() + patience.timeout_ms / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or patience.monotonic() >= deadline:
                raise
            patience.sleep(_WAL_PAUSE_S)
        else:
            return
