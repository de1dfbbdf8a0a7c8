"""QR codes on a terminal, and the keys that steer them; what a code says is not its business."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.shared.qr.play.blocks import Size, draw, drawn_size, require_room
    from coldlever.shared.qr.play.keyboard import KeyReader
    from coldlever.shared.qr.play.player import STATUS_ROWS, Player
    from coldlever.shared.qr.play.screen import Screen
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "Size": "blocks",
            "draw": "blocks",
            "drawn_size": "blocks",
            "require_room": "blocks",
            "KeyReader": "keyboard",
            "Player": "player",
            "STATUS_ROWS": "player",
            "Screen": "screen",
        },
    )

__all__ = [
    "STATUS_ROWS",
    "KeyReader",
    "Player",
    "Screen",
    "Size",
    "draw",
    "drawn_size",
    "require_room",
]
