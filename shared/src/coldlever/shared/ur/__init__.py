"""Uniform Resources: bytes as text for one QR code or an animation of them; nothing of their sense.

Sources: BCR-2020-005 (the text form), BCR-2020-012 (bytewords), BCR-2024-001 (parts).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.shared.ur.decoder import Progress, UrDecoder, decode_ur
    from coldlever.shared.ur.encoder import UrEncoder, encode_ur
    from coldlever.shared.ur.fountain_decoder import Reception
    from coldlever.shared.ur.fountain_encoder import Receiver
    from coldlever.shared.ur.resource import Resource
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "Progress": "decoder",
            "UrDecoder": "decoder",
            "decode_ur": "decoder",
            "UrEncoder": "encoder",
            "encode_ur": "encoder",
            "Reception": "fountain_decoder",
            "Receiver": "fountain_encoder",
            "Resource": "resource",
        },
    )

__all__ = [
    "Progress",
    "Receiver",
    "Reception",
    "Resource",
    "UrDecoder",
    "UrEncoder",
    "decode_ur",
    "encode_ur",
]
