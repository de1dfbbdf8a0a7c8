"""A QR code as pixels of one bit: 0 for black, 1 for white."""

from __future__ import annotations

from coldlever.shared.qr.draw.matrix import Matrix

# Pixels a module: a screen of 1080 lines shows version 20, the largest, whole.
DEFAULT_SCALE = 8

_WHITE_TEXT = bytes.maketrans(b"\0\1", b"10")


def pixel_size(matrix: Matrix, scale: int) -> int:
    """Pixels a side, quiet zone included."""
    return matrix.size * scale


def packed_rows(matrix: Matrix, scale: int) -> list[bytes]:
    """One row of pixels for each row of modules, to be repeated ``scale`` times.

    Args:
        matrix: the code.
        scale: pixels a module, at least 1.

    Returns:
        Rows of eight pixels a byte, the leftmost in the highest bit, the last byte filled with 0.
    """
    width = pixel_size(matrix, scale)
    length = (width + 7) // 8
    stretched = {ord("0"): "0" * scale, ord("1"): "1" * scale}
    rows = []
    for row in matrix.rows:
        bits = row.translate(_WHITE_TEXT).decode("ascii").translate(stretched)
        rows.append((int(bits, 2) << (8 * length - width)).to_bytes(length, "big"))
    return rows
