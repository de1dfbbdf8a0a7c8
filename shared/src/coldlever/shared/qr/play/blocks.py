"""A QR code as lines of a terminal.

Black and white are explicit 24-bit colours, because a theme may paint the default ones dark on
light, light on dark or grey on grey. NO_COLOR does not concern them: without colours there is no
picture.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from coldlever.shared.errors import EnvironmentFault
from coldlever.shared.qr.draw import Matrix
from coldlever.shared.qr.draw.caption import Caption

_RESET = "\x1b[0m"
_BACKGROUNDS = {"0": "\x1b[48;2;255;255;255m", "1": "\x1b[48;2;0;0;0m"}
# By the upper module of a cell and the lower one, 1 for dark. A background fills its cell at any
# line height, a glyph only the height of the font: so cells of one colour are background alone,
# and of the others the lower half is the glyph.
_LIGHT = "\x1b[48;2;255;255;255m", " "
_DARK = "\x1b[48;2;0;0;0m", " "
_LOWER_DARK = "\x1b[38;2;0;0;0;48;2;255;255;255m", "▄"
_LOWER_LIGHT = "\x1b[38;2;255;255;255;48;2;0;0;0m", "▄"
_CELLS = {(0, 0): _LIGHT, (1, 1): _DARK, (0, 1): _LOWER_DARK, (1, 0): _LOWER_LIGHT}
# Columns between a code and the words beside it, and the fewest that are worth a line of them.
_GAP = 2
_NARROWEST = 22
_DIGITS = bytes.maketrans(b"\0\1", b"01")
_RUNS = re.compile("0+|1+")


@dataclass(frozen=True, slots=True)
class Size:
    """Of a terminal, or of what shall be shown in it.

    Args:
        columns: character cells across.
        rows: lines.
    """

    columns: int
    rows: int

    def holds(self, other: Size) -> bool:
        """Whether ``other`` fits in here."""
        return other.columns <= self.columns and other.rows <= self.rows


def drawn_size(matrix: Matrix, *, wide: bool) -> Size:
    """How much of a terminal a code takes."""
    if wide:
        return Size(2 * matrix.size, matrix.size)
    return Size(matrix.size, (matrix.size + 1) // 2)


def draw(matrix: Matrix, *, wide: bool) -> list[str]:
    """The lines of a code, each with its colours and a reset at its end.

    Args:
        matrix: the code.
        wide: two spaces a module, which only need a background. Right for every terminal, at
            twice the size. Otherwise half blocks, two modules a cell, which are read up to a line
            height of 1.2.

    Returns:
        Lines without line ends.
    """
    return _draw_wide(matrix) if wide else _draw_half_blocks(matrix)


def with_caption(lines: list[str], caption: Caption, size: Size, room: Size) -> list[str]:
    """The lines of a code with the caption beside it, else below it, else without.

    Args:
        lines: of `draw`.
        caption: the words.
        size: of the code.
        room: of the terminal, less what else must be seen on it.
    """
    beside = caption.wrapped(room.columns - size.columns - _GAP)
    if room.columns - size.columns - _GAP >= _NARROWEST and len(beside) <= size.rows:
        words = itertools.chain(beside, itertools.repeat(""))
        return [
            f"{line}{' ' * _GAP}{word}".rstrip(" ")
            for line, word in zip(lines, words, strict=False)
        ]
    below = caption.wrapped(room.columns)
    return [*lines, *below] if size.rows + len(below) <= room.rows else lines


def require_room(matrix: Matrix, room: Size, *, wide: bool, lower_density: bool) -> None:
    """Refuse a terminal in which the code would be cut off.

    Args:
        matrix: the code.
        room: the terminal, less what else must be seen on it.
        wide: as for `draw`.
        lower_density: whether there is a lower density, which makes smaller codes.

    Raises:
        EnvironmentFault: ``terminal-too-small``.
    """
    needed = drawn_size(matrix, wide=wide)
    if not room.holds(needed):
        raise EnvironmentFault(
            "terminal-too-small",
            too_small_sentence(needed, room),
            "enlarge the window or shrink its font"
            + (", leave --wide out" if wide else "")
            + (", use --density tiny" if lower_density else "")
            + ", or write a picture with --qr-out code.png or code.html",
        )


def too_small_sentence(needed: Size, room: Size) -> str:
    """Say what is needed and what is there."""
    return (
        f"the QR code needs {needed.columns} columns and {needed.rows} rows, this terminal has "
        f"room for {room.columns} and {room.rows}"
    )


def _draw_half_blocks(matrix: Matrix) -> list[str]:
    light = bytes(matrix.size)
    rows = [*matrix.rows, light] if matrix.size % 2 else matrix.rows
    return [
        "".join(
            colours + glyph * len(list(cells))
            for (colours, glyph), cells in itertools.groupby(
                map(_CELLS.__getitem__, zip(upper, lower, strict=True))
            )
        )
        + _RESET
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]


def _draw_wide(matrix: Matrix) -> list[str]:
    return [
        "".join(
            _BACKGROUNDS[run[0]] + "  " * len(run)
            for run in _RUNS.findall(row.translate(_DIGITS).decode("ascii"))
        )
        + _RESET
        for row in matrix.rows
    ]
