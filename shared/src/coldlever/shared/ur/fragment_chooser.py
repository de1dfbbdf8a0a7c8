"""Which fragments a part mixes: the rule that encoder and decoder share.

Source: BCR-2024-001, "Degree Chooser" to "Fragment Chooser".
"""

from __future__ import annotations

import functools
import struct
from array import array

from coldlever.shared.ur.sampler import AliasSampler
from coldlever.shared.ur.xoshiro import Xoshiro256


class FragmentChooser:
    """The choice for one message.

    Args:
        sequence_length: how many fragments the message has, at least 1.
        checksum: the message's CRC-32.
    """

    __slots__ = ("_checksum", "_everything", "_sequence_length")

    def __init__(self, sequence_length: int, checksum: int) -> None:
        self._sequence_length = sequence_length
        self._checksum = checksum
        self._everything = array("I", range(sequence_length))

    def indexes(self, sequence_number: int) -> list[int]:
        """The fragments of one part, in no order.

        The first parts are the fragments themselves, in order. Later ones mix as many as the
        degree says, which is drawn with the harmonic weights 1/1, 1/2, 1/3, ...

        Args:
            sequence_number: 1 to 2^32 - 1.

        Returns:
            Distinct indexes, 0 to ``sequence_length`` - 1.
        """
        if sequence_number <= self._sequence_length:
            return [sequence_number - 1]
        degree, generator = self._drawn_degree(sequence_number)
        return draw(self._everything, degree, generator)

    def degree(self, sequence_number: int) -> int:
        """How many fragments a mixed part mixes, without choosing them.

        Args:
            sequence_number: above ``sequence_length``.
        """
        return self._drawn_degree(sequence_number)[0]

    def _drawn_degree(self, sequence_number: int) -> tuple[int, Xoshiro256]:
        generator = Xoshiro256(struct.pack(">II", sequence_number, self._checksum))
        return degree_sampler(self._sequence_length).sample(generator) + 1, generator


# A sender works on one length and a receiver on another at the most; each costs 12 bytes per
# fragment.
@functools.lru_cache(maxsize=2)
def degree_sampler(sequence_length: int) -> AliasSampler:
    """The sampler for degree - 1, kept because making it costs more than a whole part."""
    return AliasSampler(1 / degree for degree in range(1, sequence_length + 1))


def draw(items: array[int], count: int, generator: Xoshiro256) -> list[int]:
    """Take ``count`` of the items without replacement: a Fisher-Yates shuffle that stops early."""
    remaining = items[:]
    return [
        remaining.pop(generator.below(size))
        for size in range(len(remaining), len(remaining) - count, -1)
    ]
