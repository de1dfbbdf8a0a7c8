"""Documents that cross the gap, as JSON, and their review in words; no QR codes, no terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.shared.message.any import message_wire
    from coldlever.shared.message.caution import Caution
    from coldlever.shared.message.request import Defaults, Request, RequestFile, parse_requests
    from coldlever.shared.message.review import Review
    from coldlever.shared.message.signed import (
        SignedFile,
        SignedPayload,
        load_signed,
        parse_signed,
        verify,
    )
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "message_wire": "any",
            "Defaults": "request",
            "Request": "request",
            "RequestFile": "request",
            "parse_requests": "request",
            "Caution": "caution",
            "Review": "review",
            "SignedFile": "signed",
            "SignedPayload": "signed",
            "load_signed": "signed",
            "parse_signed": "signed",
            "verify": "signed",
        },
    )

__all__ = [
    "Caution",
    "Defaults",
    "Request",
    "RequestFile",
    "Review",
    "SignedFile",
    "SignedPayload",
    "load_signed",
    "message_wire",
    "parse_requests",
    "parse_signed",
    "verify",
]
