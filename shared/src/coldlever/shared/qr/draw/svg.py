"""An SVG drawing of a QR code."""

from __future__ import annotations

import html
import re

from coldlever.shared.qr.draw.caption import Caption
from coldlever.shared.qr.draw.matrix import QUIET_ZONE, Matrix

# In modules.
_FONT_SIZE = 2
_LETTER_WIDTH = 1
_LINE_HEIGHT = 3
_DARK_RUNS = re.compile(rb"\x01+")


def svg(matrix: Matrix, scale: int, caption: Caption | None = None) -> bytes:
    """A drawing of one unit a module, black on white.

    Args:
        matrix: the code.
        scale: pixels a module, which a viewer may stretch.
        caption: words below the code.
    """
    side = matrix.size
    lines = [] if caption is None else caption.wrapped((side - 2 * QUIET_ZONE) // _LETTER_WIDTH)
    height = side + _LINE_HEIGHT * len(lines) + (_LINE_HEIGHT if lines else 0)
    words = "".join(
        f'<text x="{QUIET_ZONE}" y="{side + _LINE_HEIGHT * (number + 1) - 1}" textLength='
        f'"{_LETTER_WIDTH * len(line)}">{html.escape(line)}</text>'
        for number, line in enumerate(lines)
    )
    runs = "".join(
        f"M{run.start()} {y}h{len(run.group())}v1h-{len(run.group())}z"
        for y, row in enumerate(matrix.rows)
        for run in _DARK_RUNS.finditer(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {height}" '
        f'width="{side * scale}" height="{height * scale}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{height}h-{side}z"/>'
        f'<path fill="#000" d="{runs}"/>'
        f'<g font-family="monospace" font-size="{_FONT_SIZE}" xml:space="preserve">{words}</g>'
        "</svg>\n"
    ).encode("ascii", "xmlcharrefreplace")
