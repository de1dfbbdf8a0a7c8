"""What a host remembers of the shared ledger: enough to see that it went back.

A standby that takes over may not have got the last rows, and an old backup may be put back. A
ledger that does not know what was sent would let it be sent beside something else. So each host
keeps, in its state folder, the last attempts that it has recorded or seen, and looks for them
before anything else.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from coldlever.broadcaster.ledger.tables import ATTEMPTS, IDENTITY
from coldlever.shared.errors import EnvironmentFault

FILE_NAME = "shared-ledgers.json"
# How many of the last attempts are kept.
KEPT = 20
# A process that is suspended while it writes must not keep the others of its host from sending.
LOCK_WAIT_S = 1.0
_POLL_S = 0.002
_COLUMNS = ("id", "venue", "signer", "nonce", "what", "number")

Attempt = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a ledger.

    Args:
        identity: which ledger.
        attempts: the last of them, each as the columns `_COLUMNS`.
    """

    identity: str
    attempts: tuple[Attempt, ...]


class HostMemory:
    """The shared ledgers that this host has used, by their URLs.

    All processes and threads of a host write one file, each in its turn.

    Args:
        folder: an existing folder.
        sleep: waits that many seconds.
        monotonic: a clock in seconds that never goes back.
    """

    def __init__(
        self,
        folder: Path,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sleep = sleep
        self._monotonic = monotonic
        self._path = folder / FILE_NAME
        self._lock_path = self._path.with_suffix(".lock")

    def check(self, connection: sa.Connection, name: str) -> None:
        """The ledger knows all that this host remembers of it; what is new is remembered.

        Args:
            connection: to the ledger.
            name: its URL.

        Raises:
            EnvironmentFault: ``ledger-behind``.
        """
        lost = self.lost(connection, name)
        if lost is not None:
            raise _behind(lost)
        fresh, highest = _newest(connection)
        with self._turn() as is_alone:
            # What others of this host have noted since the transaction began to look.
            noted = self._load().get(name, fresh)
            later = noted.attempts if noted.identity == fresh.identity else ()
            later = tuple(one for one in later if _id_of(one) > highest)
            attempts = (*fresh.attempts, *later)[-KEPT:]
            self._keep(name, Seen(fresh.identity, attempts), is_alone=is_alone)

    def lost(self, connection: sa.Connection, name: str) -> list[Attempt] | None:
        """What this host remembers and the ledger does not know; None when nothing is lost.

        Another ledger than the one that stood there has lost all of it.
        """
        seen = self._of(name, _identity(connection))
        if seen is None:
            return None
        known = set(_attempts(connection, [one[0] for one in seen.attempts]))
        missing = [one for one in seen.attempts if one not in known]
        return missing or None

    def renew(self, connection: sa.Connection, name: str) -> None:
        """Remember the ledger as it is now, and nothing else."""
        fresh, _ = _newest(connection)
        with self._turn() as is_alone:
            self._keep(name, fresh, is_alone=is_alone)

    def note(self, name: str, attempt: Attempt) -> None:
        """Remember an attempt that is on the record, before it is sent.

        Args:
            name: the ledger's URL.
            attempt: as the columns `_COLUMNS`.
        """
        with self._turn() as is_alone:
            seen = self._load().get(name)
            if seen is not None:
                attempts = (*seen.attempts, attempt)[-KEPT:]
                self._keep(name, Seen(seen.identity, attempts), is_alone=is_alone)

    def _of(self, name: str, identity: str) -> Seen | None:
        """What is remembered of a URL, or else of the same ledger at another one."""
        known = self._load()
        same = (seen for seen in known.values() if seen.identity == identity)
        return known.get(name) or next(same, None)

    def _load(self) -> dict[str, Seen]:
        try:
            wire = json.loads(self._path.read_text("utf-8"))
            return {
                name: Seen(one["identity"], tuple(tuple(each) for each in one["attempts"]))
                for name, one in wire.items()
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            raise EnvironmentFault(
                "ledger-memory",
                f"{FILE_NAME} in the state directory is not what was written",
                "move the file away: it is made anew, from the ledger as it is then",
            ) from None

    @contextmanager
    def _turn(self) -> Iterator[bool]:
        """Between reading and writing nobody else writes; False where the wait was too long."""
        try:
            descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _unwritten(error) from None
        try:
            yield self._lock(descriptor)
        finally:
            os.close(descriptor)

    def _lock(self, descriptor: int) -> bool:
        give_up = self._monotonic() + LOCK_WAIT_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if self._monotonic() >= give_up:
                    return False
                self._sleep(_POLL_S)
            else:
                return True

    def _keep(self, name: str, seen: Seen, *, is_alone: bool) -> None:
        wire = {
            url: {"identity": one.identity, "attempts": one.attempts}
            for url, one in {**self._load(), name: seen}.items()
        }
        try:
            self._write(json.dumps(wire, indent=1), is_alone=is_alone)
        except OSError as error:
            raise _unwritten(error) from None

    def _write(self, text: str, *, is_alone: bool) -> None:
        """All or nothing, and not waiting for the disk: a killed process loses nothing of it.

        Without a turn it goes by a name of its own: whoever has the turn may write as well.
        """
        fresh = self._path.with_suffix(".part")
        if is_alone:
            fresh.unlink(missing_ok=True)
            fresh.touch(mode=0o600)
        else:
            descriptor, own = tempfile.mkstemp(".part", "shared-ledgers-", self._path.parent)
            os.close(descriptor)
            fresh = Path(own)
        fresh.write_text(text, "utf-8")
        fresh.replace(self._path)


def _newest(connection: sa.Connection) -> tuple[Seen, int]:
    """The ledger's last attempts, and the number of the very last; 0 for none."""
    highest = connection.execute(sa.select(sa.func.max(ATTEMPTS.c.id))).scalar() or 0
    kept = _attempts(connection, range(max(1, highest - KEPT + 1), highest + 1))
    return Seen(_identity(connection), tuple(sorted(kept, key=_id_of))), highest


def _identity(connection: sa.Connection) -> str:
    return str(connection.execute(sa.select(IDENTITY.c.ledger)).scalar_one())


def _attempts(connection: sa.Connection, ids: Sequence[object]) -> list[Attempt]:
    columns = [ATTEMPTS.c[name] for name in _COLUMNS]
    found = connection.execute(sa.select(*columns).where(ATTEMPTS.c.id.in_(list(ids))))
    return [tuple(record) for record in found]


def _id_of(attempt: Attempt) -> int:
    return int(str(attempt[0]))


def _behind(lost: Sequence[Attempt]) -> EnvironmentFault:
    nonces = ", ".join(sorted({str(one[3]) for one in lost}))
    what = f"the attempts of nonce {nonces}" if lost else "what this host had recorded"
    return EnvironmentFault(
        "ledger-behind",
        f"the ledger does not know {what}: an old copy was put back, or a standby took over that "
        "had not got everything",
        "find the server that has it; without it, see `ledger accept-loss --help`",
    )


def _unwritten(error: OSError) -> EnvironmentFault:
    return EnvironmentFault("write-failed", f"{FILE_NAME} in the state directory: {error.strerror}")
