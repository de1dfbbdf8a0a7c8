"""Being asked to stop: SIGTERM and SIGHUP end a command as Ctrl-C does, and what is known is told.

A signal that the process was started with ignored (``nohup``, a job in the background) stays so.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

_Handler = Callable[[int, FrameType | None], None]
_UNHEARD = (signal.SIG_IGN, None)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise `KeyboardInterrupt`, once: the way out is not interrupted."""
    with _handling((signal.SIGTERM, signal.SIGHUP), _once()):
        yield


@contextlib.contextmanager
def holding() -> Iterator[StopRequest]:
    """Let no request to stop break into the block, but where it is heeded."""
    request = StopRequest()
    with _handling((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), request.note):
        yield request


class StopRequest:
    """Whether somebody has asked to stop; `holding` makes one."""

    def __init__(self) -> None:
        self._is_made = False
        self._is_heeded = False

    @property
    def is_made(self) -> bool:
        """Whether it has come."""
        return self._is_made

    def note(self, _number: int, _frame: FrameType | None) -> None:
        """Take a signal.

        Raises:
            KeyboardInterrupt: inside `heeding`, once.
        """
        self._is_made = True
        if self._is_heeded:
            self._is_heeded = False
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def heeding(self) -> Iterator[None]:
        """End the block with `KeyboardInterrupt` when the request comes."""
        self._is_heeded = True
        try:
            yield
        finally:
            self._is_heeded = False


def _once() -> _Handler:
    heard: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        if len(heard) == 1:
            raise KeyboardInterrupt

    return stop


@contextlib.contextmanager
def _handling(numbers: Sequence[signal.Signals], handler: _Handler) -> Iterator[None]:
    is_main = threading.current_thread() is threading.main_thread()
    heard = [one for one in numbers if is_main and signal.getsignal(one) not in _UNHEARD]
    previous = [(one, signal.signal(one, handler)) for one in heard]
    try:
        yield
    finally:
        for number, before in previous:
            signal.signal(number, before)
