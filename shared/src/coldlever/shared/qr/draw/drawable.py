"""A message in all the forms in which it is drawn."""

from __future__ import annotations

from dataclasses import dataclass

from coldlever.shared.qr.draw.caption import Caption


@dataclass(frozen=True, slots=True)
class Drawable:
    """What is drawn.

    Args:
        ur_type: the UR type of the message.
        data: the message as CBOR: the message itself, or a stand-in of the same length.
        document: the same as JSON, best without line breaks.
        caption: what it is, in words.
    """

    ur_type: str
    data: bytes
    document: bytes
    caption: Caption
