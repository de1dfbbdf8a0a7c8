"""From a message to the QR codes that carry it: one, a loop, or an endless stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from coldlever.shared.errors import InputRefused
from coldlever.shared.qr.draw.density import Density
from coldlever.shared.qr.draw.matrix import FIXED_MASK, Matrix, matrix_of, version_of
from coldlever.shared.ur import Receiver, UrEncoder, encode_ur
from coldlever.shared.ur.limits import MAX_FRAGMENT_BYTES, MIN_FRAGMENT_BYTES

# With 30 % of the frames lost a receiver needs about 1.8 frames a fragment, so a loop of three is
# as good as an endless stream.
LOOP_FACTOR = 3
# Ten minutes at 200 ms a frame; and a picture file of so many frames is still only some MB.
_MAX_LOOP_FRAMES = 3_000
# Parts get a little longer as their number grows. An animation keeps the size that it needs for
# its last number, and begins again after it: after some hours, or where its frames must not grow
# after a minute.
_LAST_PART = 65_535
_EARLY_LAST_PART = 255


@dataclass(frozen=True, slots=True)
class Stream:
    """The frames of one message in one density.

    Args:
        fragments: how many fragments it was cut into; 1 means that all frames are the same.
        next_frame: gives the next frame, without end.
    """

    fragments: int
    next_frame: Callable[[], Matrix]


@dataclass(frozen=True, slots=True)
class Loop:
    """The frames of one message for a picture.

    Args:
        count: how many there are.
        frames: codes of one and the same size, each drawn when it is asked for.
    """

    count: int
    frames: Iterator[Matrix]


def ur_stream(
    kind: str, message: bytes, density: Density, receiver: Receiver = Receiver.COLDLEVER
) -> Stream:
    """The endless frames of a message, for a terminal.

    Args:
        kind: the UR type.
        message: CBOR, 1 byte to 1 MiB.
        density: how much one frame carries.
        receiver: whose decoder it is for.

    Raises:
        InputRefused: ``ur-malformed``, ``ur-too-large`` or ``qr-too-large``.
    """
    encoder = _encoder(kind, message, density, receiver)
    if encoder.sequence_length == 1:
        return static_stream(matrix_of(encoder.part(1)))
    version = version_of(encoder.part(_last_part(encoder.sequence_length, density)))
    return Stream(
        encoder.sequence_length,
        lambda: matrix_of(encoder.next_part(), mask=FIXED_MASK, min_version=version),
    )


def ur_parts(kind: str, message: bytes, density: Density) -> list[str]:
    """The texts of a message's first codes, one for each fragment; arguments as `ur_stream`."""
    encoder = _encoder(kind, message, density, Receiver.ANY)
    return [encoder.part(number) for number in range(1, encoder.sequence_length + 1)]


def static_stream(matrix: Matrix) -> Stream:
    """One code, again and again."""
    return Stream(1, lambda: matrix)


def ur_frames(
    kind: str, message: bytes, density: Density, receiver: Receiver = Receiver.COLDLEVER
) -> tuple[Matrix, ...]:
    """The frames of `ur_loop`, all of them drawn."""
    return tuple(ur_loop(kind, message, density, receiver).frames)


def ur_loop(
    kind: str, message: bytes, density: Density, receiver: Receiver = Receiver.COLDLEVER
) -> Loop:
    """The frames of a message for a picture: one, or a loop of 3 x the fragments.

    Args:
        kind: the UR type.
        message: CBOR, 1 byte to 1 MiB.
        density: how much one frame carries.
        receiver: whose decoder it is for.

    Raises:
        InputRefused: ``ur-malformed``, ``ur-too-large``, ``qr-too-large`` or ``qr-too-many``.
    """
    encoder = _encoder(kind, message, density, receiver)
    if encoder.sequence_length == 1:
        return Loop(1, iter((matrix_of(encoder.part(1)),)))
    count = LOOP_FACTOR * encoder.sequence_length
    if count > _MAX_LOOP_FRAMES:
        raise InputRefused(
            "qr-too-many",
            f"{len(message)} bytes make a loop of {count} frames, at most {_MAX_LOOP_FRAMES} are "
            "drawn into a picture",
            "use --density high, split the batch, or hand it over as a file",
        )
    texts = list(encoder.parts(count))
    # The last one has the highest number, and so the longest text.
    version = version_of(texts[-1])
    return Loop(count, (matrix_of(text, mask=FIXED_MASK, min_version=version) for text in texts))


def json_frame(document: bytes) -> Matrix:
    """A JSON document as one static code, for a phone's scanner.

    Args:
        document: UTF-8; white space at its ends is left out.

    Raises:
        InputRefused: ``qr-too-large``: more than 858 bytes.
    """
    return matrix_of(document.decode("utf-8").strip())


def _encoder(kind: str, message: bytes, density: Density, receiver: Receiver) -> UrEncoder:
    length = density.fragment_bytes
    if (
        MIN_FRAGMENT_BYTES <= len(message) <= MAX_FRAGMENT_BYTES
        and len(encode_ur(kind, message)) <= density.static_characters
    ):
        length = max(length, len(message))
    while True:
        last = _last_part(-(-len(message) // length), density)
        encoder = UrEncoder(kind, message, length, last_sequence_number=last, receiver=receiver)
        if length <= MIN_FRAGMENT_BYTES or not _overflows(encoder, density):
            return encoder
        length -= 1


def _last_part(fragments: int, density: Density) -> int:
    if density.roomy:
        return _LAST_PART
    return max(_EARLY_LAST_PART, LOOP_FACTOR * fragments)


def _overflows(encoder: UrEncoder, density: Density) -> bool:
    """Whether frames, as they grow with their number, leave a version that they must not leave."""
    if density.roomy or encoder.sequence_length == 1:
        return False
    last = encoder.part(_last_part(encoder.sequence_length, density))
    return len(last) > density.static_characters
