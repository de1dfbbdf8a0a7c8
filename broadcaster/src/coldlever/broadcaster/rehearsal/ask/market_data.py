"""Market data: what ``/info`` says about markets, whoever asks.

Source: the exchange's documentation of its info endpoint, and the types of @nktkas/hyperliquid
0.33. Nobody trades in a rehearsal: volumes, funding and open interest are 0, and books are empty.
"""

from __future__ import annotations

from typing import Final

from coldlever.broadcaster.rehearsal.ask.figures import figure
from coldlever.broadcaster.rehearsal.reading import U32_MAX, Malformed, read_integer, read_string
from coldlever.broadcaster.rehearsal.state import Dex, Market, Venue
from coldlever.broadcaster.rehearsal.state.markets import (
    FIRST_DEX,
    UNTIERED_TABLES,
    MarginTable,
    untiered,
)
from coldlever.shared.action import Address, MarginMode

Fields = dict[str, object]

_NOBODY: Final = Address(bytes(20))
_SPOT_TOKENS: Final = (("USDC", 0, 8, 8), ("PURR", 1, 0, 5), ("HYPE", 150, 2, 8))
_SPOT_PAIRS: Final = (("PURR/USDC", 0, 1), ("@107", 107, 150))
# A guess, as all figures of this kind here.
_MARKET_ORDER_USD: Final = "4000000.0"


def meta(venue: Venue, fields: Fields, _now: int) -> object:
    """``meta``: the markets of one dex with their margin tables."""
    dex = dex_asked(venue, fields)
    return None if dex is None else meta_of(dex)


def meta_of(dex: Dex) -> dict[str, object]:
    """The answer of ``meta`` for one dex."""
    return {
        "universe": [_market(market) for market in dex.markets],
        "marginTables": [[table.number, _table(table)] for table in dex.tables],
        "collateralToken": 0,
    }


def all_perp_metas(venue: Venue, _fields: Fields, _now: int) -> object:
    """``allPerpMetas``: ``meta`` of every dex, the first one in front."""
    return [meta_of(dex) for dex in venue.universe.dexes]


def meta_and_contexts(venue: Venue, fields: Fields, _now: int) -> object:
    """``metaAndAssetCtxs``: ``meta``, and prices in the same order."""
    dex = dex_asked(venue, fields)
    return None if dex is None else [meta_of(dex), contexts_of(venue, dex)]


def contexts_of(venue: Venue, dex: Dex) -> list[dict[str, object]]:
    """What ``metaAndAssetCtxs`` says about each market of one dex."""
    return [_context(venue, market) for market in dex.markets]


def _context(venue: Venue, market: Market) -> dict[str, object]:
    mark = figure(venue.marks[market.asset])
    return {
        "funding": "0.0",
        "openInterest": "0.0",
        "prevDayPx": figure(market.mark),
        "dayNtlVlm": "0.0",
        "premium": None if market.delisted else "0.0",
        "oraclePx": mark,
        "markPx": mark,
        "midPx": None if market.delisted else mark,
        "impactPxs": None if market.delisted else [mark, mark],
        "dayBaseVlm": "0.0",
    }


def margin_table(venue: Venue, fields: Fields, _now: int) -> object:
    """``marginTable``: one table by its number; HTTP 422 for one that is nowhere (a guess)."""
    number = read_integer(fields.get("id"), 0, U32_MAX)
    dex = dex_asked(venue, fields)
    tables = {table.number: table for table in (() if dex is None else dex.tables)}
    if number not in tables and 0 < number <= UNTIERED_TABLES:
        tables[number] = untiered(number)
    if number not in tables:
        raise Malformed
    return _table(tables[number])


def _table(table: MarginTable) -> dict[str, object]:
    return {
        "description": table.description,
        "marginTiers": [
            {"lowerBound": figure(tier.lower_bound), "maxLeverage": tier.max_leverage}
            for tier in table.tiers
        ],
    }


def _market(market: Market) -> dict[str, object]:
    listed: dict[str, object] = {
        "szDecimals": market.size_decimals,
        "name": market.coin,
        "maxLeverage": market.max_leverage,
        "marginTableId": market.table.number,
    }
    # The exchange leaves these keys out rather than setting them to false or null.
    if market.only_isolated:
        listed["onlyIsolated"] = True
    if market.delisted:
        listed["isDelisted"] = True
    if market.margin_mode is not MarginMode.NORMAL:
        listed["marginMode"] = market.margin_mode.value
    if market.growth:
        listed["growthMode"] = "enabled"
    return listed


def perp_dexs(venue: Venue, _fields: Fields, _now: int) -> object:
    """``perpDexs``: every dex, the first one as null."""
    return [
        None
        if dex.index == 0
        else {
            "name": dex.name,
            "fullName": dex.full_name,
            "deployer": _NOBODY.lower,
            "oracleUpdater": None,
            "feeRecipient": None,
            "assetToStreamingOiCap": [[market.coin, "1000000.0"] for market in dex.markets],
            "subDeployers": [],
            "deployerFeeScale": "1.0",
            "lastDeployerFeeScaleChangeTime": "1970-01-01T00:00:00",
            "assetToFundingMultiplier": [],
            "assetToFundingInterestRate": [],
        }
        for dex in venue.universe.dexes
    ]


def spot_meta(_venue: Venue, _fields: Fields, _now: int) -> object:
    """``spotMeta``: a few spot markets, which have no leverage."""
    return {
        "universe": [
            {"tokens": [base, 0], "name": name, "index": index, "isCanonical": index == 0}
            for name, index, base in _SPOT_PAIRS
        ],
        "tokens": [
            {
                "name": name,
                "szDecimals": size_decimals,
                "weiDecimals": wei_decimals,
                "index": index,
                "tokenId": f"0x{index:032x}",
                "isCanonical": index <= 1,
                "evmContract": None,
                "fullName": None,
                "deployerTradingFeeShare": "0.0",
            }
            for name, index, size_decimals, wei_decimals in _SPOT_TOKENS
        ],
    }


def all_mids(venue: Venue, fields: Fields, _now: int) -> object:
    """``allMids``: the price of each market that is traded."""
    dex = dex_asked(venue, fields)
    if dex is None:
        return None
    return {
        market.coin: figure(venue.marks[market.asset])
        for market in dex.markets
        if not market.delisted
    }


def spot_meta_and_contexts(venue: Venue, fields: Fields, now: int) -> object:
    """``spotMetaAndAssetCtxs``: ``spotMeta``, and prices in the same order."""
    return [spot_meta(venue, fields, now), spot_contexts(venue)]


def spot_contexts(_venue: Venue) -> list[dict[str, object]]:
    """What ``spotMetaAndAssetCtxs`` says about each spot market; nothing is traded there."""
    return [
        {
            "prevDayPx": "1.0",
            "dayNtlVlm": "0.0",
            "markPx": "1.0",
            "midPx": None,
            "circulatingSupply": "0.0",
            "coin": name,
            "totalSupply": "0.0",
            "dayBaseVlm": "0.0",
        }
        for name, _index, _base in _SPOT_PAIRS
    ]


def book(venue: Venue, fields: Fields, now: int) -> object:
    """``l2Book``: an empty book, or null for a coin that nobody knows."""
    coin = read_string(fields.get("coin"))
    is_known = venue.universe.coin(coin) is not None or coin in {pair[0] for pair in _SPOT_PAIRS}
    return {"coin": coin, "time": now, "levels": [[], []]} if is_known else None


def dex_limits(venue: Venue, fields: Fields, _now: int) -> object:
    """``perpDexLimits``: null for the first dex and for unknown ones."""
    dex = venue.universe.dex(read_string(fields.get("dex")))
    if dex is None or dex.name == FIRST_DEX:
        return None
    return {
        "totalOiCap": "10000000.0",
        "oiSzCapPerPerp": "1000000.0",
        "maxTransferNtl": "1000000.0",
        "coinToOiCap": [[market.coin, "1000000.0"] for market in dex.markets],
    }


def dex_status(venue: Venue, fields: Fields, _now: int) -> object:
    """``perpDexStatus``; null for an unknown dex."""
    dex = venue.universe.dex(read_string(fields.get("dex")))
    return None if dex is None else {"totalNetDeposit": "0.0"}


def market_order_limits(venue: Venue, _fields: Fields, _now: int) -> object:
    """``maxMarketOrderNtls``: by maximum leverage."""
    leverages = {market.max_leverage for market in venue.universe}
    return [[leverage, _MARKET_ORDER_USD] for leverage in sorted(leverages, reverse=True)]


def predicted_fundings(venue: Venue, _fields: Fields, _now: int) -> object:
    """``predictedFundings``: none, for each market of the first dex."""
    return [[market.coin, []] for market in venue.universe.dexes[0].markets]


def dex_asked(venue: Venue, fields: Fields) -> Dex | None:
    """The dex that a request names, the first one when it names none; None when unknown."""
    name = fields.get("dex")
    return venue.universe.dex(FIRST_DEX if name is None else read_string(name))
