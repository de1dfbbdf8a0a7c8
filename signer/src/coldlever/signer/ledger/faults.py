"""SQLite's errors in our words; whatever it was, nothing gets signed."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from coldlever.shared.errors import EnvironmentFault, RuleRefused
from coldlever.shared.printable import printable
from coldlever.signer.ledger.entry import Entry

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
# No code at all is Python's own complaint, about text that is no UTF-8; the general one comes with
# a table or a file format that is not as it was made.
_DAMAGED = {
    0,
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_TOOBIG,
}
_RESTORE = (
    "move it away and put a backup of the file in its place, or bring the latest `ledger export` "
    "back with `ledger import` and use nonces from after that export only"
)


@contextlib.contextmanager
def faults(name: str) -> Iterator[None]:
    """Turn SQLite's errors into refusals.

    Args:
        name: the ledger's file, printable.

    Raises:
        RuleRefused: ``ledger-damaged``.
        EnvironmentFault: ``ledger-locked``, ``ledger-full`` or ``ledger-unusable``.
    """
    try:
        yield
    except sqlite3.ProgrammingError:
        raise  # a defect of ours, and nothing about the file
    except sqlite3.Error as error:
        raise _refusal(error, name) from None
    except UnicodeDecodeError:
        # A torn table has a name that is no text, and SQLite's own message quotes it.
        raise damaged(name, "it holds text that is no text") from None


def damaged(name: str, reason: str) -> RuleRefused:
    """The refusal of a ledger that is not as this program left it."""
    return RuleRefused("ledger-damaged", f"{name} is damaged: {printable(reason)}", _RESTORE)


def unusable(name: str, reason: str) -> EnvironmentFault:
    """The refusal of a ledger that cannot be read or written."""
    return EnvironmentFault(
        "ledger-unusable",
        f"{name}: {printable(reason)}; nothing was recorded or signed",
        "make it readable and writable, or choose another place with --state-dir",
    )


def revoked(entry: Entry) -> RuleRefused:
    """The refusal of a payload whose nonce was revoked."""
    return RuleRefused(
        "nonce-revoked",
        f"{entry.signer} has signed the revocation of the nonce {entry.nonce} on "
        f"{entry.network.value}: nothing else is signed with it any more",
        "draft the request again: a new draft takes a new nonce",
    )


def _refusal(error: sqlite3.Error, name: str) -> RuleRefused | EnvironmentFault:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _BUSY:
        return EnvironmentFault(
            "ledger-locked",
            f"{name} is in use by another process",
            "wait until the other signing is done, and try again",
        )
    if code in _DAMAGED:
        return damaged(name, str(error))
    if code == sqlite3.SQLITE_FULL:
        return EnvironmentFault(
            "ledger-full",
            f"{name} cannot grow: the disk is full; nothing was recorded or signed",
            "free some space or choose another place with --state-dir",
        )
    return unusable(name, str(error))
