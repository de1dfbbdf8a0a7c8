"""Uniform Resources: messages as text for one QR code or an animation of them (UR 2.0).

Sources: BCR-2020-005 (the text form), BCR-2020-012 (bytewords), BCR-2024-001 (parts).
"""

from coldlever.shared.ur.decoder import Progress, UrDecoder, decode_ur
from coldlever.shared.ur.encoder import UrEncoder, encode_ur
from coldlever.shared.ur.fountain_decoder import Reception
from coldlever.shared.ur.resource import Resource

__all__ = [
    "Progress",
    "Reception",
    "Resource",
    "UrDecoder",
    "UrEncoder",
    "decode_ur",
    "encode_ur",
]
