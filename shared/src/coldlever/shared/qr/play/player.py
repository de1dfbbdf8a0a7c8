"""Showing the frames of a message on a terminal until a person ends it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from coldlever.shared.qr.draw import Density, Matrix, Stream, pace
from coldlever.shared.qr.draw.caption import Caption
from coldlever.shared.qr.play import keyboard
from coldlever.shared.qr.play.blocks import Size, draw, drawn_size, too_small_sentence, with_caption
from coldlever.shared.qr.play.screen import Screen

_ENDING_KEYS = frozenset({"q", keyboard.ENTER, keyboard.ESCAPE, keyboard.GONE})
_DENSITY_KEYS = {
    "t": Density.TINY,
    "0": Density.TINY,
    "l": Density.LOW,
    "1": Density.LOW,
    "m": Density.MEDIUM,
    "2": Density.MEDIUM,
    "h": Density.HIGH,
    "3": Density.HIGH,
}
_FASTER_KEYS = frozenset("+=")
_SLOWER_KEYS = frozenset("-_")
# How soon a still code follows the terminal's size.
_STILL_MS = 500
# Lines below the code, for the status: it takes a second one where there is room.
STATUS_ROWS = 1


class Keys(Protocol):
    """Where key presses come from, and the passing of time with them."""

    def read(self, timeout_ms: int) -> str | None:
        """A key, or None when none was pressed within ``timeout_ms``."""


class Player:
    """Plays one message.

    Keys: ``t l m h`` (or ``0 1 2 3``) density, ``+ -`` speed, ``w`` size; ``q``, Enter or Esc end.

    Args:
        streams: gives the frames of the message in a density.
        screen: entered already.
        key_source: waits for keys.
        clock: monotonic, ms.
        caption: what the message is; it stands beside the code or below it where there is room.
        density: to begin with; None for a message that has only one form.
        wide: two cells a module instead of half a cell, to begin with.
        frame_ms: how long a frame stays, to begin with.
    """

    __slots__ = (
        "_caption",
        "_clock",
        "_density",
        "_frame_ms",
        "_keys",
        "_matrix",
        "_screen",
        "_shown",
        "_stream",
        "_streams",
        "_wide",
    )

    def __init__(
        self,
        streams: Callable[[Density | None], Stream],
        screen: Screen,
        key_source: Keys,
        clock: Callable[[], int],
        *,
        caption: Caption,
        density: Density | None,
        wide: bool,
        frame_ms: int,
    ) -> None:
        self._caption = caption
        self._streams = streams
        self._screen = screen
        self._keys = key_source
        self._clock = clock
        self._density = density
        self._wide = wide
        self._frame_ms = frame_ms
        self._begin()

    def play(self) -> int:
        """Show frame after frame until an ending key is pressed.

        Returns:
            How many frames were shown since the density was last changed.
        """
        while self._hold():
            self._advance()
        return self._shown

    def _begin(self) -> None:
        self._stream = self._streams(self._density)
        self._shown = 0
        self._advance()

    def _advance(self) -> None:
        self._matrix: Matrix = self._stream.next_frame()
        self._shown += 1

    @property
    def _is_still(self) -> bool:
        return self._stream.fragments == 1

    def _hold(self) -> bool:
        """Keep the frame for its time, obeying keys; False when one of them ended it."""
        since = self._clock()
        while True:
            self._draw()
            duration = _STILL_MS if self._is_still else self._frame_ms
            remaining = duration - (self._clock() - since)
            if remaining <= 0:
                return True
            key = self._keys.read(remaining)
            if key in _ENDING_KEYS:
                return False
            if key is not None:
                self._obey(key)

    def _obey(self, key: str) -> None:
        density = _DENSITY_KEYS.get(key)
        if density is not None:
            if self._density not in (None, density):
                self._density = density
                self._begin()
        elif key in _FASTER_KEYS:
            self._frame_ms = pace.faster(self._frame_ms)
        elif key in _SLOWER_KEYS:
            self._frame_ms = pace.slower(self._frame_ms)
        elif key == "w":
            self._wide = not self._wide

    def _draw(self) -> None:
        size = self._screen.size()
        room = Size(size.columns, size.rows - STATUS_ROWS)
        needed = drawn_size(self._matrix, wide=self._wide)
        if room.holds(needed):
            code = with_caption(draw(self._matrix, wide=self._wide), self._caption, needed, room)
            self._screen.show([*code, *self._status_in(size, size.rows - len(code))])
            return
        advice = [too_small_sentence(needed, room)]
        if self._wide:
            advice.append("w makes it smaller")
        if self._density is not None:
            advice.append("t and l lower the density")
        self._screen.show(_wrapped("; ".join([*advice, "q ends"]), size))

    def _status_in(self, size: Size, rows: int) -> list[str]:
        lines = self._status()
        if rows < len(lines):
            lines = ["  ".join(lines)]
        return [line[: size.columns] for line in lines]

    def _status(self) -> list[str]:
        keys_help = "w small  q end" if self._wide else "w wide  q end"
        density = ""
        if self._density is not None:
            density = f", {self._density.value} density"
            keys_help = "t l m h density  " + keys_help
        if self._is_still:
            return [f"one code{density}", keys_help]
        count = f"frame {self._shown}, {self._stream.fragments} are needed"
        return [f"{count}{density}, {self._frame_ms} ms", f"{keys_help}  + - speed"]


def _wrapped(text: str, size: Size) -> list[str]:
    width = max(size.columns, 1)
    lines = [text[at : at + width] for at in range(0, len(text), width)]
    return lines[: max(size.rows, 1)]
