"""How much one frame of an animation carries."""

from __future__ import annotations

import enum


class Density(enum.Enum):
    """A preset: more bytes a frame mean fewer frames with smaller modules."""

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


_FRAGMENT_BYTES = {Density.LOW: 100, Density.MEDIUM: 200, Density.HIGH: 400}
# Alphanumeric characters of versions 8, 11 and 16 at level L (ISO/IEC 18004, table 7).
_STATIC_CHARACTERS = {Density.LOW: 279, Density.MEDIUM: 468, Density.HIGH: 854}
