"""A leverage setting, as an account has it and as an action asks for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """A leverage setting: the margin mode and the multiple.

    Args:
        is_cross: True for cross margin, False for isolated.
        leverage: whole multiples.
    """

    is_cross: bool
    leverage: int

    def __str__(self) -> str:
        return f"{'cross' if self.is_cross else 'isolated'} {self.leverage}x"

    def to_wire(self) -> dict[str, object]:
        """``{"isCross", "leverage"}``."""
        return {"isCross": self.is_cross, "leverage": self.leverage}
