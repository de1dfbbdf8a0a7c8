"""PNG and animated PNG pictures of QR codes, without an image library.

Source: the PNG specification, third edition (W3C), which includes APNG. Two colours take one bit
a pixel, and a row that repeats the one above it takes almost nothing.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

from coldlever.shared.qr.draw.bitmap import packed_rows, pixel_size
from coldlever.shared.qr.draw.matrix import Matrix

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_BIT_DEPTH = 1
_GREY = 0
_UNFILTERED = b"\0"
_DIFFERENCE_TO_ROW_ABOVE = b"\2"
_MILLISECONDS = 1_000


def png(matrix: Matrix, scale: int, words: Sequence[bytes] = ()) -> bytes:
    """A still picture.

    Args:
        matrix: the code.
        scale: pixels a module.
        words: rows of pixels below the code, see `coldlever.shared.qr.draw.caption`.
    """
    return b"".join(
        (
            _SIGNATURE,
            _header(matrix, scale, words),
            _chunk(b"IDAT", _pixels(matrix, scale, words)),
            _chunk(b"IEND", b""),
        )
    )


def apng(frames: Sequence[Matrix], scale: int, frame_ms: int, words: Sequence[bytes] = ()) -> bytes:
    """An endless loop; a viewer that knows no animation shows the first frame.

    Args:
        frames: codes of one size, at least one.
        scale: pixels a module.
        frame_ms: how long each frame stays, ms.
        words: rows of pixels below the code; they are drawn once, and stay.
    """
    chunks = [
        _SIGNATURE,
        _header(frames[0], scale, words),
        _chunk(b"acTL", struct.pack(">II", len(frames), 0)),
    ]
    sequence = 0
    for number, matrix in enumerate(frames):
        side = pixel_size(matrix, scale)
        below = words if number == 0 else ()
        control = struct.pack(
            ">IIIIIHHBB", sequence, side, side + len(below), 0, 0, frame_ms, _MILLISECONDS, 0, 0
        )
        chunks.append(_chunk(b"fcTL", control))
        sequence += 1
        pixels = _pixels(matrix, scale, below)
        if number == 0:
            chunks.append(_chunk(b"IDAT", pixels))
        else:
            chunks.append(_chunk(b"fdAT", struct.pack(">I", sequence) + pixels))
            sequence += 1
    chunks.append(_chunk(b"IEND", b""))
    return b"".join(chunks)


def _header(matrix: Matrix, scale: int, words: Sequence[bytes]) -> bytes:
    side = pixel_size(matrix, scale)
    size = struct.pack(">II", side, side + len(words))
    return _chunk(b"IHDR", size + struct.pack(">BBBBB", _BIT_DEPTH, _GREY, 0, 0, 0))


def _pixels(matrix: Matrix, scale: int, words: Sequence[bytes]) -> bytes:
    rows = packed_rows(matrix, scale)
    repeated = (_DIFFERENCE_TO_ROW_ABOVE + bytes(len(rows[0]))) * (scale - 1)
    code = b"".join(_UNFILTERED + row + repeated for row in rows)
    return zlib.compress(code + b"".join(_UNFILTERED + row for row in words), 9)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
