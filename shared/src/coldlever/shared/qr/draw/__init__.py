"""From a message to the squares of QR codes and to pictures of them; no terminal, no files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.shared.qr.draw.density import Density
    from coldlever.shared.qr.draw.frames import (
        Stream,
        json_frame,
        static_stream,
        ur_frames,
        ur_loop,
        ur_parts,
        ur_stream,
    )
    from coldlever.shared.qr.draw.matrix import Matrix
    from coldlever.shared.qr.draw.picture import ending_of
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "Density": "density",
            "Stream": "frames",
            "json_frame": "frames",
            "static_stream": "frames",
            "ur_frames": "frames",
            "ur_loop": "frames",
            "ur_parts": "frames",
            "ur_stream": "frames",
            "Matrix": "matrix",
            "ending_of": "picture",
        },
    )

__all__ = [
    "Density",
    "Matrix",
    "Stream",
    "ending_of",
    "json_frame",
    "static_stream",
    "ur_frames",
    "ur_loop",
    "ur_parts",
    "ur_stream",
]
