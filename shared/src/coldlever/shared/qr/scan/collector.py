"""From what a scanner sees to one message, and what became of each code on the way."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from coldlever.shared.errors import InputRefused
from coldlever.shared.qr.scan.foreign import name_of, name_of_json
from coldlever.shared.qr.scan.frame import Frame
from coldlever.shared.qr.scan.rival import Rival
from coldlever.shared.reading import strict_json
from coldlever.shared.ur import Reception, UrDecoder


class Outcome(enum.Enum):
    """What one code brought."""

    NEW = "new"
    """Something that was not known before."""
    REPEATED = "repeated"
    """Nothing new: seen before, or following from what was seen."""
    FOREIGN = "foreign"
    """A frame of another message, or of the same message in another density."""
    SWITCHED = "switched"
    """One of many frames in a row of another message: the scan goes on with that one."""
    OTHER_MESSAGE = "other-message"
    """Another message, whole."""
    WRONG_TYPE = "wrong-type"
    """A UR of a type that is not expected here."""
    DAMAGED = "damaged"
    """A UR or a JSON document that contradicts itself."""
    NOT_OURS = "not-ours"
    """A code that has nothing to do with this, or a line that is none."""
    DISCARDED = "discarded"
    """The last frame came and the message's checksum does not fit: everything was forgotten."""
    NO_CODE = "no-code"
    """The frame shows no QR code."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One code, or a frame without one.

    Args:
        place: where it was, printable.
        outcome: what it brought.
        code: the stable code of a refusal for this; empty where nothing is wrong.
        detail: a sentence about what is wrong, printable; empty where nothing is.
    """

    place: str
    outcome: Outcome
    code: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ScanResult:
    """A complete message.

    Args:
        ur_type: its UR type; None for a JSON document.
        data: CBOR, or the JSON document's bytes.
    """

    ur_type: str | None
    data: bytes


@dataclass(frozen=True, slots=True)
class Tally:
    """How far a scan has come.

    Args:
        solved: fragments that are known.
        needed: fragments of the message; 0 before the first.
        useful: frames that brought something new; as many as ``needed`` complete the message.
        frames: frames that were looked at.
        blank: how many of the latest frames in a row showed no code.
    """

    solved: int
    needed: int
    useful: int
    frames: int
    blank: int


# What the decoder refuses for another reason than damage.
_SPECIAL = {
    "ur-wrong-type": Outcome.WRONG_TYPE,
    "ur-message-checksum": Outcome.DISCARDED,
}


class Collector:
    """Takes frames until one message is complete.

    The first frame that fits decides which message; frames of others are named and ignored, until
    ten of one of them came and none of the first between. A plain JSON document, as
    ``--qr-format json`` draws it, is a message by itself.

    Args:
        expected_types: the UR types that are taken; None takes every type.
    """

    __slots__ = ("_blank", "_counts", "_decoder", "_document", "_frames", "_rival")

    def __init__(self, expected_types: Iterable[str] | None) -> None:
        expected = None if expected_types is None else frozenset(expected_types)
        self._decoder = UrDecoder(expected)
        self._rival = Rival(expected)
        self._document: bytes | None = None
        self._frames = 0
        self._blank = 0
        self._counts = dict.fromkeys(Outcome, 0)

    @property
    def complete(self) -> bool:
        """Whether a message is here and verified."""
        return self._document is not None or self._decoder.complete

    @property
    def tally(self) -> Tally:
        """How far the scan has come."""
        if self._document is not None:
            return Tally(1, 1, 1, self._frames, self._blank)
        ur = self._decoder.progress
        return Tally(ur.solved, ur.needed, ur.frames_useful, self._frames, self._blank)

    def count(self, outcome: Outcome) -> int:
        """How many codes had this outcome."""
        return self._counts[outcome]

    def receive(self, frame: Frame) -> list[Sighting]:
        """Take one frame.

        Args:
            frame: with any texts at all.

        Returns:
            What each code in it brought; one sighting where there is none.
        """
        self._frames += 1
        if frame.texts:
            self._blank = 0
            sightings = [self._receive_text(text, frame.place) for text in frame.texts]
        else:
            self._blank += 1
            sightings = [_without_code(frame)]
        for sighting in sightings:
            self._counts[sighting.outcome] += 1
        return sightings

    def result(self) -> ScanResult:
        """The message.

        Raises:
            InputRefused: ``ur-incomplete``.
        """
        if self._document is not None:
            return ScanResult(None, self._document)
        return ScanResult(self._decoder.type, self._decoder.message())

    def _receive_text(self, text: str, place: str) -> Sighting:
        foreign = name_of_json(text)
        if foreign is not None:
            return Sighting(place, Outcome.NOT_OURS, "qr-not-ours", f"this is {foreign}")
        if text.lstrip().startswith(("{", "[")):
            return self._receive_json(text, place)
        if text[:3].lower() != "ur:":
            return Sighting(place, Outcome.NOT_OURS, "qr-not-ours", f"this is {name_of(text)}")
        try:
            reception = self._decoder.receive(text)
        except InputRefused as refusal:
            outcome = _SPECIAL.get(refusal.code, Outcome.DAMAGED)
            return Sighting(place, outcome, refusal.code, refusal.message)
        if reception is Reception.FOREIGN or self._document is not None:
            return self._receive_foreign(text, place)
        self._rival.forget()
        return Sighting(place, Outcome.NEW if reception is Reception.NEW else Outcome.REPEATED)

    def _receive_foreign(self, text: str, place: str) -> Sighting:
        taken_over = None if self.complete else self._rival.receive(text)
        if taken_over is not None:
            self._decoder = taken_over
            return _switched(place)
        return _other(place) if _is_whole(text) else _foreign(place)

    def _receive_json(self, text: str, place: str) -> Sighting:
        document = text.encode("utf-8", "surrogateescape")
        try:
            strict_json.loads(document, place)
        except InputRefused as refusal:
            return Sighting(place, Outcome.DAMAGED, refusal.code, refusal.message)
        if self._document is None and self._decoder.progress.needed == 0:
            self._document = document
            return Sighting(place, Outcome.NEW)
        if self._document == document:
            return Sighting(place, Outcome.REPEATED)
        return _other(place)


def _is_whole(text: str) -> bool:
    """Whether a UR is of a single part."""
    return text.count("/") == 1


def _foreign(place: str) -> Sighting:
    return Sighting(
        place,
        Outcome.FOREIGN,
        "ur-foreign",
        "a frame of another message, or of this one in another density, was left out; keep showing "
        "that one if it is the one you want",
    )


def _switched(place: str) -> Sighting:
    return Sighting(
        place,
        Outcome.SWITCHED,
        "ur-switched",
        "all the latest frames are of another message: the scan goes on with that one",
    )


def _other(place: str) -> Sighting:
    return Sighting(
        place, Outcome.OTHER_MESSAGE, "qr-several-messages", "another message was left out"
    )


def _without_code(frame: Frame) -> Sighting:
    if frame.note is not None:
        return Sighting(frame.place, Outcome.NOT_OURS, "qr-not-ours", frame.note)
    return Sighting(frame.place, Outcome.NO_CODE, "qr-not-found", "no QR code was found")
