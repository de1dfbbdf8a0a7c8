"""The ledger's tables, version by version."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from coldlever.shared.action.address import ADDRESS_BYTES
from coldlever.shared.action.what import What
from coldlever.shared.errors import EnvironmentFault
from coldlever.signer.ledger import audit
from coldlever.signer.ledger.chain import HEAD_BYTES, IMPORT, LINK_BYTES, NEW_LEDGER
from coldlever.signer.ledger.entry import HASH_BYTES
from coldlever.signer.ledger.faults import damaged

# Marks the file as ours ("clsl") and its tables as of this version.
APPLICATION_ID = 0x636C736C
VERSION = 2
OLD_VERSION = 1

OLD_TABLES = {
    "signed": f"""CREATE TABLE signed (
    network TEXT NOT NULL CHECK (network IN ('mainnet', 'testnet')),
    signer BLOB NOT NULL CHECK (length(signer) = {ADDRESS_BYTES}),
    nonce INTEGER NOT NULL CHECK (typeof(nonce) = 'integer' AND nonce >= 0),
    action_hash BLOB NOT NULL CHECK (length(action_hash) = {HASH_BYTES}),
    recorded_at INTEGER,
    description TEXT NOT NULL,
    PRIMARY KEY (network, signer, nonce)
) WITHOUT ROWID"""
}
# `signed` and `adopted` are one chain: their positions count through both.
TABLES = {
    "signed": f"""CREATE TABLE signed (
    position INTEGER PRIMARY KEY CHECK (position > 0),
    network TEXT NOT NULL CHECK (network IN ('mainnet', 'testnet')),
    signer BLOB NOT NULL CHECK (typeof(signer) = 'blob' AND length(signer) = {ADDRESS_BYTES}),
    nonce INTEGER NOT NULL CHECK (typeof(nonce) = 'integer' AND nonce >= 0),
    what TEXT NOT NULL CHECK (what IN ('{What.PAYLOAD.value}', '{What.REVOCATION.value}')),
    action_hash BLOB NOT NULL
        CHECK (typeof(action_hash) = 'blob' AND length(action_hash) = {HASH_BYTES}),
    recorded_at INTEGER CHECK (recorded_at IS NULL OR typeof(recorded_at) = 'integer'),
    description TEXT NOT NULL CHECK (typeof(description) = 'text'),
    link BLOB NOT NULL CHECK (typeof(link) = 'blob' AND length(link) = {LINK_BYTES}),
    UNIQUE (network, signer, nonce, what)
)""",
    "adopted": f"""CREATE TABLE adopted (
    position INTEGER PRIMARY KEY CHECK (position > 0),
    reason TEXT NOT NULL CHECK (reason IN ('{IMPORT}', '{NEW_LEDGER}')),
    heads BLOB NOT NULL CHECK (typeof(heads) = 'blob' AND length(heads) % {HEAD_BYTES} = 0),
    link BLOB NOT NULL CHECK (typeof(link) = 'blob' AND length(link) = {LINK_BYTES})
)""",
    "confirmed_coin": f"""CREATE TABLE confirmed_coin (
    network TEXT NOT NULL CHECK (network IN ('mainnet', 'testnet')),
    asset INTEGER NOT NULL CHECK (typeof(asset) = 'integer' AND asset >= 0),
    coin TEXT NOT NULL CHECK (typeof(coin) = 'text'),
    seal BLOB NOT NULL CHECK (typeof(seal) = 'blob' AND length(seal) = {HASH_BYTES}),
    PRIMARY KEY (network, asset)
) WITHOUT ROWID""",
    "policy": f"""CREATE TABLE policy (
    signer BLOB PRIMARY KEY CHECK (typeof(signer) = 'blob' AND length(signer) = {ADDRESS_BYTES}),
    version INTEGER NOT NULL CHECK (typeof(version) = 'integer' AND version > 0),
    digest BLOB CHECK (digest IS NULL OR length(digest) = {HASH_BYTES}),
    seal BLOB NOT NULL CHECK (typeof(seal) = 'blob' AND length(seal) = {HASH_BYTES})
) WITHOUT ROWID""",
}
_INDEXES = {"signed": "sqlite_autoindex_signed_1"}


def create(connection: sqlite3.Connection) -> None:
    """Make the tables of today in an empty database or beside renamed old ones."""
    for table in TABLES.values():
        connection.execute(table)
    audit.begin(connection)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def version_of(connection: sqlite3.Connection, name: str) -> int:
    """The version of a ledger's tables.

    Raises:
        RuleRefused: ``ledger-damaged`` when it is no ledger of ours.
        EnvironmentFault: ``ledger-version``.
    """
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise damaged(name, "it is no ledger of this program")
    version = _pragma(connection, "user_version")
    if version not in (OLD_VERSION, VERSION):
        raise EnvironmentFault(
            "ledger-version",
            f"{name} has the ledger version {version}, this program knows {VERSION}",
            "use the program that made it, or a newer one",
        )
    return version


def require_tables(connection: sqlite3.Connection, version: int, name: str) -> None:
    """Refuse tables, indexes, triggers and views that are not letter by letter ours.

    Raises:
        RuleRefused: ``ledger-damaged``.
    """
    found = set(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"))
    if found != (
        _expected(TABLES | audit.TABLES, _INDEXES)
        if version == VERSION
        else _expected(OLD_TABLES, {})
    ):
        raise damaged(name, "its tables are not as this program makes them")
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode not in ("delete", "memory"):
        raise damaged(name, f"its journal mode is {mode}")


def _expected(
    tables: Mapping[str, str], indexes: Mapping[str, str]
) -> set[tuple[str, str, str, str | None]]:
    return {("table", name, name, sql) for name, sql in tables.items()} | {
        ("index", index, table, None) for table, index in indexes.items()
    }


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
