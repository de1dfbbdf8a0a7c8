"""From a message to the texts of its QR codes."""

from __future__ import annotations

from collections.abc import Iterator

from coldlever.shared.errors import InputRefused, UsageRefused
from coldlever.shared.ur.fountain_encoder import FountainEncoder, Receiver
from coldlever.shared.ur.limits import (
    MAX_FRAGMENT_BYTES,
    MAX_SEQUENCE_LENGTH,
    MAX_UINT32,
    MIN_FRAGMENT_BYTES,
)
from coldlever.shared.ur.resource import Resource, ResourcePart, require_encodable

# Measured: with a third of the frames lost, a loop of three times the fragments is as good as an
# endless stream.
_LOOP_FACTOR = 3


def encode_ur(kind: str, message: bytes, *, upper: bool = True) -> str:
    """Write a message as a single-part UR.

    Args:
        kind: the UR type: lower-case letters, digits and hyphens.
        message: CBOR, 1 byte to 1 MiB.
        upper: in upper case, which a QR code stores in 5.5 bits a character instead of 8.

    Raises:
        InputRefused: ``ur-malformed`` or ``ur-too-large``.
    """
    require_encodable(kind, message)
    text = Resource(kind, message).to_text()
    return text.upper() if upper else text


class UrEncoder:
    """The frames of one message: a single one, a loop, or an endless stream.

    Args:
        kind: the UR type: lower-case letters, digits and hyphens.
        message: CBOR, 1 byte to 1 MiB.
        max_fragment_length: bytes of the message in one frame, 10 to 2,000. A message that is not
            longer becomes a single-part UR.
        first_sequence_number: the first part of `next_part`, 1 to 2^32 - 1.
        last_sequence_number: the last one of `next_part`, which goes on with 1 after it.
        upper: in upper case, which a QR code stores in 5.5 bits a character instead of 8.
        receiver: whose decoder `next_part` and `parts` choose the mixed parts for.

    Raises:
        InputRefused: ``ur-malformed`` or ``ur-too-large``.
        UsageRefused: ``ur-fragment-length`` or ``ur-sequence-number``.
    """

    __slots__ = ("_fountain", "_kind", "_last", "_next", "_receiver", "_single", "_upper")

    def __init__(
        self,
        kind: str,
        message: bytes,
        max_fragment_length: int,
        *,
        first_sequence_number: int = 1,
        last_sequence_number: int = MAX_UINT32,
        upper: bool = True,
        receiver: Receiver = Receiver.ANY,
    ) -> None:
        require_encodable(kind, message)
        _require_fragment_length(len(message), max_fragment_length)
        self._kind = kind
        self._upper = upper
        self._receiver = receiver
        self._next = _required_sequence_number(first_sequence_number)
        self._last = _required_sequence_number(last_sequence_number)
        self._fountain = FountainEncoder(message, max_fragment_length)
        self._single = (
            encode_ur(kind, message, upper=upper) if self._fountain.sequence_length == 1 else None
        )

    @property
    def sequence_length(self) -> int:
        """How many fragments the message has; 1 means a single-part UR."""
        return self._fountain.sequence_length

    @property
    def fragment_length(self) -> int:
        """Bytes of the message in each frame."""
        return self._fountain.fragment_length

    def part(self, sequence_number: int) -> str:
        """The text of one part; the same number always gives the same text.

        Args:
            sequence_number: 1 to 2^32 - 1. Up to `sequence_length` it is a fragment of the
                message as it is, beyond that a mixture.

        Raises:
            UsageRefused: ``ur-sequence-number``.
        """
        number = _required_sequence_number(sequence_number)
        if self._single is not None:
            return self._single
        text = ResourcePart(self._kind, self._fountain.part(number)).to_text()
        return text.upper() if self._upper else text

    def next_part(self) -> str:
        """The text of the next part that is shown, without end. A single-part UR repeats itself."""
        number = self._shown_from(self._next)
        self._next = self._after(number)
        return self.part(number)

    def parts(self, count: int | None = None) -> Iterator[str]:
        """The frames of a finite loop, from part 1 on, whatever `next_part` has given.

        Args:
            count: how many; 3 x `sequence_length` unless told. A single-part UR is one frame.
        """
        if self._single is not None:
            count = 1
        elif count is None:
            count = _LOOP_FACTOR * self.sequence_length
        number = 0
        for _ in range(count):
            number = self._shown_from(number + 1)
            yield self.part(number)

    def _shown_from(self, number: int) -> int:
        while not self._fountain.is_shown(number, self._receiver):
            number = self._after(number)
        return number

    def _after(self, number: int) -> int:
        """The specification lets the counter wrap to 0, for which no decoder has an answer."""
        return 1 if number >= self._last else number + 1


def _required_sequence_number(number: int) -> int:
    if not 1 <= number <= MAX_UINT32:
        raise UsageRefused(
            "ur-sequence-number", f"found part number {number}, expected 1 to {MAX_UINT32}"
        )
    return number


def _require_fragment_length(message_length: int, max_fragment_length: int) -> None:
    if not MIN_FRAGMENT_BYTES <= max_fragment_length <= MAX_FRAGMENT_BYTES:
        raise UsageRefused(
            "ur-fragment-length",
            f"found fragments of {max_fragment_length} bytes, "
            f"expected {MIN_FRAGMENT_BYTES} to {MAX_FRAGMENT_BYTES}",
        )
    if message_length > MAX_SEQUENCE_LENGTH * max_fragment_length:
        raise InputRefused(
            "ur-too-large",
            f"{message_length} bytes in fragments of {max_fragment_length} are more than "
            f"{MAX_SEQUENCE_LENGTH} parts",
            "choose denser frames, or hand it over as a file",
        )
