"""A ledger without entries: in memory, and as a file."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from coldlever.shared.errors import EnvironmentFault, UsageRefused
from coldlever.shared.files import write_exclusive
from coldlever.signer.ledger import schema
from coldlever.signer.ledger.faults import damaged, unusable


def make_unless_there(path: Path, name: str) -> None:
    """Make an empty ledger, which appears under its name only when it is complete.

    Raises:
        RuleRefused: ``ledger-damaged`` when the file is empty.
        EnvironmentFault: ``ledger-unusable``.
    """
    with contextlib.suppress(OSError):
        if path.lstat().st_size == 0 and path.is_file():
            raise damaged(name, "it is empty")
        return
    with contextlib.closing(in_memory()) as connection:
        data = connection.serialize()
    try:
        write_exclusive(path, data)
    except UsageRefused:
        return  # another process was faster
    except EnvironmentFault as error:
        raise unusable(name, error.message) from None


def in_memory() -> sqlite3.Connection:
    """An empty ledger that no file holds."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.create(connection)
    return connection
