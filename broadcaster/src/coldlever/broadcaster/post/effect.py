"""Whether an action shows in the account: what was read before it, and what is read after.

A reading is stored as JSON before the first attempt, so that a later `resolve` can tell what
changed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

from coldlever.broadcaster.fate import Reading
from coldlever.broadcaster.venue import Standing
from coldlever.shared.action import Setting, UpdateIsolatedMargin, UpdateLeverage
from coldlever.shared.action.actions import MICRO_USD, LeverageAction, TopUpIsolatedOnlyMargin

# Funding moves an isolated position's balance at every full hour of the exchange's clock.
FUNDING_MS = 3_600_000
# Prices move between a top-up and the reading: within one part in a hundred counts as reached.
_NEARLY = Decimal("1.01")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The part of a standing that leverage actions change.

    Args:
        setting: leverage and margin mode.
        raw_usd: USD balance of the isolated position; None without one.
        size: of the position, signed; None without one.
        reached: the leverage that the position has by its margin; None without one.
        at: the exchange's clock beside it, ms since the epoch; None where it was not needed.
        is_inferred: not read, but what an accepted payload before it has asked for.
    """

    setting: Setting
    raw_usd: Decimal | None = None
    size: Decimal | None = None
    reached: Decimal | None = None
    at: int | None = None
    is_inferred: bool = False

    def __str__(self) -> str:
        balance = "" if self.raw_usd is None else f", balance {self.raw_usd} USD"
        how = ", as the payload before it was accepted" if self.is_inferred else ""
        return f"{self.setting}{balance}{how}"

    def to_wire(self) -> dict[str, object]:
        """As JSON; decimals as strings, null for what there is not; how, where it was not read."""
        how = {"inferred": True} if self.is_inferred else {}
        return {
            **how,
            **self.setting.to_wire(),
            "rawUsd": _text(self.raw_usd),
            "size": _text(self.size),
            "reached": _text(self.reached),
            "at": self.at,
        }


def snapshot(standing: Standing, at: int | None = None) -> Snapshot:
    """The snapshot of a standing.

    Args:
        standing: what was read.
        at: the exchange's clock beside it.
    """
    position = standing.position
    if position is None:
        return Snapshot(standing.setting, at=at)
    reached = position.value / position.margin_used if position.margin_used > 0 else None
    return Snapshot(standing.setting, position.raw_usd, position.size, reached, at)


def dump_snapshot(one: Snapshot) -> str:
    """As JSON text, for the ledger."""
    return json.dumps(one.to_wire())


def load_snapshot(text: str) -> Snapshot:
    """From the ledger's JSON text; release 0.1 wrote no more than setting and balance."""
    wire = json.loads(text)
    return Snapshot(
        Setting(wire["isCross"], wire["leverage"]),
        _decimal(wire["rawUsd"]),
        _decimal(wire.get("size")),
        _decimal(wire.get("reached")),
        wire.get("at"),
        wire.get("inferred", False),
    )


def judge(
    action: LeverageAction, before: Snapshot | None, after: Snapshot, *, is_alone: bool
) -> Reading:
    """Judge whether ``action`` shows in ``after``.

    Args:
        action: what was posted.
        before: read before the first attempt, or None when that was not possible.
        after: read after it.
        is_alone: no other payload of ours can have changed the market in between.
    """
    if isinstance(action, UpdateLeverage):
        return _judge_setting(Setting(action.is_cross, action.leverage), before, after)
    if isinstance(action, UpdateIsolatedMargin):
        is_exact = is_alone and _moved_alone(before, after) == Decimal(action.ntli) / MICRO_USD
        return Reading.SHOWS if is_exact else Reading.UNCLEAR
    return _judge_top_up(action, after)


def has_moved(before: Snapshot | None, now: Snapshot, action: LeverageAction) -> bool:
    """Whether the market is neither as it was before the first attempt nor as asked.

    Somebody has changed it since, and may not want it changed back; so too when nobody knows how
    it was. Amounts are meant for the position as it was.
    """
    if isinstance(action, UpdateLeverage):
        if now.setting == Setting(action.is_cross, action.leverage):
            return False
        return before is None or before.setting != now.setting
    return before is None or (before.setting, before.size) != (now.setting, now.size)


def _judge_setting(wanted: Setting, before: Snapshot | None, after: Snapshot) -> Reading:
    if after.setting != wanted:
        return Reading.OTHERWISE
    is_read = before is not None and not before.is_inferred
    is_news = is_read and before is not None and before.setting != wanted
    return Reading.SHOWS if is_news else Reading.IN_FORCE


def _judge_top_up(action: TopUpIsolatedOnlyMargin, after: Snapshot) -> Reading:
    """Margin says nothing about who added it: at most the leverage is as wanted."""
    is_reached = after.reached is not None and not after.setting.is_cross
    if is_reached and after.reached is not None:
        is_reached = after.reached <= Decimal(action.leverage) * _NEARLY
    return Reading.IN_FORCE if is_reached else Reading.UNCLEAR


def _moved_alone(before: Snapshot | None, after: Snapshot) -> Decimal | None:
    """By how much the balance moved; None where something else may have moved it too."""
    if before is None or before.raw_usd is None or after.raw_usd is None:
        return None
    if before.size is None or before.size != after.size:
        return None
    if before.at is None or after.at is None or before.at // FUNDING_MS != after.at // FUNDING_MS:
        return None
    return after.raw_usd - before.raw_usd


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
