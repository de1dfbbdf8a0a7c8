"""What the drafter says a request does to the open position; no signature covers it.

Amounts stay the texts that the exchange gives: they are shown and compared, never calculated with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from coldlever.shared.message.caution import Caution
from coldlever.shared.reading import JsonValue, Where, as_object, as_string, describe

_DIGITS = 30
_DECIMAL = re.compile(rf"-?[0-9]{{1,{_DIGITS}}}(?:\.[0-9]{{1,{_DIGITS}}})?")
AMOUNT_MAX_LENGTH = 2 * _DIGITS + 2

_REQUIRED = ("size",)
_OPTIONAL = ("marginBefore", "marginAfter", "liquidationBefore", "liquidationAfter")


@dataclass(frozen=True, slots=True)
class Position:
    """An open position before and after a request; None stands for what is not known.

    Args:
        size: in the coin's units, negative for short, not 0.
        margin_before: margin used, USD.
        margin_after: the same, once the request has been executed.
        liquidation_before: liquidation price, USD.
        liquidation_after: the same, once the request has been executed.
    """

    size: str
    margin_before: str | None = None
    margin_after: str | None = None
    liquidation_before: str | None = None
    liquidation_after: str | None = None

    def to_wire(self) -> dict[str, object]:
        """The position as JSON; what is not known is left out."""
        values = (getattr(self, field.name) for field in fields(self))
        members = zip((*_REQUIRED, *_OPTIONAL), values, strict=True)
        return {name: value for name, value in members if value is not None}

    @property
    def held(self) -> str:
        """``long 0.5`` or ``short 0.5``."""
        side = "short" if _scaled(self.size) < 0 else "long"
        return f"{side} {self.size.removeprefix('-')}"

    @property
    def margin(self) -> str:
        """Margin used before and after, in words."""
        return _change(self.margin_before, self.margin_after, " USD")

    @property
    def liquidation(self) -> str:
        """Liquidation price before and after, in words."""
        return _change(self.liquidation_before, self.liquidation_after, "")

    @property
    def comes_nearer(self) -> bool:
        """Whether the liquidation price moves against the position; False where it is unknown."""
        if self.liquidation_before is None or self.liquidation_after is None:
            return False
        rise = _scaled(self.liquidation_after) - _scaled(self.liquidation_before)
        return rise < 0 if _scaled(self.size) < 0 else rise > 0

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What must not be overlooked about it."""
        if not self.comes_nearer:
            return ()
        text = f"the liquidation price comes nearer: {self.liquidation}"
        return (Caution("liquidation-nearer", text),)


def parse_position(value: JsonValue, where: Where) -> Position | None:
    """``position``; null means none.

    Raises:
        InputRefused: another form, an amount that is no decimal text, or a size of 0.
    """
    if value is None:
        return None
    members = as_object(value, where, _REQUIRED, _OPTIONAL)
    size = _parse_amount(members["size"], where.key("size"))
    if _scaled(size) == 0:
        raise where.key("size").refusal("out-of-range", describe(size), "a size other than 0")
    others = (_parse_optional_amount(members.get(name), where.key(name)) for name in _OPTIONAL)
    return Position(size, *others)


def _parse_optional_amount(value: JsonValue, where: Where) -> str | None:
    return None if value is None else _parse_amount(value, where)


def _parse_amount(value: JsonValue, where: Where) -> str:
    expected = 'a decimal as a string, such as "-0.25"'
    text = as_string(value, where, AMOUNT_MAX_LENGTH, expected)
    if _DECIMAL.fullmatch(text) is None:
        raise where.refusal("bad-decimal", describe(text), expected)
    return text


def _scaled(text: str) -> int:
    """The amount times 10^30, exactly."""
    whole, _, fraction = text.partition(".")
    return int(whole + fraction.ljust(_DIGITS, "0"))


def _change(before: str | None, after: str | None, unit: str) -> str:
    return f"{_known(before, unit)} before, {_known(after, unit)} after"


def _known(amount: str | None, unit: str) -> str:
    return "not known" if amount is None else f"{amount}{unit}"
