"""Is the ledger as this program left it? Asked at each opening, before anything is believed."""

from __future__ import annotations

import sqlite3
from hashlib import sha256

from coldlever.signer.ledger import audit, coins, policies, rows, schema
from coldlever.signer.ledger.chain import START
from coldlever.signer.ledger.faults import damaged


def require_whole(connection: sqlite3.Connection, name: str) -> None:
    """Check pages, indexes, tables, types, and that the rows form the chain they claim.

    Runs inside a transaction, so that all of it is one moment.

    Raises:
        RuleRefused: ``ledger-damaged`` or ``audit-damaged``.
    """
    require_sound_pages(connection, name)
    schema.require_tables(connection, schema.VERSION, name)
    rows.require_types(connection, name)
    require_chain(connection, name)
    audit.require_chain(connection, name)
    coins.confirmed(connection, name)
    policies.require_types(connection, name)


def require_sound_pages(connection: sqlite3.Connection, name: str) -> None:
    """Let SQLite look through its pages; the long check, because the short one skips indexes.

    An index that hides a row would let its nonce be spent again.

    Raises:
        RuleRefused: ``ledger-damaged``.
    """
    (answer,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if answer != "ok":
        raise damaged(name, str(answer).strip())


def require_chain(connection: sqlite3.Connection, name: str) -> None:
    """Compute every link anew.

    Raises:
        RuleRefused: ``ledger-damaged``.
    """
    link = START.link
    for count, (row, stored) in enumerate(rows.packed_in_order(connection, name), 1):
        link = sha256(link + row).digest()
        if link != stored:
            raise damaged(name, f"its row {count} is not the one that was written")
