"""The lock of an account's market: one process at a time posts there.

The ledger alone would not do: two processes that both find nothing open could both decide to send.
A lock of the operating system, unlike a row, cannot be left behind by a crash.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from coldlever.broadcaster.ledger import Place
from coldlever.shared.errors import EnvironmentFault

WAIT_S = 90.0
_POLL_S = 0.1
# One file of 256 serves many markets: they queue behind each other at worst, and the folder does
# not grow for ever.
_NAME_BYTES = 1


class MarketLock:
    """Leave to post at accounts' markets, which one holder at a time has.

    One of these serves a whole run. What it holds already it takes again without waiting.

    Args:
        folder: where lock files live; made when missing.
        sleep: waits that many seconds.
        wait_s: how long to wait for another process, seconds.
    """

    def __init__(
        self, folder: Path, sleep: Callable[[float], None], wait_s: float = WAIT_S
    ) -> None:
        self._folder = folder
        self._sleep = sleep
        self._wait_s = wait_s
        self._held: dict[str, int] = {}

    def acquire(self, *places: Place) -> tuple[str, ...]:
        """Take all of them, or none.

        In one order for everybody, so that two runs cannot wait for each other.

        Returns:
            What was not held before, to be given to `release`.

        Raises:
            EnvironmentFault: ``payload-busy`` when another process does not end in time.
        """
        taken: list[str] = []
        try:
            for name in sorted({_name(place) for place in places} - self._held.keys()):
                self._held[name] = self._open(name)
                taken.append(name)
                self._take(self._held[name])
        except BaseException:
            self.release(tuple(taken))
            raise
        return tuple(taken)

    def release(self, taken: tuple[str, ...]) -> None:
        """Let go of what `acquire` has taken."""
        for name in taken:
            os.close(self._held.pop(name))

    @contextmanager
    def held(self, *places: Place) -> Iterator[None]:
        """Hold them for a while; errors as `acquire`."""
        taken = self.acquire(*places)
        try:
            yield
        finally:
            self.release(taken)

    def _open(self, name: str) -> int:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(self._folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _take(self, descriptor: int) -> None:
        waited = 0.0
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise
            else:
                return
            if waited >= self._wait_s:
                raise EnvironmentFault(
                    "payload-busy",
                    "another coldlever process is posting for this account and market",
                    "let it finish, then look at `history`",
                )
            self._sleep(_POLL_S)
            waited += _POLL_S


def _name(place: Place) -> str:
    text = f"{place.venue}\0{place.account.lower}\0{place.coin}"
    return f"{hashlib.sha256(text.encode()).digest()[:_NAME_BYTES].hex()}.lock"
