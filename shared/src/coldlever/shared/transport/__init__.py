"""QR-sized encodings of every message: deterministic CBOR with small keys and raw bytes.

`encode` and `decode` are each other's inverse, and what is decoded has passed the same rules as a
JSON file. docs/qr-formats.md has the tables.
"""

from __future__ import annotations

from coldlever.shared.transport.handover import Message, decode, encode
from coldlever.shared.transport.kinds import TYPES, describe_type

__all__ = ["TYPES", "Message", "decode", "describe_type", "encode"]
