"""The terminal's other screen, taken over for a while and always given back."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from types import FrameType, TracebackType
from typing import NoReturn, Self, TextIO

from coldlever.shared.qr.play.blocks import Size

# Private modes of xterm and its kin: other screen, cursor, and updates that appear all at once
# (terminals that do not know a mode ignore it).
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J"
_LEAVE = "\x1b[?2026l\x1b[0m\x1b[?25h\x1b[?1049l"
_BEGIN = "\x1b[?2026h\x1b[H"
_END = "\x1b[J\x1b[?2026l"
_CLEAR_TO_LINE_END = "\x1b[K"
_SIGNAL_STATUS = 128


class Screen:
    """A context in which the other screen is shown; the old one returns however it is left.

    Args:
        stream: the terminal.
        size: asks how large it is now.
    """

    __slots__ = ("_previous", "_shown", "_size", "_stream")

    def __init__(self, stream: TextIO, size: Callable[[], Size]) -> None:
        self._stream = stream
        self._size = size
        self._shown: tuple[Size, tuple[str, ...]] | None = None
        self._previous: dict[int, object] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGTERM, signal.SIGHUP):
            self._previous[number] = signal.signal(number, _leave)
        try:
            self._write(_ENTER)
        except BaseException:
            self._give_back()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._give_back()

    def size(self) -> Size:
        """How large the terminal is at this moment."""
        return self._size()

    def show(self, lines: Sequence[str]) -> None:
        """Replace what is shown, unless it is the same already.

        Args:
            lines: without line ends, and not more than fit.
        """
        wanted = (self._size(), tuple(lines))
        if wanted != self._shown:
            self._write(_BEGIN + "\r\n".join(line + _CLEAR_TO_LINE_END for line in lines) + _END)
            self._shown = wanted

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()

    def _give_back(self) -> None:
        try:
            self._write(_LEAVE)
        finally:
            for number, handler in self._previous.items():
                signal.signal(number, handler)  # type: ignore[arg-type]


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    """End by an exception, so that the screen is given back on the way out."""
    raise SystemExit(_SIGNAL_STATUS + number)
