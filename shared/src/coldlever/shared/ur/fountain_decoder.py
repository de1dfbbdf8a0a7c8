"""From parts back to the message, in any order and with any of them missing.

Each part is a linear equation over GF(2): the exclusive or of the chosen fragments is its data.
The reference decoder only substitutes known fragments and subsets, and so needs more parts than
the equations do. Here they are kept in reduced row echelon form, which knows a fragment as soon
as the parts determine it, and is complete with as many independent parts as there are fragments.
"""

from __future__ import annotations

import enum
import zlib

from coldlever.shared.errors import InputRefused
from coldlever.shared.ur.fragment_chooser import FragmentChooser
from coldlever.shared.ur.part import Part


class Reception(enum.Enum):
    """What one frame brought."""

    NEW = "new"
    """Something that was not known before."""
    DUPLICATE = "duplicate"
    """A frame that was received before."""
    REDUNDANT = "redundant"
    """A frame not seen before, whose content follows from the others."""
    FOREIGN = "foreign"
    """A frame of another message, or one that contradicts the others; it was ignored."""


class FountainDecoder:
    """The equations of one message.

    Args:
        first: any part of the message. It only fixes the header; `receive` it as well.
    """

    __slots__ = ("_chooser", "_first", "_mixed", "_mixed_shift", "_solved", "_useful")

    def __init__(self, first: Part) -> None:
        self._first = first
        self._chooser = FragmentChooser(first.sequence_length, first.checksum)
        # An equation is one integer: the data below, above it one bit for each fragment that is
        # still in it. So a single exclusive or subtracts both, and its highest bit is the pivot.
        self._mixed_shift = 8 * len(first.data)
        # Known fragments. They appear in no equation of _mixed.
        self._solved: dict[int, int] = {}
        # Equations of two or more unknown fragments by their pivot, which is the highest of them
        # and appears in no other equation.
        self._mixed: dict[int, int] = {}
        # Only useful parts are remembered, and there are at most as many as fragments.
        self._useful: set[int] = set()

    @property
    def needed(self) -> int:
        """How many independent parts make the message: the number of its fragments."""
        return self._first.sequence_length

    @property
    def useful(self) -> int:
        """How many independent parts were received."""
        return len(self._useful)

    @property
    def solved(self) -> int:
        """How many fragments are known."""
        return len(self._solved)

    @property
    def complete(self) -> bool:
        """Whether every fragment is known."""
        return self.solved == self.needed

    def receive(self, part: Part) -> Reception:
        """Take one part, in any order.

        Args:
            part: checked by `Part.from_cbor`.
        """
        if not part.belongs_with(self._first):
            return Reception.FOREIGN
        if part.sequence_number in self._useful:
            return Reception.DUPLICATE
        if self.complete:
            return Reception.REDUNDANT
        equation = self._reduce(part)
        if equation >> self._mixed_shift == 0:
            # Nothing unknown is left in it. Nothing at all should be left, then.
            return Reception.REDUNDANT if equation == 0 else Reception.FOREIGN
        self._insert(equation)
        self._useful.add(part.sequence_number)
        return Reception.NEW

    def message(self) -> bytes:
        """The message, verified; only when it is `complete`.

        Raises:
            InputRefused: ``ur-message-checksum``.
        """
        length = len(self._first.data)
        message = b"".join(
            self._solved[index].to_bytes(length, "big") for index in range(self.needed)
        )[: self._first.message_length]
        if zlib.crc32(message) != self._first.checksum:
            raise InputRefused(
                "ur-message-checksum",
                "the parts do not add up to the message they announce; all of them were discarded",
                "scan the whole animation again",
            )
        return message

    def _reduce(self, part: Part) -> int:
        """The part's equation without what is known and without any pivot."""
        equation = int.from_bytes(part.data, "big")
        for index in self._chooser.indexes(part.sequence_number):
            known = self._solved.get(index)
            if known is not None:
                equation ^= known
                continue
            equation ^= self._bit(index) ^ self._mixed.get(index, 0)
        return equation

    def _insert(self, equation: int) -> None:
        """Add an equation that `_reduce` made, and keep the form reduced."""
        pivot = equation.bit_length() - 1 - self._mixed_shift
        bit = self._bit(pivot)
        touched = [index for index, other in self._mixed.items() if other & bit]
        for index in touched:
            self._mixed[index] ^= equation
        self._mixed[pivot] = equation
        # An equation of its pivot alone is a fragment. No other one holds that pivot, so nothing
        # follows from it that is not known already.
        for index in (*touched, pivot):
            fragment = self._mixed[index] ^ self._bit(index)
            if fragment >> self._mixed_shift == 0:
                self._solved[index] = fragment
                del self._mixed[index]

    def _bit(self, index: int) -> int:
        return 1 << (self._mixed_shift + index)
