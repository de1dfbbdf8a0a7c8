"""The text form of a UR: ``ur:type/words`` and ``ur:type/3-22/words``.

Source: BCR-2020-005, "UR Encoding".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from coldlever.shared.errors import InputRefused
from coldlever.shared.printable import printable
from coldlever.shared.ur import bytewords
from coldlever.shared.ur.limits import (
    MAX_MESSAGE_BYTES,
    MAX_PART_LETTERS,
    MAX_RESOURCE_LETTERS,
    MAX_TYPE_LETTERS,
)
from coldlever.shared.ur.part import Part

_TYPE = rf"[a-z0-9-]{{1,{MAX_TYPE_LETTERS}}}"
_WHOLE_TYPE = re.compile(_TYPE)
_RESOURCE = re.compile(rf"ur:({_TYPE})/(?:([1-9][0-9]{{0,9}})-([1-9][0-9]{{0,9}})/)?([a-z]+)")
# A refusal repeats this much of what was scanned instead: enough to recognise a wrong QR code,
# not enough to spell a seed phrase onto the screen.
_SHOWN_LETTERS = 16

_CODES = {"bytewords-malformed": "ur-malformed", "bytewords-checksum": "ur-checksum"}


@dataclass(frozen=True, slots=True)
class Resource:
    """A whole message with its type.

    Args:
        type: lower-case letters, digits and hyphens.
        message: CBOR, 1 byte to 1 MiB.
    """

    type: str
    message: bytes

    def to_text(self) -> str:
        """``ur:type/words`` in lower case; for a QR code call ``upper()`` on it."""
        return f"ur:{self.type}/{bytewords.encode(self.message)}"


@dataclass(frozen=True, slots=True)
class ResourcePart:
    """One part of a message with the message's type.

    Args:
        type: lower-case letters, digits and hyphens.
        part: the part.
    """

    type: str
    part: Part

    def to_text(self) -> str:
        """``ur:type/seqNum-seqLen/words`` in lower case."""
        part = self.part
        words = bytewords.encode(part.to_cbor())
        return f"ur:{self.type}/{part.sequence_number}-{part.sequence_length}/{words}"


def parse_resource(text: str) -> Resource | ResourcePart:
    """Read one UR.

    Args:
        text: exactly one UR, nothing around it, in upper, lower or mixed case.

    Returns:
        A whole message, or a part whose header is within the limits and agrees with the text.

    Raises:
        InputRefused: ``ur-malformed``, ``ur-checksum`` or ``ur-too-large``.
    """
    if len(text) > MAX_RESOURCE_LETTERS:
        raise _too_large(f"{len(text)} characters", MAX_RESOURCE_LETTERS)
    # Non-ASCII goes first: lower() would turn the Kelvin sign into a k.
    match = _RESOURCE.fullmatch(text.lower()) if text.isascii() else None
    if match is None:
        raise InputRefused(
            "ur-malformed",
            f'this is no UR: found "{printable(text, _SHOWN_LETTERS)}", '
            "expected ur:type/words or ur:type/1-9/words",
        )
    kind, number, length, words = match.groups()
    if number is None:
        message = _decode_words(words)
        # The limit on the text leaves room for a long type.
        if len(message) > MAX_MESSAGE_BYTES:
            raise _too_large(f"{len(message)} bytes", MAX_MESSAGE_BYTES)
        return Resource(kind, message)
    if len(text) > MAX_PART_LETTERS:
        raise _too_large(f"{len(text)} characters", MAX_PART_LETTERS)
    part = Part.from_cbor(_decode_words(words))
    if (int(number), int(length)) != (part.sequence_number, part.sequence_length):
        raise InputRefused(
            "ur-malformed",
            f"this UR says part {number}-{length} outside and "
            f"{part.sequence_number}-{part.sequence_length} inside",
        )
    return ResourcePart(kind, part)


def require_type(found: str, expected: frozenset[str] | None) -> None:
    """Refuse a UR of another type by its name.

    Args:
        found: the type in the UR, already known to be well-formed.
        expected: the types that are taken; None takes every type.

    Raises:
        InputRefused: ``ur-wrong-type``.
    """
    if expected is not None and found not in expected:
        names = " or ".join(f'"{name}"' for name in sorted(expected))
        raise InputRefused("ur-wrong-type", f'this UR holds "{found}", expected {names}')


def require_encodable(kind: str, message: bytes) -> None:
    """Refuse what this package could not read back.

    Args:
        kind: the UR's type.
        message: its content.

    Raises:
        InputRefused: ``ur-malformed`` or ``ur-too-large``.
    """
    if _WHOLE_TYPE.fullmatch(kind) is None:
        raise InputRefused(
            "ur-malformed",
            f'"{printable(kind, MAX_TYPE_LETTERS)}" is no UR type: expected 1 to '
            f"{MAX_TYPE_LETTERS} lower-case letters, digits and hyphens",
        )
    if not message:
        raise InputRefused("ur-malformed", "an empty message has no UR")
    if len(message) > MAX_MESSAGE_BYTES:
        raise InputRefused(
            "ur-too-large",
            f"the message has {len(message)} bytes, at most {MAX_MESSAGE_BYTES} (1 MiB) fit a UR",
            "split it, or hand it over as a file",
        )


def _decode_words(words: str) -> bytes:
    try:
        data = bytewords.decode(words)
    except InputRefused as refusal:
        raise InputRefused(_CODES[refusal.code], refusal.message, refusal.remedy) from None
    if not data:
        raise InputRefused("ur-malformed", "this UR is empty")
    return data


def _too_large(found: str, limit: int) -> InputRefused:
    return InputRefused("ur-too-large", f"this UR has {found}, at most {limit} are taken")
