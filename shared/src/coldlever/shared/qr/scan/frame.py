"""One look of a scanner."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Frame:
    """One look: a picture, a frame of a video, or a line.

    Args:
        place: where it was, printable, such as "clip.mp4, frame 12".
        texts: what the codes in it say; none where there is no code.
        note: why there are none, where that is known.
    """

    place: str
    texts: tuple[str, ...]
    note: str | None = None
