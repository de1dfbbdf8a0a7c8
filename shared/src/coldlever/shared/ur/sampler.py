"""Drawing from a weighted choice in constant time: the alias method of Walker and Vose.

Source: BCR-2024-001, "Random Sampler". Both sides must arrive at the same tables to the last bit,
so the order of every addition, of both work lists and of each division follows the specification.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from coldlever.shared.ur.xoshiro import Xoshiro256


class AliasSampler:
    """A choice among n things.

    Args:
        weights: n relative weights, each above zero.
    """

    __slots__ = ("_aliases", "_thresholds")

    def __init__(self, weights: Iterable[float]) -> None:
        # Arrays, because lists of n floats and integers would cost five times the memory.
        thresholds = array("d", weights)
        count = len(thresholds)
        total = 0.0
        # Not sum(): since Python 3.12 it compensates rounding errors, and the tables would differ.
        for weight in thresholds:
            total += weight
        for index, weight in enumerate(thresholds):
            thresholds[index] = weight * count / total

        order = range(count - 1, -1, -1)
        small = array("I", (index for index in order if thresholds[index] < 1))
        large = array("I", (index for index in order if thresholds[index] >= 1))
        aliases = array("I", (0,)) * count
        while small and large:
            poor, rich = small.pop(), large.pop()
            aliases[poor] = rich
            thresholds[rich] += thresholds[poor] - 1
            (small if thresholds[rich] < 1 else large).append(rich)
        # What is left is 1 but for rounding.
        for index in (*large, *small):
            thresholds[index] = 1.0

        self._thresholds = thresholds
        self._aliases = aliases

    def sample(self, generator: Xoshiro256) -> int:
        """Draw once, taking two numbers from ``generator``.

        Returns:
            An index, 0 to n - 1.
        """
        index = generator.below(len(self._thresholds))
        if generator.next_double() < self._thresholds[index]:
            return index
        return self._aliases[index]
