"""One process at a time for one payload, on one machine."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from coldlever.shared.errors import EnvironmentFault

_POLL_S = 0.05


@contextmanager
def payload_lock(
    folder: Path, action_hash: bytes, wait_s: float, sleep: Callable[[float], None]
) -> Iterator[None]:
    """Hold the lock of a payload; the kernel releases it when the process dies.

    Args:
        folder: where lock files live; made when missing.
        action_hash: which payload.
        wait_s: how long to wait for another process, seconds.
        sleep: waits that many seconds.

    Raises:
        EnvironmentFault: ``payload-busy`` when the other process does not end in time.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # One file of 256 serves many payloads: they queue behind each other at worst, and the folder
    # does not grow for ever.
    path = folder / f"{action_hash[0]:02x}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _acquire(descriptor, wait_s, sleep)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, wait_s: float, sleep: Callable[[float], None]) -> None:
    waited = 0.0
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
        else:
            return
        if waited >= wait_s:
            raise EnvironmentFault(
                "payload-busy",
                "another coldlever process is posting this payload",
                "let it finish, then look at `history`",
            )
        sleep(_POLL_S)
        waited += _POLL_S
