"""The lock of an account's market: one process at a time posts there.

The ledger alone would not do: two processes that both find nothing open could both decide to send.
A lock of the operating system, unlike a row, cannot be left behind by a crash.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from coldlever.broadcaster.ledger import Place
from coldlever.broadcaster.post.leave import WAIT_S, Leave

# One file of 256 serves many markets: they queue behind each other at worst, and the folder does
# not grow for ever.
_NAME_BYTES = 1


class MarketLock(Leave):
    """As `Leave`, by locks of the operating system.

    Args:
        folder: where lock files live; made when missing.
        sleep: waits that many seconds.
        wait_s: how long to wait for another process, seconds.
    """

    POLL_S = 0.1

    def __init__(
        self, folder: Path, sleep: Callable[[float], None], wait_s: float = WAIT_S
    ) -> None:
        super().__init__(sleep, wait_s)
        self._folder = folder
        self._descriptors: dict[str, int] = {}

    def _name(self, place: Place) -> str:
        text = f"{place.venue}\0{place.account.lower}\0{place.coin}"
        return f"{hashlib.sha256(text.encode()).digest()[:_NAME_BYTES].hex()}.lock"

    def _take(self, name: str, _place: Place) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._descriptors[name] = os.open(self._folder / name, flags, 0o600)
        self._wait_for(lambda: _lock(self._descriptors[name]))

    def _keep(self, _name: str, _place: Place) -> None:
        """A lock of the operating system is lost by nothing but letting go."""

    def _let_go(self, name: str, _place: Place) -> None:
        descriptor = self._descriptors.pop(name, None)
        if descriptor is not None:
            os.close(descriptor)


def _lock(descriptor: int) -> str | None:
    """Lock it; or who holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        return "another coldlever process"
    return None
