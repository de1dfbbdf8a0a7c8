"""The QR codes of picture files, animated ones included.

A picture from outside is hostile until shown otherwise: its file is bounded before it is read, and
its size in pixels before it is unpacked. Only formats that cameras and screenshots use are tried.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coldlever.shared.errors import ColdleverError, InputRefused
from coldlever.shared.files import read_bounded
from coldlever.shared.printable import printable
from coldlever.shared.qr.optional_packages import pillow
from coldlever.shared.qr.scan.decoder import code_reader
from coldlever.shared.qr.scan.frame import Frame

MAX_FILE_BYTES = 64 << 20
# Telephones take 48 million in their best mode; unpacked in colour that is 150 MB.
MAX_PIXELS = 50_000_000
# All frames of a file together: 3,000 frames of a code that fills a screen.
MAX_PIXELS_OF_ALL_FRAMES = 4_000_000_000
MAX_FRAMES = 10_000

_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
_DRAFT_PIXELS = 16_000_000
_DEEP_MODES = frozenset({"I", "I;16", "I;16B", "I;16L"})
_REMEDY = "save it as PNG or JPEG, or take a screenshot of it"
_PHOTO_REMEDY = (
    "let the telephone store photos as JPEG (iPhone: Settings, Camera, Formats, Most Compatible), "
    "or send a screenshot of the photo"
)
# Their parsers are large and have a history; they stay off a machine that holds a key.
_NAMED = (
    (re.compile(rb"....ftyp(hei|mif1|msf1)", re.DOTALL), "a HEIC photo", _PHOTO_REMEDY),
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), "an AVIF picture", _REMEDY),
    (re.compile(rb"II\*\0|MM\0\*"), "a TIFF picture", _REMEDY),
    (re.compile(rb"%PDF-"), "a PDF document", "take a screenshot of the page with the code"),
)


def picture_frames(path: Path) -> Iterator[Frame]:
    """Read the codes of a PNG, APNG, JPEG, GIF, WebP or BMP file.

    Args:
        path: the file, at most 64 MiB and 50 million pixels.

    Yields:
        One frame, or each frame of an animation in order.

    Raises:
        InputRefused: ``file-unreadable``, ``file-too-large``, ``picture-unknown``,
            ``picture-damaged`` or ``picture-too-large``.
        EnvironmentFault: ``extra-missing``.
    """
    name = printable(str(path))
    read = code_reader()
    data = read_bounded(path, MAX_FILE_BYTES)
    with _own_errors(name):
        image = _open(data, name)
        moving = bool(getattr(image, "is_animated", False))
    pixels = 0
    for number, grey in enumerate(_grey_frames(image, name)):
        pixels += grey.width * grey.height
        if number == MAX_FRAMES or pixels > MAX_PIXELS_OF_ALL_FRAMES:
            raise InputRefused(
                "picture-too-large",
                f"{name}: the animation has more than {number} frames of {grey.width} x "
                f"{grey.height} pixels",
                "make a shorter or smaller one",
            )
        with _own_errors(name):
            texts = read(grey)
        yield Frame(f"{name}, frame {number + 1}" if moving else name, texts)


def _grey_frames(image: Any, name: str) -> Iterator[Any]:
    number = 0
    while True:
        with _own_errors(name):
            grey = _frame(image, number, name)
        if grey is None:
            return
        yield grey
        number += 1


def _open(data: bytes, name: str) -> Any:
    library = pillow()
    try:
        return library.open(io.BytesIO(data), formats=_FORMATS)
    except library.UnidentifiedImageError:
        raise _unknown(data, name) from None


def _unknown(data: bytes, name: str) -> InputRefused:
    for pattern, kind, remedy in _NAMED:
        if pattern.match(data):
            return InputRefused("picture-unknown", f"{name}: {kind} is not read here", remedy)
    return InputRefused(
        "picture-unknown",
        f"{name}: this is no picture of a known kind ({', '.join(_FORMATS)}) and no video",
        _REMEDY,
    )


def _frame(image: Any, number: int, name: str) -> Any:
    """One frame in grey, or None after the last."""
    try:
        image.seek(number)
    except EOFError:
        return None
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise InputRefused(
            "picture-too-large",
            f"{name}: {width} x {height} pixels, at most {MAX_PIXELS} are taken",
            "make it smaller",
        )
    if image.format == "JPEG":
        # Unpacked in grey, and where it is huge at half its size, which spares the memory.
        half = 1 + (width * height > _DRAFT_PIXELS)
        image.draft("L", (width // half, height // half))
    if image.mode in _DEEP_MODES:
        return image.convert("I").point(_eight_bits).convert("L")
    if image.has_transparency_data:
        colours = image.convert("RGBA")
        white = pillow().new("RGBA", colours.size, "white")
        white.alpha_composite(colours)
        return white.convert("L")
    return image.convert("L")


def _eight_bits(value: Any) -> Any:
    """The upper 8 of 16 bits; Pillow takes nothing but a linear function."""
    return value * (1 / 256)


@contextmanager
def _own_errors(name: str) -> Iterator[None]:
    """Turn whatever a picture makes the library raise into a refusal, and silence its warnings."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except ColdleverError:
        raise
    except MemoryError:
        raise InputRefused(
            "picture-too-large", f"{name}: not enough memory to unpack it", "make it smaller"
        ) from None
    except Exception as error:  # noqa: BLE001 - damaged files raise OSError, ValueError, and more
        too_large = type(error).__name__ == "DecompressionBombError"
        raise InputRefused(
            "picture-too-large" if too_large else "picture-damaged",
            f"{name}: {'too many pixels' if too_large else 'the picture is damaged'} "
            f"({printable(str(error))})",
            _REMEDY,
        ) from None
