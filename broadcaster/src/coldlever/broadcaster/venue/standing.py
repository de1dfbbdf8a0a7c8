"""An account's state on one market, and how the exchange writes it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from coldlever.broadcaster.venue.fields import member, odd, read_decimal, read_integer, read_text
from coldlever.shared.action import Setting
from coldlever.shared.reading import U32_MAX, JsonValue


@dataclass(frozen=True, slots=True)
class Position:
    """An open position.

    Args:
        size: signed, in the coin's units; negative for short.
        setting: its leverage and margin mode.
        value: its value in USD.
        margin_used: margin held for it in USD.
        raw_usd: the isolated position's own USD balance, None for cross.
        max_leverage: what the exchange allows at this size, or None.
        liquidation_px: liquidation price in USD, or None where it gives none.
    """

    size: Decimal
    setting: Setting
    value: Decimal
    margin_used: Decimal
    raw_usd: Decimal | None
    max_leverage: int | None
    liquidation_px: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """An account's state on one market: what a leverage action changes.

    Args:
        setting: leverage and margin mode in force.
        position: the open position, or None.
    """

    setting: Setting
    position: Position | None


def read_leverage(value: JsonValue) -> tuple[Setting, Decimal | None]:
    """A setting, with the USD balance of an isolated position where it names one."""
    kind = read_text(member(value, "type", "leverage"), "leverage.type")
    if kind not in ("cross", "isolated"):
        raise odd("leverage.type", kind)
    multiple = read_integer(member(value, "value", "leverage"), "leverage.value", 1, U32_MAX)
    raw = value.get("rawUsd") if isinstance(value, dict) else None
    return Setting(kind == "cross", multiple), None if raw is None else read_decimal(raw, "rawUsd")


def read_position(item: JsonValue, raw_usd: Decimal | None) -> Position | None:
    """An open position; its balance where the item does not name it. None for one of size 0."""
    size = read_decimal(member(item, "szi", "position"), "szi")
    if size == 0:
        return None
    setting, own_raw_usd = read_leverage(member(item, "leverage", "position"))
    maximum = item.get("maxLeverage") if isinstance(item, dict) else None
    liquidation = item.get("liquidationPx") if isinstance(item, dict) else None
    return Position(
        size,
        setting,
        read_decimal(member(item, "positionValue", "position"), "positionValue"),
        read_decimal(member(item, "marginUsed", "position"), "marginUsed"),
        own_raw_usd if own_raw_usd is not None else raw_usd,
        None if maximum is None else read_integer(maximum, "maxLeverage", 1, U32_MAX),
        None if liquidation is None else read_decimal(liquidation, "liquidationPx"),
    )
