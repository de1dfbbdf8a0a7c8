"""QR codes as a picture file, whose ending says of which kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from coldlever.shared.errors import UsageRefused
from coldlever.shared.printable import printable
from coldlever.shared.qr.draw import pace
from coldlever.shared.qr.draw.bitmap import DEFAULT_SCALE, pixel_size
from coldlever.shared.qr.draw.caption import Caption, caption_rows
from coldlever.shared.qr.draw.gif import gif
from coldlever.shared.qr.draw.html import page
from coldlever.shared.qr.draw.matrix import Matrix
from coldlever.shared.qr.draw.png import apng, png
from coldlever.shared.qr.draw.svg import svg
from coldlever.shared.qr.optional_packages import pillow

_STILL = (".png", ".svg")
_MOVING = (".apng", ".gif", ".html")
ENDINGS = _STILL + _MOVING
_TITLE = "Hold the scanner in front of this code"


def ending_of(name: str) -> str:
    """The ending of a picture file's name, in lower case, and whether it can be drawn here.

    Raises:
        UsageRefused: ``qr-out-ending``.
        EnvironmentFault: ``extra-missing``: a GIF needs Pillow.
    """
    ending = PurePath(name).suffix.lower()
    if ending not in ENDINGS:
        raise UsageRefused(
            "qr-out-ending",
            f'found "{printable(name)}", expected a name that ends in ' + _listed(ENDINGS),
        )
    if ending == ".gif":
        pillow()
    return ending


def require_holding(ending: str, count: int) -> None:
    """Refuse several frames where the picture holds one.

    Args:
        ending: one of `ENDINGS`.
        count: how many frames there are.

    Raises:
        UsageRefused: ``qr-out-still``.
    """
    if count > 1 and ending in _STILL:
        raise UsageRefused(
            "qr-out-still",
            f"the message takes {count} frames, and a {ending} file holds one",
            f"choose a name that ends in {_listed(_MOVING)}, or try --density high",
        )


def picture(
    frames: Sequence[Matrix],
    ending: str,
    *,
    frame_ms: int = pace.DEFAULT_MS,
    scale: int = DEFAULT_SCALE,
    title: str = _TITLE,
    caption: Caption | None = None,
) -> bytes:
    """Draw one code as a still picture, or several as an endless loop.

    Args:
        frames: codes of one size, at least one.
        ending: one of `ENDINGS`.
        frame_ms: how long each frame of a loop stays, 100 to 1,000 ms.
        scale: pixels a module.
        title: what an HTML page says above the code.
        caption: what the code is, in words beside it.

    Returns:
        The file's content.

    Raises:
        UsageRefused: ``qr-out-still``: several frames do not fit a PNG or SVG.
        EnvironmentFault: ``extra-missing``: a GIF needs Pillow.
    """
    require_holding(ending, len(frames))
    if ending == ".svg":
        return svg(frames[0], scale, caption)
    if ending == ".html":
        return page(frames, scale, frame_ms, title, caption)
    words = [] if caption is None else caption_rows(caption, pixel_size(frames[0], scale), scale)
    if ending == ".gif":
        return gif(frames, scale, frame_ms, words)
    if len(frames) == 1:
        return png(frames[0], scale, words)
    return apng(frames, scale, frame_ms, words)


def _listed(endings: Sequence[str]) -> str:
    return ", ".join(endings[:-1]) + " or " + endings[-1]
