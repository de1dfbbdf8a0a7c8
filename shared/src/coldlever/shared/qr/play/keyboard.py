"""Single key presses of a terminal."""

from __future__ import annotations

import os
import select
import termios
from types import TracebackType
from typing import Self

ENTER = "enter"
ESCAPE = "escape"
# The terminal went away.
GONE = "gone"

_LOCAL_FLAGS = 3
_SPECIAL_CHARACTERS = 6
_READ_BYTES = 64
_DISABLED = b"\0"


class KeyReader:
    """A context in which keys arrive at once and are not echoed.

    Ctrl-C still interrupts. Ctrl-Z is switched off, because it would leave the shell with a
    terminal in this state.

    Args:
        descriptor: of a terminal, open for reading.
    """

    __slots__ = ("_descriptor", "_pending", "_saved")

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._pending: list[str] = []
        self._saved: list[int | list[bytes | int]] = []

    def __enter__(self) -> Self:
        self._saved = termios.tcgetattr(self._descriptor)
        mode = termios.tcgetattr(self._descriptor)
        mode[_LOCAL_FLAGS] &= ~(termios.ECHO | termios.ICANON)
        special = mode[_SPECIAL_CHARACTERS]
        special[termios.VMIN], special[termios.VTIME] = 1, 0
        special[termios.VSUSP] = _DISABLED
        # Flushed, so that an Enter typed too early does not end what it has not seen.
        termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, mode)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        termios.tcsetattr(self._descriptor, termios.TCSAFLUSH, self._saved)

    def read(self, timeout_ms: int) -> str | None:
        """Wait for a key.

        Args:
            timeout_ms: how long to wait at the most, ms.

        Returns:
            A character in lower case, `ENTER`, `ESCAPE`, `GONE`, or None when none was pressed.
        """
        if not self._pending:
            poll = select.poll()
            poll.register(self._descriptor, select.POLLIN)
            if poll.poll(timeout_ms):
                self._pending = _keys_of(self._take())
        return self._pending.pop(0) if self._pending else None

    def _take(self) -> bytes:
        try:
            return os.read(self._descriptor, _READ_BYTES)
        except OSError:
            return b""


def _keys_of(data: bytes) -> list[str]:
    if not data:
        return [GONE]
    if data == b"\x1b":
        return [ESCAPE]
    if data.startswith(b"\x1b"):
        # An arrow or a function key, which comes as several characters.
        return []
    text = data.decode("utf-8", "replace").lower()
    return [ENTER if character in "\r\n" else character for character in text]
