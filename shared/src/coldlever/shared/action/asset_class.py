"""Which kind of market an asset id belongs to; leverage exists on perpetuals alone.

Source: the exchange's documentation of asset ids. Perpetuals of the first dex count from 0, spot
pairs from 10,000, perpetuals that builders deployed from 100,000 (10,000 ids a dex), outcome
markets from 100,000,000.
"""

from __future__ import annotations

import enum

from coldlever.shared.errors import RuleRefused

_SPOT_FROM = 10_000
_BUILDER_FROM = 100_000
_OUTCOME_FROM = 100_000_000
_PREFIX_END = ":"


class AssetClass(enum.Enum):
    """What an asset id can stand for, in words that follow "asset N is"."""

    FIRST_DEX = "a perpetual of the first dex"
    SPOT = "a spot pair"
    BUILDER_DEX = "a perpetual of a builder's dex"
    OUTCOME = "an outcome market"

    @property
    def is_perpetual(self) -> bool:
        """Whether the market has leverage."""
        return self in (AssetClass.FIRST_DEX, AssetClass.BUILDER_DEX)


def class_of(asset: int) -> AssetClass:
    """The class of an asset id (u32)."""
    if asset < _SPOT_FROM:
        return AssetClass.FIRST_DEX
    if asset < _BUILDER_FROM:
        return AssetClass.SPOT
    return AssetClass.BUILDER_DEX if asset < _OUTCOME_FROM else AssetClass.OUTCOME


def class_problem(asset: int) -> RuleRefused | None:
    """``asset-class`` when ``asset`` is no perpetual, else None."""
    kind = class_of(asset)
    if kind.is_perpetual:
        return None
    bounds = (
        f"from {_SPOT_FROM} to {_BUILDER_FROM - 1}"
        if kind is AssetClass.SPOT
        else f"from {_OUTCOME_FROM} on"
    )
    return RuleRefused(
        "asset-class",
        f"asset {asset} is {kind.value} (ids {bounds}), and leverage exists on perpetuals alone",
        "draft the request again by the coin's name",
    )


def prefix_objection(asset: int, coin: str) -> str | None:
    """Why ``coin`` cannot be the name of ``asset``, going by the dex in front of it; else None.

    Names of builders' dexes are ``dex:COIN``; those of the first dex have no dex in front.
    """
    dex, mark, rest = coin.partition(_PREFIX_END)
    if class_of(asset) is AssetClass.BUILDER_DEX:
        is_fitting = bool(dex and mark and rest)
        return None if is_fitting else "names of builders' dexes have the dex in front (xyz:TSLA)"
    return "names of the first dex have no dex in front" if mark else None
