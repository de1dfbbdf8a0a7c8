"""Words that say what a code is, set below it or beside it; they are no part of the code."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from coldlever.shared.qr.draw.font import HEIGHT, WIDTH, drawn_row

# Pixels of a letter with the gap to the next one, and of a line with the gap to the next one.
_ADVANCE = WIDTH + 1
_LINE = HEIGHT + 3
# A letter's pixels are as wide as this part of a module.
_MODULES_A_PIXEL = 4


@dataclass(frozen=True, slots=True)
class Caption:
    """What a code is.

    Args:
        lines: printable, of any length; the first says what it is.
    """

    lines: tuple[str, ...]

    def wrapped(self, columns: int) -> list[str]:
        """The lines, broken between words so that each takes ``columns`` at the most."""
        if columns < 1:
            return []
        return [part for line in self.lines for part in textwrap.wrap(line, columns)]


def caption_rows(caption: Caption, width: int, scale: int) -> list[bytes]:
    """The words as pixels of one bit, 1 for white.

    Args:
        caption: the words.
        width: of the picture, in pixels.
        scale: pixels a module of the code above.

    Returns:
        Rows as `coldlever.shared.qr.draw.bitmap.packed_rows` gives them, each to be drawn once.
    """
    size = max(1, scale // _MODULES_A_PIXEL)
    margin = 4 * scale
    columns = (width - 2 * margin) // (_ADVANCE * size)
    lines = caption.wrapped(columns)
    rows = [
        _inked(line, row, size, margin, width)
        for line in lines
        for row in range(_LINE)
        for _ in range(size)
    ]
    return rows + [_inked("", 0, size, margin, width)] * margin if rows else []


def _inked(line: str, row: int, size: int, margin: int, width: int) -> bytes:
    drawn = "" if row >= HEIGHT else "".join(f"{drawn_row(letter, row)}." for letter in line)
    bits = "1" * margin + "".join(("0" if ink == "#" else "1") * size for ink in drawn)
    length = (width + 7) // 8
    return (int(bits.ljust(width, "1"), 2) << (8 * length - width)).to_bytes(length, "big")
