"""An SVG drawing of a QR code."""

from __future__ import annotations

import re

from coldlever.shared.qr.draw.matrix import Matrix

_DARK_RUNS = re.compile(rb"\x01+")


def svg(matrix: Matrix, scale: int) -> bytes:
    """A drawing of one unit a module, black on white.

    Args:
        matrix: the code.
        scale: pixels a module, which a viewer may stretch.
    """
    side = matrix.size
    runs = "".join(
        f"M{run.start()} {y}h{len(run.group())}v1h-{len(run.group())}z"
        for y, row in enumerate(matrix.rows)
        for run in _DARK_RUNS.finditer(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" '
        f'width="{side * scale}" height="{side * scale}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}h-{side}z"/>'
        f'<path fill="#000" d="{runs}"/></svg>\n'
    ).encode("ascii")
