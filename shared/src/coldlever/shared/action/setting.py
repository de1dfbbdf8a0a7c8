"""A leverage setting, as an account has it and as an action asks for it."""

from __future__ import annotations

from dataclasses import dataclass

from coldlever.shared.reading import U32_MAX, JsonValue, Where, as_integer, as_object
from coldlever.shared.reading.fields import as_boolean


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


def parse_setting(value: JsonValue, where: Where) -> Setting | None:
    """A setting as JSON; null means none."""
    if value is None:
        return None
    fields = as_object(value, where, ("isCross", "leverage"))
    return Setting(
        as_boolean(fields["isCross"], where.key("isCross")),
        as_integer(fields["leverage"], where.key("leverage"), 1, U32_MAX),
    )
