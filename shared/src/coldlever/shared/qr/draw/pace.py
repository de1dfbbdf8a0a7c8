"""How long one frame of an animation stays, in ms."""

from __future__ import annotations

# Cameras take 24 to 60 pictures a second and merge frames that change faster than this.
FASTEST_MS = 100
SLOWEST_MS = 1_000
DEFAULT_MS = 200

_STEPS = (FASTEST_MS, 130, 160, DEFAULT_MS, 250, 320, 400, 500, 650, 800, SLOWEST_MS)


def faster(frame_ms: int) -> int:
    """The next shorter time."""
    return max((step for step in _STEPS if step < frame_ms), default=FASTEST_MS)


def slower(frame_ms: int) -> int:
    """The next longer time."""
    return min((step for step in _STEPS if step > frame_ms), default=SLOWEST_MS)
