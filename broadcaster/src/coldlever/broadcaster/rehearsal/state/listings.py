"""Listings: the markets that the rehearsed mainnet and testnet start with.

Names and ids of the first dex are those of coldlever's table. Size decimals, maximum leverages,
margin modes and margin tables are as recorded from the two networks in 2026 as far as they were
recorded. For a market without a listing of its own here they are guesses (`_guess`), and so are
those of a few that are listed to have each kind of market at hand. Prices are round figures for
training and do not move by themselves.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from coldlever.broadcaster.rehearsal.state.markets import (
    FIRST_DEX,
    UNTIERED_TABLES,
    Dex,
    MarginTable,
    MarginTier,
    Market,
    Universe,
    first_asset_id,
    untiered,
)
from coldlever.shared.action import MarginMode, Network
from coldlever.shared.action.coin_table import coins_of


class _Listing(NamedTuple):
    coin: str
    size_decimals: int
    max_leverage: int
    mark: str
    table: int = 0
    margin_mode: MarginMode = MarginMode.NORMAL
    only_isolated: bool = False
    delisted: bool = False
    growth: bool = False


_NO_CROSS = MarginMode.NO_CROSS
_STRICT = MarginMode.STRICT_ISOLATED


def _tiered(number: int, description: str, *tiers: tuple[int, int]) -> MarginTable:
    return MarginTable(
        number,
        description,
        tuple(MarginTier(Decimal(bound), leverage) for bound, leverage in tiers),
    )


_MAINNET_TABLES = (
    untiered(UNTIERED_TABLES),
    _tiered(51, "tiered 10x", (0, 10), (3_000_000, 5)),
    _tiered(52, "tiered 10x (2)", (0, 10), (20_000_000, 5)),
    _tiered(53, "tiered 20x", (0, 20), (40_000_000, 10)),
    _tiered(54, "tiered 20x (2)", (0, 20), (70_000_000, 10)),
    _tiered(55, "tiered 25x", (0, 25), (100_000_000, 15)),
    _tiered(56, "tiered 40x", (0, 40), (150_000_000, 20)),
)
_MAINNET = (
    _Listing("BTC", 5, 40, "84000", 56),
    _Listing("ETH", 4, 25, "2600", 55),
    _Listing("ATOM", 2, 5, "4.5"),
    _Listing("MATIC", 1, 20, "0.37621", delisted=True),
    _Listing("DYDX", 1, 5, "0.25"),
    _Listing("SOL", 2, 20, "130", 54),
    _Listing("AVAX", 2, 10, "14", 51),
    _Listing("BNB", 3, 10, "850", 51),
    _Listing("APE", 1, 5, "0.4"),
    _Listing("OP", 1, 5, "0.5"),
    _Listing("LTC", 2, 10, "90", 51),
    _Listing("ARB", 1, 10, "0.4", 51),
    _Listing("DOGE", 0, 10, "0.15", 52),
    _Listing("INJ", 1, 10, "7", 51),
    _Listing("SUI", 1, 10, "1.6", 52),
    _Listing("kPEPE", 0, 10, "0.0037", 52),
    _Listing("CRV", 1, 10, "0.5", 51),
    _Listing("LDO", 1, 5, "0.7"),
    _Listing("LINK", 1, 10, "14", 51),
    _Listing("STX", 1, 5, "0.4"),
    _Listing("RNDR", 1, 20, "7", delisted=True),
    _Listing("CFX", 0, 5, "0.09"),
    _Listing("FTM", 0, 10, "0.6", delisted=True),
    _Listing("GMX", 2, 3, "12"),
    _Listing("SNX", 1, 3, "0.7"),
    _Listing("XRP", 0, 20, "2", 53),
    _Listing("BCH", 3, 10, "550", 51),
    _Listing("APT", 2, 10, "2.4", 51),
    _Listing("AAVE", 2, 10, "180", 51),
    _Listing("COMP", 2, 5, "40"),
    _Listing("MKR", 4, 10, "1700", delisted=True),
    _Listing("WLD", 1, 10, "0.8", 51),
    _Listing("FXS", 1, 5, "1.5", delisted=True),
    _Listing("HPOS", 0, 3, "0.05", only_isolated=True),
)
_MAINNET_XYZ = (
    _Listing("xyz:XYZ100", 4, 30, "29400"),
    _Listing("xyz:TSLA", 3, 20, "380", growth=True),
    _Listing("xyz:NVDA", 3, 20, "219", growth=True),
    _Listing("xyz:GOLD", 4, 25, "4170"),
    _Listing("xyz:HOOD", 3, 10, "113", margin_mode=_NO_CROSS, only_isolated=True),
)
_MAINNET_FLX = (
    _Listing("flx:GOLD", 4, 25, "4170", delisted=True),
    _Listing("flx:TSLA", 3, 10, "380", margin_mode=_STRICT, only_isolated=True),
)

_TESTNET_TABLES = (
    untiered(UNTIERED_TABLES),
    _tiered(53, "tiered 25x", (0, 25), (50_000, 10)),
    _tiered(54, "tiered 40x", (0, 40), (10_000, 25), (50_000, 10)),
)
_TESTNET = (
    _Listing("SOL", 2, 10, "130"),
    _Listing("APT", 2, 3, "2.4"),
    _Listing("ATOM", 2, 10, "4.5"),
    _Listing("BTC", 5, 40, "84000", 54),
    _Listing("ETH", 4, 25, "2600", 53),
    _Listing("MATIC", 1, 10, "0.37621", delisted=True),
    _Listing("BNB", 3, 10, "850"),
    _Listing("DOGE", 0, 10, "0.15"),
    _Listing("kPEPE", 0, 10, "0.0037"),
    # Limits and margin modes of the next three are the rehearsal's own, to practise with.
    _Listing("HPOS", 0, 3, "0.05", only_isolated=True),
    _Listing("PURR", 0, 3, "0.2", margin_mode=_NO_CROSS, only_isolated=True),
    _Listing("HYPE", 2, 10, "40", margin_mode=_STRICT, only_isolated=True),
)
_TESTNET_TEST = (_Listing("test:ABC", 0, 3, "1"),)
_TESTNET_UNIT = (
    _Listing("unit:ES", 2, 20, "6800", margin_mode=_STRICT, only_isolated=True),
    _Listing("unit:NQ", 2, 20, "25000", margin_mode=_STRICT, only_isolated=True, delisted=True),
)


def _first_dex(network: Network, listings: tuple[_Listing, ...]) -> tuple[_Listing, ...]:
    """Every market of the table, in the order of its ids."""
    by_coin = {listing.coin: listing for listing in listings}
    return tuple(by_coin.get(coin) or _guess(coin) for coin in coins_of(network))


def _guess(coin: str) -> _Listing:
    """A market whose limits nobody recorded for us: modest ones, so that drafts stay modest."""
    return _Listing(coin, 1, 3, "1")


_Dexes = tuple[tuple[str, str, tuple[_Listing, ...]], ...]

_DEXES: dict[Network, tuple[tuple[MarginTable, ...], _Dexes]] = {
    Network.MAINNET: (
        _MAINNET_TABLES,
        (
            (FIRST_DEX, "", _first_dex(Network.MAINNET, _MAINNET)),
            ("xyz", "XYZ", _MAINNET_XYZ),
            ("flx", "Felix Exchange", _MAINNET_FLX),
        ),
    ),
    Network.TESTNET: (
        _TESTNET_TABLES,
        (
            (FIRST_DEX, "", _first_dex(Network.TESTNET, _TESTNET)),
            ("test", "test dex", _TESTNET_TEST),
            ("unit", "Unit", _TESTNET_UNIT),
            ("xyz", "XYZ", _MAINNET_XYZ),
        ),
    ),
}


def universe_of(network: Network) -> Universe:
    """The markets of ``network``, fresh and unshared."""
    tables, dexes = _DEXES[network]
    by_number = {table.number: table for table in tables}
    return Universe(
        tuple(
            Dex(
                index,
                name,
                full_name,
                tuple(
                    _market(first_asset_id(index) + place, name, listing, by_number)
                    for place, listing in enumerate(listings)
                ),
                tables if index == 0 else tables[:1],
            )
            for index, (name, full_name, listings) in enumerate(dexes)
        )
    )


def _market(asset: int, dex: str, listing: _Listing, tables: dict[int, MarginTable]) -> Market:
    table = tables[listing.table] if listing.table else untiered(listing.max_leverage)
    return Market(
        asset,
        listing.coin,
        dex,
        listing.size_decimals,
        listing.max_leverage,
        table,
        Decimal(listing.mark),
        listing.margin_mode,
        listing.only_isolated,
        listing.delisted,
        listing.growth,
    )
