"""How much one frame of an animation carries."""

from __future__ import annotations

import enum


class Density(enum.Enum):
    """A preset: more bytes a frame mean fewer frames with smaller modules."""

    TINY = "tiny"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def fragment_bytes(self) -> int:
        """Bytes of the message in one frame, at the most."""
        return _FRAGMENT_BYTES[self]

    @property
    def static_characters(self) -> int:
        """The longest text that is drawn as one static code instead of an animation.

        As many characters as the version that this density's frames take can hold: such a code
        is no harder to read than a frame, and does not have to be caught in time.
        """
        return _STATIC_CHARACTERS[self]

    @property
    def roomy(self) -> bool:
        """Whether its frames may grow by a version where a message is long.

        A tiny frame may not: it is there for a terminal of 24 rows, which a larger one leaves.
        """
        return self is not Density.TINY


_FRAGMENT_BYTES = {
    Density.TINY: 25,
    Density.LOW: 100,
    Density.MEDIUM: 200,
    Density.HIGH: 400,
}
# Alphanumeric characters of versions 4, 8, 11 and 16 at level L (ISO/IEC 18004, table 7).
_STATIC_CHARACTERS = {
    Density.TINY: 114,
    Density.LOW: 279,
    Density.MEDIUM: 468,
    Density.HIGH: 854,
}
