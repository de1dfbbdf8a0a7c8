"""What a review calls a market."""

from __future__ import annotations

import re

from coldlever.shared.action import Action, MarketEntry
from coldlever.shared.printable import quoted

_COIN_SHOWN = 40
_PLAIN_COIN = re.compile(rf"[A-Za-z0-9@][A-Za-z0-9@:/._-]{{0,{_COIN_SHOWN - 1}}}")


def name_market(entry: MarketEntry | None, action: Action) -> str:
    """The market's name with its asset id, and whether anybody vouches for the name."""
    if entry is None:
        return f"asset {action.asset} (name unknown)"
    return f"{coin_name(entry)} = asset {action.asset} (name unverified)"


def coin_name(entry: MarketEntry) -> str:
    """The name as it is where it can only be a name, and in quotes where it could be words."""
    if _PLAIN_COIN.fullmatch(entry.coin):
        return entry.coin
    return quoted(entry.coin, limit=_COIN_SHOWN)
