"""Whether an action shows in the account: the setting read back from the exchange.

A standing is stored as JSON before the post, so that a later `resolve` can tell what changed.
"""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from decimal import Decimal

from coldlever.broadcaster.venue import Standing
from coldlever.shared.action import Action, Setting, UpdateIsolatedMargin, UpdateLeverage
from coldlever.shared.action.actions import MICRO_USD


class Effect(enum.Enum):
    """What reading back shows."""

    VISIBLE = "visible"
    ABSENT = "absent"
    # The account looks as asked, but did so before the post too; or its margin moved by another
    # amount, as funding payments and other actions move it: this proves nothing either way.
    INDISTINCT = "indistinct"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The part of a standing that leverage actions change.

    Args:
        setting: leverage and margin mode.
        raw_usd: USD balance of the isolated position; None without one.
    """

    setting: Setting
    raw_usd: Decimal | None

    def __str__(self) -> str:
        balance = "" if self.raw_usd is None else f", balance {self.raw_usd} USD"
        return f"{self.setting}{balance}"

    def to_wire(self) -> dict[str, object]:
        """``{"isCross", "leverage", "rawUsd"}``; ``rawUsd`` as a decimal string or null."""
        raw = None if self.raw_usd is None else str(self.raw_usd)
        return {**self.setting.to_wire(), "rawUsd": raw}


def snapshot(standing: Standing) -> Snapshot:
    """The snapshot of a standing."""
    position = standing.position
    return Snapshot(standing.setting, None if position is None else position.raw_usd)


def dump_snapshot(one: Snapshot) -> str:
    """As JSON text, for the ledger."""
    return json.dumps(one.to_wire())


def load_snapshot(text: str) -> Snapshot:
    """From the ledger's JSON text."""
    wire = json.loads(text)
    raw = wire["rawUsd"]
    return Snapshot(
        Setting(wire["isCross"], wire["leverage"]), None if raw is None else Decimal(raw)
    )


def compare(action: Action, before: Snapshot | None, after: Snapshot) -> Effect:
    """Judge whether ``action`` shows in ``after``.

    Args:
        action: what was posted.
        before: read before the post, or None when that was not possible.
        after: read after it.
    """
    if isinstance(action, UpdateLeverage):
        wanted = Setting(action.is_cross, action.leverage)
        if after.setting != wanted:
            return Effect.ABSENT
        return Effect.INDISTINCT if before is None or before.setting == wanted else Effect.VISIBLE
    if before is None or before.raw_usd is None or after.raw_usd is None:
        return Effect.INDISTINCT
    moved = after.raw_usd - before.raw_usd
    if moved == 0:
        return Effect.ABSENT
    if isinstance(action, UpdateIsolatedMargin):
        is_visible = moved * MICRO_USD == action.ntli
    else:
        is_visible = moved > 0
    return Effect.VISIBLE if is_visible else Effect.INDISTINCT
