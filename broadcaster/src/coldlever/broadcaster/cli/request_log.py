"""The request log: one line a request that the rehearsal exchange answers, in a file."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from coldlever.shared.errors import EnvironmentFault
from coldlever.shared.printable import printable
from coldlever.shared.reading import moment

_MODE = 0o600


class RequestLog:
    """Appends lines to a file; safe to use from several threads.

    A log that can no longer be written (a full disk) ends; the exchange it tells of goes on.

    Args:
        path: made when missing.
        clock: the time in ms since the epoch.

    Raises:
        EnvironmentFault: ``log-unwritable``.
    """

    def __init__(self, path: Path, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._works = True
        try:
            self._descriptor = os.open(
                path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE
            )
        except OSError as error:
            raise EnvironmentFault(
                "log-unwritable",
                f"{printable(str(path))}: {printable(error.strerror or str(error))}",
                "choose another place with --log",
            ) from None

    def write(self, line: str) -> None:
        """Append one line with the time in front."""
        data = f"{moment(self._clock())} {line}\n".encode()
        with self._lock:
            if not self._works:
                return
            try:
                os.write(self._descriptor, data)
            except OSError:
                self._works = False

    def close(self) -> None:
        """Close the file; later lines go nowhere."""
        with self._lock:
            self._works = False
            os.close(self._descriptor)
