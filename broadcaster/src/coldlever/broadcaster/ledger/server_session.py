"""What a connection to a ledger's server must be before anything is written through it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from coldlever.shared.errors import EnvironmentFault
from coldlever.shared.printable import printable

# PostgreSQL 13; CockroachDB and YugabyteDB call themselves by such a number too.
OLDEST_SERVER = 130_000
LOCK_TIMEOUT_MS = 10_000
STATEMENT_TIMEOUT_MS = 30_000
# A host that is suspended in the middle of a transaction keeps its row locks no longer than this.
IDLE_TIMEOUT_MS = 20_000

# Of `synchronous_commit`: what waits for the disk of this server, and of its standbys.
_DURABLE = frozenset({"on", "remote_apply"})
_ASK = """
SELECT current_setting('server_version_num'), current_setting('synchronous_commit', true),
 current_setting('fsync', true), current_setting('full_page_writes', true),
 current_setting('transaction_read_only'), current_setting('jit', true)
"""
_SET = (
    "SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false),"
    " set_config('idle_in_transaction_session_timeout', %s, false)"
)


@dataclass(frozen=True, slots=True)
class Promises:
    """What a server says about itself; None where it does not know the setting.

    Args:
        version: such as 150000 for PostgreSQL 15.
        synchronous_commit: ``off`` returns from a commit before it is on any disk.
        fsync: ``off`` never waits for the disk.
        full_page_writes: ``off`` may tear pages at a power cut.
        read_only: ``on`` for a standby.
    """

    version: int
    synchronous_commit: str | None
    fsync: str | None
    full_page_writes: str | None
    read_only: str | None


def set_up(connection: Any, name: str) -> None:
    """Ask a new connection's server what it promises, and set what a session may set.

    Args:
        connection: of psycopg.
        name: where it leads, to be named.

    Raises:
        EnvironmentFault: see `require_durable`.
    """
    was = connection.autocommit
    connection.autocommit = True
    with connection.cursor() as cursor:
        version, *others, jit = cursor.execute(_ASK).fetchone()
        promises = Promises(int(version), *others)
        require_durable(promises, name)
        cursor.execute(
            _SET, (str(LOCK_TIMEOUT_MS), str(STATEMENT_TIMEOUT_MS), str(IDLE_TIMEOUT_MS))
        )
        if jit == "on":
            # Compiling takes longer than any of our questions.
            cursor.execute("SET jit = off")
        if promises.synchronous_commit not in (None, *_DURABLE):
            # `local` and `remote_write` leave a standby behind that may be promoted later.
            cursor.execute("SET synchronous_commit = on")
    connection.autocommit = was


def require_durable(promises: Promises, name: str) -> None:
    """The server keeps what it has confirmed.

    Args:
        promises: what it says about itself.
        name: where it is, to be named.

    Raises:
        EnvironmentFault: ``ledger-server-old``, ``ledger-read-only`` or ``ledger-not-durable``.
    """
    place = printable(name)
    if promises.version < OLDEST_SERVER:
        raise EnvironmentFault(
            "ledger-server-old",
            f"{place}: the server's version is {promises.version}, older than {OLDEST_SERVER}",
            "update the server to PostgreSQL 13 or newer",
        )
    if promises.read_only == "on":
        raise EnvironmentFault(
            "ledger-read-only",
            f"{place}: the server takes no writes; it may be a standby",
            "name the primary, or several hosts with target_session_attrs=read-write",
        )
    for setting in ("synchronous_commit", "fsync", "full_page_writes"):
        if getattr(promises, setting) == "off":
            raise EnvironmentFault(
                "ledger-not-durable",
                f"{place}: {setting} is off, so a commit may be lost after it was confirmed",
                f"turn {setting} on for the server, the database and the role",
            )
