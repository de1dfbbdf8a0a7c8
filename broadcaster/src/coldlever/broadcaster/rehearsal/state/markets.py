"""Markets: what an asset id means on the rehearsed exchange, and how far leverage goes there.

Source: the exchange's documentation of asset ids, margin tables and builder-deployed perps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from coldlever.shared.action import MarginMode

FIRST_DEX = ""
BUILDER_ID_BASE = 100_000
BUILDER_ID_STRIDE = 10_000
# A margin table numbered up to here has one tier, and its number is the leverage it allows.
UNTIERED_TABLES = 50


@dataclass(frozen=True, slots=True)
class MarginTier:
    """One step of a margin table.

    Args:
        lower_bound: position value in USD from which this tier applies.
        max_leverage: whole multiples.
    """

    lower_bound: Decimal
    max_leverage: int


@dataclass(frozen=True, slots=True)
class MarginTable:
    """How the maximum leverage falls as a position grows.

    Args:
        number: the id that markets refer to.
        description: the exchange's words, such as "tiered 40x"; empty for untiered tables.
        tiers: by rising lower bound, the first one at 0.
    """

    number: int
    description: str
    tiers: tuple[MarginTier, ...]

    def tier(self, position_value: Decimal) -> MarginTier:
        """The tier that a position of this value (USD, not negative) falls into."""
        reached = self.tiers[0]
        for tier in self.tiers[1:]:
            if position_value >= tier.lower_bound:
                reached = tier
        return reached

    def maintenance(self, position_value: Decimal) -> Decimal:
        """Maintenance margin in USD: half the initial margin at the tier's maximum leverage.

        The deduction keeps the amount continuous where one tier ends and the next begins.
        """
        deduction = Decimal(0)
        rate = Decimal(0)
        for tier in self.tiers:
            if position_value < tier.lower_bound:
                break
            tier_rate = 1 / (2 * Decimal(tier.max_leverage))
            deduction += tier.lower_bound * (tier_rate - rate)
            rate = tier_rate
        return position_value * rate - deduction


def untiered(max_leverage: int) -> MarginTable:
    """The margin table of a market whose maximum does not depend on the position's size."""
    return MarginTable(max_leverage, "", (MarginTier(Decimal(0), max_leverage),))


@dataclass(frozen=True, slots=True)
class Market:
    """One perpetual.

    Args:
        asset: asset id, u32.
        coin: the exchange's name; on builder dexes with the dex in front, such as "xyz:TSLA".
        dex: the dex it belongs to, "" for the first one.
        size_decimals: decimals of a position's size.
        max_leverage: whole multiples, for positions of the lowest tier.
        table: its margin table.
        mark: the price in USD that the rehearsal starts with.
        margin_mode: which modes it allows.
        only_isolated: the older flag for "no cross margin"; some markets carry only this one.
        delisted: its id stays taken, it is no longer traded.
        growth: builder markets may carry this extra key; clients must bear keys they do not know.
    """

    asset: int
    coin: str
    dex: str
    size_decimals: int
    max_leverage: int
    table: MarginTable
    mark: Decimal
    margin_mode: MarginMode = MarginMode.NORMAL
    only_isolated: bool = False
    delisted: bool = False
    growth: bool = False

    @property
    def allows_cross(self) -> bool:
        """Whether positions may use cross margin."""
        return self.margin_mode is MarginMode.NORMAL and not self.only_isolated

    @property
    def keeps_margin(self) -> bool:
        """Whether isolated margin can be added but never taken back."""
        return self.margin_mode is MarginMode.STRICT_ISOLATED

    def max_leverage_at(self, position_value: Decimal) -> int:
        """The maximum leverage for a position of this value in USD."""
        return min(self.max_leverage, self.table.tier(position_value).max_leverage)


@dataclass(frozen=True, slots=True)
class Dex:
    """One perpetuals exchange within the exchange, with markets and collateral of its own.

    Args:
        index: its place in ``perpDexs``; 0 is the first dex.
        name: "" for the first dex, a short lower-case word for builder dexes.
        full_name: the name people see.
        markets: in the order of ``meta``, delisted ones included.
        tables: the margin tables that ``meta`` lists.
    """

    index: int
    name: str
    full_name: str
    markets: tuple[Market, ...]
    tables: tuple[MarginTable, ...]


class Universe:
    """All markets of one network.

    Args:
        dexes: by index, the first dex in front.
    """

    def __init__(self, dexes: tuple[Dex, ...]) -> None:
        self.dexes = dexes
        self._dex_by_name = {dex.name: dex for dex in dexes}
        self._by_asset = {market.asset: market for market in self}
        self._by_coin = {market.coin: market for market in self}

    def __iter__(self) -> Iterator[Market]:
        for dex in self.dexes:
            yield from dex.markets

    def dex(self, name: str) -> Dex | None:
        """The dex of this name, "" for the first one; None when there is none."""
        return self._dex_by_name.get(name)

    def market(self, asset: int) -> Market | None:
        """The market of this asset id, or None."""
        return self._by_asset.get(asset)

    def coin(self, name: str) -> Market | None:
        """The market of this name, or None."""
        return self._by_coin.get(name)


def first_asset_id(dex_index: int) -> int:
    """The asset id of the first market of a dex."""
    return 0 if dex_index == 0 else BUILDER_ID_BASE + BUILDER_ID_STRIDE * dex_index
