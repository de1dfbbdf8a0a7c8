"""Another message beside the one that is scanned: when it is shown all the time, it is the one."""

from __future__ import annotations

from collections.abc import Iterable

from coldlever.shared.errors import InputRefused
from coldlever.shared.ur import Reception, UrDecoder

# One stray frame must not decide what is scanned, and a glance aside must not either: about two
# seconds of an animation.
_FRAMES = 10


class Rival:
    """The latest message that is not the one that is scanned, and how often in a row it came.

    Args:
        expected_types: as for `UrDecoder`.
    """

    __slots__ = ("_count", "_decoder", "_expected")

    def __init__(self, expected_types: Iterable[str] | None) -> None:
        self._expected = expected_types
        self.forget()

    def forget(self) -> None:
        """A frame of the message that is scanned came."""
        self._decoder = UrDecoder(self._expected)
        self._count = 0

    def receive(self, text: str) -> UrDecoder | None:
        """Take a frame that the scanned message's decoder called foreign.

        Args:
            text: a UR that was read without a refusal.

        Returns:
            The decoder with all that came of the other message, once that has taken over.
        """
        if self._received(text) is Reception.FOREIGN:
            self.forget()
            self._received(text)
        self._count += 1
        return self._decoder if self._count >= _FRAMES else None

    def _received(self, text: str) -> Reception:
        try:
            return self._decoder.receive(text)
        except InputRefused:
            # Its last fragment came, and its checksum does not fit: it begins anew.
            self.forget()
            return Reception.REDUNDANT
