"""Three leverage actions and the noop that revokes: their bounds and the order of their keys.

Source: the exchange's documentation of L1 actions, and the struct order seen in its official SDK.
The exchange parses the JSON into a struct and serialises it again before it hashes, so a file may
list the keys in any order, but the hash covers exactly the order of `to_wire`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from coldlever.shared.reading import (
    SAFE_INTEGER_MAX,
    U32_MAX,
    JsonValue,
    Where,
    as_choice,
    as_integer,
    as_object,
    as_string,
    describe,
)
from coldlever.shared.reading.fields import as_boolean

# The exchange parses this decimal into a number and writes it again before it hashes. "10.0" or
# "05" might come back as "10" and "5" and change the hash, so only the shortest form is taken.
_DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,9})(?:\.[0-9]{0,7}[1-9])?")
_DECIMAL_MAX_LENGTH = 19
# One USD in the units of `ntli`.
MICRO_USD = 1_000_000


@dataclass(frozen=True, slots=True)
class UpdateLeverage:
    """Set the leverage and the margin mode of one market.

    Args:
        asset: asset id, u32.
        is_cross: True for cross margin, False for isolated.
        leverage: whole multiples, 1 to u32; the market's own maximum is checked elsewhere.
    """

    TYPE: ClassVar[str] = "updateLeverage"
    asset: int
    is_cross: bool
    leverage: int

    def to_wire(self) -> dict[str, object]:
        """The action as it is hashed and posted, keys in hash order."""
        return {
            "type": self.TYPE,
            "asset": self.asset,
            "isCross": self.is_cross,
            "leverage": self.leverage,
        }


@dataclass(frozen=True, slots=True)
class UpdateIsolatedMargin:
    """Add margin to an isolated position, or take some away.

    Args:
        asset: asset id, u32.
        is_buy: True for a long position; without effect while the exchange is in one-way mode.
        ntli: micro-USD (1 USD = 1,000,000), negative to remove, never 0.
    """

    TYPE: ClassVar[str] = "updateIsolatedMargin"
    asset: int
    is_buy: bool
    ntli: int

    def to_wire(self) -> dict[str, object]:
        """The action as it is hashed and posted, keys in hash order."""
        return {
            "type": self.TYPE,
            "asset": self.asset,
            "isBuy": self.is_buy,
            "ntli": self.ntli,
        }


@dataclass(frozen=True, slots=True)
class TopUpIsolatedOnlyMargin:
    """Add the margin that brings a strict-isolated position to a target leverage.

    Args:
        asset: asset id, u32.
        leverage: the target as a decimal string in its shortest form, such as "2.5".
    """

    TYPE: ClassVar[str] = "topUpIsolatedOnlyMargin"
    asset: int
    leverage: str

    def to_wire(self) -> dict[str, object]:
        """The action as it is hashed and posted, keys in hash order."""
        return {"type": self.TYPE, "asset": self.asset, "leverage": self.leverage}


@dataclass(frozen=True, slots=True)
class Noop:
    """Use up a nonce and change nothing: what was signed with that nonce can land no more."""

    TYPE: ClassVar[str] = "noop"

    def to_wire(self) -> dict[str, object]:
        """The action as it is hashed and posted."""
        return {"type": self.TYPE}


LeverageAction = UpdateLeverage | UpdateIsolatedMargin | TopUpIsolatedOnlyMargin
Action = LeverageAction | Noop

_KEYS: dict[str, tuple[str, ...]] = {
    UpdateLeverage.TYPE: ("type", "asset", "isCross", "leverage"),
    UpdateIsolatedMargin.TYPE: ("type", "asset", "isBuy", "ntli"),
    TopUpIsolatedOnlyMargin.TYPE: ("type", "asset", "leverage"),
    Noop.TYPE: ("type",),
}


def parse_action(value: JsonValue, where: Where) -> Action:
    """Read one action.

    Raises:
        InputRefused: anything but exactly one of the four actions within its bounds.
    """
    if not isinstance(value, dict):
        raise where.refusal("wrong-type", describe(value), "an action object")
    if "type" not in value:
        raise where.refusal("missing-key", 'no key "type"', "one of " + ", ".join(_KEYS))
    kind = as_choice(value["type"], where.key("type"), tuple(_KEYS))
    fields = as_object(value, where, _KEYS[kind])
    if kind == Noop.TYPE:
        return Noop()
    asset = as_integer(fields["asset"], where.key("asset"), 0, U32_MAX)
    if kind == UpdateLeverage.TYPE:
        return UpdateLeverage(
            asset,
            as_boolean(fields["isCross"], where.key("isCross")),
            as_integer(fields["leverage"], where.key("leverage"), 1, U32_MAX),
        )
    if kind == UpdateIsolatedMargin.TYPE:
        is_buy = as_boolean(fields["isBuy"], where.key("isBuy"))
        ntli = as_integer(fields["ntli"], where.key("ntli"), -SAFE_INTEGER_MAX, SAFE_INTEGER_MAX)
        if ntli == 0:
            raise where.key("ntli").refusal("out-of-range", "0", "an amount other than 0")
        return UpdateIsolatedMargin(asset, is_buy, ntli)
    return TopUpIsolatedOnlyMargin(asset, _parse_decimal(fields["leverage"], where))


def _parse_decimal(value: JsonValue, where: Where) -> str:
    place = where.key("leverage")
    expected = 'a decimal in its shortest form as a string, such as "2.5"'
    text = as_string(value, place, _DECIMAL_MAX_LENGTH, expected)
    if _DECIMAL.fullmatch(text) is None or not text.strip("0."):
        raise place.refusal("bad-decimal", describe(text), expected + ", above 0")
    return text
