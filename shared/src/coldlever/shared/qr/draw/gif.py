"""GIF pictures of QR codes, for viewers that play nothing else.

Source: the GIF89a specification, and the application block by which Netscape made it loop. Pillow
compresses each frame; put together here, a loop takes the memory of one frame and not of all.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence

from coldlever.shared.qr.draw.bitmap import packed_rows, pixel_size
from coldlever.shared.qr.draw.matrix import Matrix
from coldlever.shared.qr.optional_packages import pillow

_SCREEN_BYTES = 13
_GRAPHIC_CONTROL = b"\x21\xf9"
_LOOP_FOREVER = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
_TRAILER = b"\x3b"
_CENTISECOND_MS = 10


def gif(frames: Sequence[Matrix], scale: int, frame_ms: int, words: Sequence[bytes] = ()) -> bytes:
    """A still picture, or an endless loop of several.

    Args:
        frames: codes of one size, at least one.
        scale: pixels a module.
        frame_ms: how long each frame stays, ms; GIF counts in steps of 10.
        words: rows of pixels below the code; they are drawn once, and stay.

    Raises:
        EnvironmentFault: ``extra-missing``: Pillow is not installed.
    """
    first = _still(frames[0], scale, words)
    if len(frames) == 1:
        return first
    control = _GRAPHIC_CONTROL + struct.pack("<BBHBB", 4, 0, frame_ms // _CENTISECOND_MS, 0, 0)
    parts = [b"GIF89a", first[6 : _screen_end(first)], _LOOP_FOREVER]
    for number, matrix in enumerate(frames):
        parts += control, _image_block(_still(matrix, scale) if number else first)
    parts.append(_TRAILER)
    return b"".join(parts)


def _still(matrix: Matrix, scale: int, words: Sequence[bytes] = ()) -> bytes:
    side = pixel_size(matrix, scale)
    pixels = b"".join((*(row * scale for row in packed_rows(matrix, scale)), *words))
    result = io.BytesIO()
    pillow().frombytes("1", (side, side + len(words)), pixels).save(result, "GIF", optimize=False)
    return result.getvalue()


def _screen_end(still: bytes) -> int:
    """Where the header and the palette end."""
    colours = 2 << (still[10] & 0b111)
    return _SCREEN_BYTES + 3 * colours


def _image_block(still: bytes) -> bytes:
    """The compressed image alone, without header, palette and trailer.

    Pillow puts no extensions in between for a picture of two colours.
    """
    return still[_screen_end(still) : -1]
