"""Handing messages over by QR code; `coldlever.shared.cli.loading` takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.message.any import Message

if TYPE_CHECKING:
    from coldlever.shared.qr.choices import Drawing


def message_parts(message: Message, drawing: Drawing) -> dict[str, object]:
    """The texts that the codes hold, for tools that draw them themselves.

    Returns:
        ``type`` (the UR type), ``bytes`` (the message's size) and ``parts``: one text a code, as
        many as the message has fragments.
    """
    from coldlever.shared.compact import encode  # noqa: PLC0415 - only where a code is drawn
    from coldlever.shared.qr.draw import ur_parts  # noqa: PLC0415 - the same

    kind, data = encode(message)
    parts = ur_parts(kind, data, drawing.picture_density)
    return {"type": kind, "bytes": len(data), "parts": parts}
