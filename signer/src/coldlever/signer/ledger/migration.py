"""Ledgers of release 0.1 become today's, in place and after a copy."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from coldlever.shared.audit import Event, Kind
from coldlever.shared.errors import ColdleverError, UsageRefused
from coldlever.shared.files import read_bounded, write_exclusive
from coldlever.signer.ledger import audit, integrity, rows, schema
from coldlever.signer.ledger.chain import START
from coldlever.signer.ledger.faults import unusable

_SUFFIX = ".0.1.bak"
_COPIES = 100


def migrate(connection: sqlite3.Connection, path: Path, name: str) -> None:
    """Copy the file beside itself, then give its rows today's tables and a chain.

    Args:
        connection: inside a transaction that keeps other writers out; the tables are of 0.1.
        path: the ledger's file.
        name: the same, printable.

    Raises:
        RuleRefused: ``ledger-damaged``; the file is as it was.
        EnvironmentFault: ``ledger-unusable`` when the copy cannot be made.
    """
    integrity.require_sound_pages(connection, name)
    schema.require_tables(connection, schema.OLD_VERSION, name)
    known = rows.old_entries(connection, name)
    # Not read from the file: closing it would drop the locks that SQLite holds on it.
    _copy(connection.serialize(), path, name)
    connection.execute("ALTER TABLE signed RENAME TO signed_0_1")
    schema.create(connection)
    head = START
    for entry in known:
        head = rows.append(connection, head, entry)
    connection.execute("DROP TABLE signed_0_1")
    audit.append(connection, [_event(len(known))], name)


def _event(count: int) -> Event:
    return Event(Kind.ADOPTED, f"took over {count} entries of a ledger of release 0.1")


def _copy(data: bytes, path: Path, name: str) -> None:
    for number in range(1, _COPIES):
        place = path.with_name(path.name + _SUFFIX + ("" if number == 1 else f".{number}"))
        try:
            write_exclusive(place, data)
        except UsageRefused:
            # A run that was stopped has made it; only one with the same content is good enough.
            if _holds(place, data):
                return
        except ColdleverError as error:
            raise unusable(name, f"its copy cannot be made: {error.message}") from None
        else:
            return
    raise unusable(name, f"there are {_COPIES} copies of it already")


def _holds(place: Path, data: bytes) -> bool:
    try:
        return read_bounded(place, len(data)) == data
    except ColdleverError:
        return False
