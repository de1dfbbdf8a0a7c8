"""Handing messages over by QR code: the texts of the codes out, JSON documents in.

What a scan brings is turned into the same JSON document that a file would hold, so that it passes
through the same loader and the same rules.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import TYPE_CHECKING

from coldlever.shared.cli.console import dump_document
from coldlever.shared.message import message_wire
from coldlever.shared.message.any import Message

if TYPE_CHECKING:
    from coldlever.shared.qr.choices import Drawing, Scanning

# What error messages call a scanned document.
SCANNED = "QR code"


class Expected(enum.Enum):
    """What a step takes: UR types."""

    REQUESTS = ("cl-request", "cl-requests")
    SIGNED = ("cl-signed", "cl-signed-batch")
    SIGNABLE = ("cl-request", "cl-requests", "cl-signed", "cl-signed-batch")
    ANY = ("cl-request", "cl-requests", "cl-signed", "cl-signed-batch", "cl-market")


def message_parts(message: Message, drawing: Drawing) -> dict[str, object]:
    """The texts that the codes hold, for tools that draw them themselves.

    Returns:
        ``type`` (the UR type), ``bytes`` (the message's size) and ``parts``: one text a code, as
        many as the message has fragments.
    """
    from coldlever.shared.compact import encode  # noqa: PLC0415 - only where a code is drawn
    from coldlever.shared.qr.draw import ur_parts  # noqa: PLC0415 - the same

    kind, data = encode(message)
    return {"type": kind, "bytes": len(data), "parts": ur_parts(kind, data, drawing.density)}


def scan_document(expected: Expected, files: Sequence[str], scanning: Scanning) -> bytes:
    """Scan one message and return it as a JSON document.

    Raises:
        InputRefused: nothing complete was scanned, or something else than expected.
        UsageRefused: the sources do not go together.
        EnvironmentFault: an extra or the camera is missing.
    """
    from coldlever.shared.cli.qr_options import scan_message  # noqa: PLC0415 - only where a code is read
    from coldlever.shared.compact import decode  # noqa: PLC0415 - the same

    result = scan_message(expected.value, files, scanning)
    if result.ur_type is None:
        return result.data
    return dump_document(message_wire(decode(result.ur_type, result.data)))
