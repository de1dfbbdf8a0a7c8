"""Messages as deterministic CBOR for QR codes, small keys and raw bytes; no JSON, no drawing.

`encode` and `decode` are each other's inverse, and what is decoded has passed the same rules as a
JSON file. docs/qr-formats.md has the tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.shared.compact.codec import decode, encode
    from coldlever.shared.compact.ur_types import TYPES, describe_type
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "decode": "codec",
            "encode": "codec",
            "TYPES": "ur_types",
            "describe_type": "ur_types",
        },
    )

__all__ = ["TYPES", "decode", "describe_type", "encode"]
