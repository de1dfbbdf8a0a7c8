"""What a person chose about drawing and scanning."""

from __future__ import annotations

from dataclasses import dataclass

from coldlever.shared.qr.draw import Density


@dataclass(frozen=True, slots=True)
class Drawing:
    """How a message is drawn.

    Args:
        on_terminal: ``--qr``.
        wide: ``--wide``.
        out: ``--qr-out``.
        density: ``--density``.
        as_json: ``--qr-format json``.
        frame_ms: ``--frame-time``, ms.
        force: ``--force``: an existing picture is replaced.
    """

    on_terminal: bool
    wide: bool
    out: str | None
    density: Density
    as_json: bool
    frame_ms: int
    force: bool

    @property
    def wanted(self) -> bool:
        """Whether a code was asked for at all."""
        return self.on_terminal or self.out is not None


@dataclass(frozen=True, slots=True)
class Scanning:
    """Where a message is scanned from.

    Args:
        wanted: whether a scan was asked for at all.
        camera: ``--camera``: its number; None for files and lines.
    """

    wanted: bool
    camera: int | None
