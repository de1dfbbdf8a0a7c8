"""What a person chose about drawing and scanning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from coldlever.shared.qr.draw import Density
from coldlever.shared.ur import Receiver


@dataclass(frozen=True, slots=True)
class Drawing:
    """How a message is drawn.

    Args:
        on_terminal: ``--qr``.
        wide: ``--wide``.
        out: ``--qr-out``.
        density: ``--density``; None for the highest that the terminal has room for, up to
            medium, which pictures get.
        as_json: ``--qr-format json``.
        frame_ms: ``--frame-time``, ms.
        force: ``--force``: an existing picture is replaced.
        receiver: ``--for``.
    """

    on_terminal: bool
    wide: bool
    out: str | None
    density: Density | None
    as_json: bool
    frame_ms: int
    force: bool
    receiver: Receiver = Receiver.COLDLEVER

    @property
    def wanted(self) -> bool:
        """Whether a code was asked for at all."""
        return self.on_terminal or self.out is not None

    @property
    def picture_density(self) -> Density:
        """How much one code of a picture carries: no terminal's room limits it."""
        return self.density or Density.MEDIUM


def _nothing() -> None:
    """Nobody waits for the camera."""


@dataclass(frozen=True, slots=True)
class Scanning:
    """Where a message is scanned from.

    Args:
        wanted: whether a scan was asked for at all.
        camera: ``--camera``: its number; None for files and lines.
        opened: called once the camera is open, before its first picture is read.
    """

    wanted: bool
    camera: int | None
    opened: Callable[[], None] = _nothing
