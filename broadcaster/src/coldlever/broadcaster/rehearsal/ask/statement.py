"""The statement: an account's positions, margin and leverage settings as ``/info`` shows them.

Source: recorded answers of ``clearinghouseState`` and ``activeAssetData``.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from coldlever.broadcaster.rehearsal.ask.figures import figure
from coldlever.broadcaster.rehearsal.state import (
    Account,
    Dex,
    LeverageSetting,
    Market,
    Position,
    PositionMargin,
    Venue,
)

_ZERO = Decimal(0)


def clearinghouse_state(venue: Venue, account: Account, dex: Dex, now: int) -> dict[str, object]:
    """The answer of ``clearinghouseState`` for one account on one dex; ``now`` in ms."""
    summary = venue.summary(account, dex)
    cross_spare = summary.cross_value - summary.cross_maintenance
    return {
        "marginSummary": {
            "accountValue": figure(summary.account_value),
            "totalNtlPos": figure(summary.notional),
            "totalRawUsd": figure(summary.raw_usd),
            "totalMarginUsed": figure(summary.cross_used + summary.isolated_used),
        },
        "crossMarginSummary": {
            "accountValue": figure(summary.cross_value),
            "totalNtlPos": figure(summary.cross_notional),
            "totalRawUsd": figure(summary.collateral),
            "totalMarginUsed": figure(summary.cross_used),
        },
        "crossMaintenanceMarginUsed": figure(summary.cross_maintenance),
        "withdrawable": figure(summary.withdrawable),
        "assetPositions": [
            {"type": "oneWay", "position": _position(held, cross_spare)}
            for held in summary.positions
        ],
        "time": now,
    }


def spot_balances(venue: Venue, account: Account) -> list[dict[str, object]]:
    """Spot balances: under unified and portfolio margin all USDC lies here (documented).

    That it is one balance of all dexes together is a guess; other accounts have none here.
    """
    if not account.abstraction.is_unified or not account.has_deposited:
        return []
    summaries = [venue.summary(account, dex) for dex in venue.universe.dexes]
    total = sum((summary.account_value for summary in summaries), _ZERO)
    used = sum((summary.cross_used + summary.isolated_used for summary in summaries), _ZERO)
    return [
        {
            "coin": "USDC",
            "token": 0,
            "total": figure(total),
            "hold": figure(used),
            "entryNtl": "0.0",
        }
    ]


def active_asset_data(venue: Venue, account: Account, market: Market) -> dict[str, object]:
    """The answer of ``activeAssetData``: the setting, and what could be bought and sold."""
    summary = venue.summary(account, venue.dex_of(market))
    held = summary.of(market)
    setting = account.setting(market)
    mark = venue.marks[market.asset]
    buy = sell = summary.available
    if held is not None:
        # Trading against a position frees its margin before it binds any.
        if held.position.szi > 0:
            sell += 2 * held.used
        else:
            buy += 2 * held.used
    step = Decimal(1).scaleb(-market.size_decimals)
    return {
        "user": account.address.lower,
        "coin": market.coin,
        "leverage": _leverage(setting, None if held is None else held.position),
        "maxTradeSzs": [
            figure((available * setting.value / mark).quantize(step, ROUND_DOWN))
            for available in (buy, sell)
        ],
        "availableToTrade": [figure(buy), figure(sell)],
        "markPx": figure(mark),
    }


def _leverage(setting: LeverageSetting, position: Position | None) -> dict[str, object]:
    if setting.is_cross:
        return {"type": "cross", "value": setting.value}
    owned = None if position is None else position.isolated_usd
    return {"type": "isolated", "value": setting.value, "rawUsd": figure(owned or _ZERO)}


def _position(held: PositionMargin, cross_spare: Decimal) -> dict[str, object]:
    position = held.position
    unrealized = position.unrealized(held.mark)
    opened_with = abs(position.szi) * position.entry_px / held.setting.value
    liquidation_px = held.liquidation_px(cross_spare)
    return {
        "coin": held.market.coin,
        "szi": figure(position.szi),
        "leverage": _leverage(held.setting, position),
        "entryPx": figure(position.entry_px),
        "positionValue": figure(held.value),
        "unrealizedPnl": figure(unrealized),
        "returnOnEquity": figure(unrealized / opened_with),
        "liquidationPx": None if liquidation_px is None else figure(liquidation_px),
        "marginUsed": figure(held.used),
        "maxLeverage": held.market.max_leverage_at(held.value),
        "cumFunding": {"allTime": "0.0", "sinceOpen": "0.0", "sinceChange": "0.0"},
    }
