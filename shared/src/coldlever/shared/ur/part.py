"""One part of a multi-part message, and its CBOR form.

Source: BCR-2024-001, "Part Serialization": ``[seqNum, seqLen, messageLen, checksum, data]`` in
deterministic CBOR.
"""

from __future__ import annotations

from dataclasses import dataclass

from coldlever.shared.errors import InputRefused
from coldlever.shared.ur.limits import (
    MAX_FRAGMENT_BYTES,
    MAX_MESSAGE_BYTES,
    MAX_SEQUENCE_LENGTH,
)

_ARRAY_OF_FIVE = 0x85
_UNSIGNED = 0 << 5
_BYTE_STRING = 2 << 5
_MAJOR_TYPE = 0b111_00000
_FOLLOWING_BYTES = {24: 1, 25: 2, 26: 4}
_SMALLEST_OF_WIDTH = {1: 24, 2: 1 << 8, 4: 1 << 16}


@dataclass(frozen=True, slots=True)
class Part:
    """A mixture of fragments with what the receiver must know about the message.

    Args:
        sequence_number: 1 to 2^32 - 1; decides which fragments are mixed.
        sequence_length: how many fragments the message has.
        message_length: bytes, without the padding of the last fragment.
        checksum: CRC-32 of the message.
        data: the exclusive or of the fragments, as long as each of them.
    """

    sequence_number: int
    sequence_length: int
    message_length: int
    checksum: int
    data: bytes

    def belongs_with(self, other: Part) -> bool:
        """Whether both describe the same message, cut in the same way."""
        return (
            self.checksum == other.checksum
            and self.message_length == other.message_length
            and self.sequence_length == other.sequence_length
            and len(self.data) == len(other.data)
        )

    def to_cbor(self) -> bytes:
        """The part as deterministic CBOR."""
        return b"".join(
            (
                bytes((_ARRAY_OF_FIVE,)),
                _head(_UNSIGNED, self.sequence_number),
                _head(_UNSIGNED, self.sequence_length),
                _head(_UNSIGNED, self.message_length),
                _head(_UNSIGNED, self.checksum),
                _head(_BYTE_STRING, len(self.data)),
                self.data,
            )
        )

    @classmethod
    def from_cbor(cls, cbor: bytes) -> Part:
        """Read a part and check it against the limits and against itself.

        Args:
            cbor: the whole part, already bounded by the length of its text.

        Returns:
            A part whose numbers fit together. Nothing was allocated by what it announces.

        Raises:
            InputRefused: ``ur-malformed`` or ``ur-too-large``.
        """
        if not cbor or cbor[0] != _ARRAY_OF_FIVE:
            raise _malformed("expected an array of five")
        sequence_number, offset = _read_head(cbor, 1, _UNSIGNED)
        sequence_length, offset = _read_head(cbor, offset, _UNSIGNED)
        message_length, offset = _read_head(cbor, offset, _UNSIGNED)
        checksum, offset = _read_head(cbor, offset, _UNSIGNED)
        fragment_length, offset = _read_head(cbor, offset, _BYTE_STRING)
        if len(cbor) - offset != fragment_length:
            raise _malformed(
                f"found {len(cbor) - offset} bytes of data, its header says {fragment_length}"
            )
        _refuse_sizes(sequence_length, message_length, fragment_length)
        # The counter starts at 1. After 2^32 - 1 the specification lets it wrap to 0, for which
        # its own fragment chooser has no answer.
        if sequence_number == 0:
            raise _malformed("found part number 0")
        return cls(sequence_number, sequence_length, message_length, checksum, cbor[offset:])


def _refuse_sizes(sequence_length: int, message_length: int, fragment_length: int) -> None:
    for name, found, limit in (
        ("fragments", sequence_length, MAX_SEQUENCE_LENGTH),
        ("bytes", message_length, MAX_MESSAGE_BYTES),
        ("bytes a fragment", fragment_length, MAX_FRAGMENT_BYTES),
    ):
        if found > limit:
            raise InputRefused(
                "ur-too-large",
                f"the message announces {found} {name}, at most {limit} are taken",
                "split the message where it is made",
            )
    # No encoder makes a fragment of padding alone. So the three numbers depend on each other.
    padded_length = sequence_length * fragment_length
    if not (
        sequence_length > 0 and padded_length - fragment_length < message_length <= padded_length
    ):
        raise _malformed(
            f"{message_length} bytes are not {sequence_length} fragments of {fragment_length}"
        )


def _head(major_type: int, value: int) -> bytes:
    """The first bytes of a CBOR item, in the shortest form (RFC 8949, section 4.2.1)."""
    if value < _SMALLEST_OF_WIDTH[1]:
        return bytes((major_type | value,))
    information = 24 + (value >= _SMALLEST_OF_WIDTH[2]) + (value >= _SMALLEST_OF_WIDTH[4])
    return bytes((major_type | information,)) + value.to_bytes(_FOLLOWING_BYTES[information], "big")


def _read_head(cbor: bytes, offset: int, major_type: int) -> tuple[int, int]:
    """A CBOR item's number and the offset behind it."""
    if offset >= len(cbor):
        raise _malformed("it ends early")
    if cbor[offset] & _MAJOR_TYPE != major_type:
        raise _malformed("found an item of another kind than expected")
    value = cbor[offset] & ~_MAJOR_TYPE
    offset += 1
    if value < _SMALLEST_OF_WIDTH[1]:
        return value, offset
    width = _FOLLOWING_BYTES.get(value)
    if width is None or offset + width > len(cbor):
        raise _malformed("found a number above 2^32 - 1, or one cut off")
    value = int.from_bytes(cbor[offset : offset + width], "big")
    if value < _SMALLEST_OF_WIDTH[width]:
        raise _malformed("found a number in a longer form than it needs")
    return value, offset + width


def _malformed(found: str) -> InputRefused:
    return InputRefused("ur-malformed", f"this is no part of a multi-part UR: {found}")
