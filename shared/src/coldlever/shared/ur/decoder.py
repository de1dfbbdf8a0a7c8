"""From the texts that a scanner sees to a message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from coldlever.shared.errors import InputRefused
from coldlever.shared.ur.fountain_decoder import FountainDecoder, Reception
from coldlever.shared.ur.resource import Resource, ResourcePart, parse_resource, require_type


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan has come.

    Args:
        solved: fragments that are known. It may stand still while mixed frames come in.
        needed: fragments of the message; 0 before the first frame.
        frames_seen: frames of this message, repetitions included.
        frames_useful: frames that brought something new. When they are as many as ``needed``,
            the message is complete.
    """

    solved: int
    needed: int
    frames_seen: int
    frames_useful: int


_NOTHING = Progress(0, 0, 0, 0)


def decode_ur(text: str, expected_types: Iterable[str] | None = None) -> Resource:
    """Read a single-part UR.

    Args:
        text: exactly one UR, in upper, lower or mixed case.
        expected_types: the UR types that are taken; None takes every type.

    Raises:
        InputRefused: ``ur-malformed``, ``ur-checksum``, ``ur-too-large``, ``ur-wrong-type``, or
            ``ur-multipart`` where this is one part of several.
    """
    resource = parse_resource(text)
    require_type(resource.type, None if expected_types is None else frozenset(expected_types))
    if isinstance(resource, ResourcePart):
        part = resource.part
        raise InputRefused(
            "ur-multipart",
            f"this is part {part.sequence_number} of a message of {part.sequence_length} parts",
            "scan the whole animation",
        )
    return resource


class UrDecoder:
    """One message, taken frame by frame.

    A scanner's loop hands in each text it reads. What `receive` returns and what it raises both
    leave the loop free to go on with the next frame; a refused frame has changed nothing, except
    with the code ``ur-message-checksum``, after which the decoder is as new.

    Args:
        expected_types: the UR types that are taken; None takes every type.
    """

    __slots__ = ("_expected", "_fountain", "_frames_seen", "_message", "_single", "_type")

    def __init__(self, expected_types: Iterable[str] | None = None) -> None:
        self._expected = None if expected_types is None else frozenset(expected_types)
        self.reset()

    def reset(self) -> None:
        """Forget everything received, to begin with another message."""
        self._type: str | None = None
        self._fountain: FountainDecoder | None = None
        self._single = False
        self._message: bytes | None = None
        self._frames_seen = 0

    @property
    def type(self) -> str | None:
        """The UR type of the message; None before the first frame."""
        return self._type

    @property
    def complete(self) -> bool:
        """Whether the message is here and verified."""
        return self._message is not None

    @property
    def progress(self) -> Progress:
        """How far the scan has come."""
        if self._fountain is not None:
            fountain = self._fountain
            return Progress(fountain.solved, fountain.needed, self._frames_seen, fountain.useful)
        return Progress(1, 1, self._frames_seen, 1) if self.complete else _NOTHING

    def receive(self, text: str) -> Reception:
        """Take one frame.

        Args:
            text: what the scanner read: any text at all.

        Returns:
            What it brought. A frame of another message never starts that message by itself; it
            is ``FOREIGN`` until `reset`.

        Raises:
            InputRefused: this frame cannot be used: ``ur-malformed``, ``ur-checksum``,
                ``ur-too-large`` or ``ur-wrong-type``. Or the last fragment was found and the
                message's checksum does not fit: ``ur-message-checksum``.
        """
        resource = parse_resource(text)
        require_type(resource.type, self._expected)
        if isinstance(resource, Resource):
            reception = self._receive_whole(resource)
        else:
            reception = self._receive_part(resource)
        if reception is not Reception.FOREIGN:
            self._frames_seen += 1
        return reception

    def message(self) -> bytes:
        """The message.

        Raises:
            InputRefused: ``ur-incomplete``.
        """
        if self._message is not None:
            return self._message
        progress = self.progress
        raise InputRefused(
            "ur-incomplete",
            f"the message is not complete: {progress.frames_useful} of {progress.needed} "
            "independent parts were received"
            if progress.needed
            else "no part of a message was received",
            "keep scanning",
        )

    def _receive_whole(self, resource: Resource) -> Reception:
        if self._type is None:
            self._type = resource.type
            self._message = resource.message
            return Reception.NEW
        if resource == Resource(self._type, self._message or b""):
            return Reception.DUPLICATE
        return Reception.FOREIGN

    def _receive_part(self, resource: ResourcePart) -> Reception:
        if self._type is None:
            self._type = resource.type
            self._fountain = FountainDecoder(resource.part)
        if self._fountain is None or resource.type != self._type:
            return Reception.FOREIGN
        reception = self._fountain.receive(resource.part)
        if self._fountain.complete and self._message is None:
            try:
                self._message = self._fountain.message()
            except InputRefused:
                self.reset()
                raise
        return reception
