"""Info: the answers of ``/info``, in the shapes of the exchange.

Source: the exchange's documentation of its info endpoint, its official SDK and recorded answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from coldlever.broadcaster.rehearsal.ask import statement
from coldlever.broadcaster.rehearsal.ask.figures import figure
from coldlever.broadcaster.rehearsal.reading import (
    Malformed,
    an_object,
    load,
    read_address,
    read_string,
)
from coldlever.broadcaster.rehearsal.state import Account, Dex, Market, Role, Venue
from coldlever.broadcaster.rehearsal.state.markets import FIRST_DEX
from coldlever.shared.action import Address, MarginMode

Fields = dict[str, object]
_Answer = Callable[[Venue, Fields, int], object]

_NOBODY: Final = Address(bytes(20))
_SPOT_TOKENS: Final = (("USDC", 0, 8, 8), ("PURR", 1, 0, 5), ("HYPE", 150, 2, 8))
_PERIODS: Final = (
    "day", "week", "month", "allTime", "perpDay", "perpWeek", "perpMonth", "perpAllTime",
)  # fmt: skip
_SPOT_PAIRS: Final = (("PURR/USDC", 0, 1), ("@107", 107, 150))


def kind_of(body: bytes) -> str | None:
    """The ``type`` of a request that `answer` can answer, or None for any other body."""
    try:
        return str(_fields(body)["type"])
    except Malformed:
        return None


def answer(venue: Venue, body: bytes, now: int) -> object:
    """Answer one request.

    Args:
        venue: the state, only read.
        body: the request's body.
        now: the exchange's time, ms since the epoch.

    Returns:
        What goes into the response as JSON.

    Raises:
        NotJson: the exchange would answer HTTP 400.
        Malformed: the exchange would answer HTTP 422.
    """
    fields = _fields(body)
    return _ANSWERS[str(fields["type"])](venue, fields, now)


def _fields(body: bytes) -> Fields:
    """The fields of a request in either form: an object, or an array with the type in front."""
    value = load(body)
    if isinstance(value, list):
        return _positional(value)
    fields = an_object(value)
    if read_string(fields.get("type")) not in _ANSWERS:
        raise Malformed
    return fields


def _positional(values: list[object]) -> Fields:
    # Observed for userRole and preTransferCheck; for the others a guess by their documented order.
    kind, *arguments = values or [None]
    if read_string(kind) not in _ANSWERS:
        raise Malformed
    names = _ORDER.get(str(kind), ())
    if len(arguments) > len(names):
        raise Malformed
    return {"type": kind, **dict(zip(names, arguments, strict=False))}


def _exchange_status(_venue: Venue, _fields: Fields, now: int) -> object:
    return {"time": now, "specialStatuses": None}


def _meta(venue: Venue, fields: Fields, _now: int) -> object:
    dex = _dex(venue, fields)
    if dex is None:
        return None
    return {
        "universe": [_market(market) for market in dex.markets],
        "marginTables": [
            [
                table.number,
                {
                    "description": table.description,
                    "marginTiers": [
                        {
                            "lowerBound": figure(tier.lower_bound),
                            "maxLeverage": tier.max_leverage,
                        }
                        for tier in table.tiers
                    ],
                },
            ]
            for table in dex.tables
        ],
        "collateralToken": 0,
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


def _perp_dexs(venue: Venue, _fields: Fields, _now: int) -> object:
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


def _spot_meta(_venue: Venue, _fields: Fields, _now: int) -> object:
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


def _all_mids(venue: Venue, fields: Fields, _now: int) -> object:
    dex = _dex(venue, fields)
    if dex is None:
        return None
    return {
        market.coin: figure(venue.marks[market.asset])
        for market in dex.markets
        if not market.delisted
    }


def _user_role(venue: Venue, fields: Fields, now: int) -> object:
    address = read_address(fields.get("user"))
    agent = venue.book.agent(address, now)
    if agent is not None:
        return {"role": "agent", "data": {"user": agent.master.lower}}
    account = venue.book.find(address)
    if account is None:
        return {"role": "missing"}
    if account.role is Role.SUB_ACCOUNT and account.controller is not None:
        return {"role": "subAccount", "data": {"master": account.controller.lower}}
    if account.role is Role.USER and not account.has_deposited:
        return {"role": "missing"}
    return {"role": account.role.value}


def _extra_agents(venue: Venue, fields: Fields, now: int) -> object:
    # Named agents only: an unnamed one shows in `userRole` alone.
    return [
        {"name": agent.name, "address": agent.address.lower, "validUntil": agent.valid_until}
        for agent in venue.book.agents_of(read_address(fields.get("user")), now)
        if agent.name is not None
    ]


def _vault_details(venue: Venue, fields: Fields, _now: int) -> object:
    if fields.get("user") is not None:
        read_address(fields["user"])
    vault = venue.book.find(read_address(fields.get("vaultAddress")))
    if vault is None or vault.role is not Role.VAULT or vault.controller is None:
        return None
    return {
        "name": vault.name,
        "vaultAddress": vault.address.lower,
        "leader": vault.controller.lower,
        "description": "A vault to rehearse with.",
        "portfolio": [
            [period, {"accountValueHistory": [], "pnlHistory": [], "vlm": "0.0"}]
            for period in _PERIODS
        ],
        "apr": 0.0,
        "followerState": None,
        "leaderFraction": 1.0,
        "leaderCommission": 0.1,
        "followers": [],
        "maxDistributable": 0.0,
        "maxWithdrawable": 0.0,
        "isClosed": False,
        "relationship": {"type": "normal"},
        "allowDeposits": True,
        "alwaysCloseOnWithdraw": False,
    }


def _sub_accounts(venue: Venue, fields: Fields, now: int) -> object:
    master = read_address(fields.get("user"))
    owned = venue.book.controlled_by(master, Role.SUB_ACCOUNT)
    first = venue.universe.dexes[0]
    return [
        {
            "name": account.name,
            "subAccountUser": account.address.lower,
            "master": master.lower,
            "clearinghouseState": statement.clearinghouse_state(venue, account, first, now),
            "spotState": {"balances": []},
        }
        for account in owned
    ] or None


def _active_asset_data(venue: Venue, fields: Fields, _now: int) -> object:
    user = read_address(fields.get("user"))
    market = venue.universe.coin(read_string(fields.get("coin")))
    if market is None:
        return None
    return statement.active_asset_data(venue, _account(venue, user), market)


def _clearinghouse_state(venue: Venue, fields: Fields, now: int) -> object:
    user = read_address(fields.get("user"))
    dex = _dex(venue, fields)
    if dex is None:
        return None
    return statement.clearinghouse_state(venue, _account(venue, user), dex, now)


def _user_rate_limit(venue: Venue, fields: Fields, _now: int) -> object:
    account = _account(venue, read_address(fields.get("user")))
    return {
        "cumVlm": "0.0",
        "nRequestsUsed": account.requests_used,
        "nRequestsCap": venue.request_cap,
        "nRequestsSurplus": 0,
    }


def _multi_sig_signers(venue: Venue, fields: Fields, _now: int) -> object:
    multi_sig = _account(venue, read_address(fields.get("user"))).multi_sig
    if multi_sig is None:
        return None
    return {
        "authorizedUsers": [address.lower for address in multi_sig.authorized],
        "threshold": multi_sig.threshold,
    }


def _account(venue: Venue, address: Address) -> Account:
    # The exchange answers for addresses it never saw as for empty accounts.
    return venue.book.find(address) or Account(address)


def _dex(venue: Venue, fields: Fields) -> Dex | None:
    name = fields.get("dex")
    return venue.universe.dex(FIRST_DEX if name is None else read_string(name))


_ANSWERS: Final[dict[str, _Answer]] = {
    "activeAssetData": _active_asset_data,
    "allMids": _all_mids,
    "clearinghouseState": _clearinghouse_state,
    "exchangeStatus": _exchange_status,
    "extraAgents": _extra_agents,
    "meta": _meta,
    "perpDexs": _perp_dexs,
    "spotMeta": _spot_meta,
    "subAccounts": _sub_accounts,
    "userRateLimit": _user_rate_limit,
    "userRole": _user_role,
    "userToMultiSigSigners": _multi_sig_signers,
    "vaultDetails": _vault_details,
}

# The order of a request's arguments in the positional form.
_ORDER: Final[dict[str, tuple[str, ...]]] = {
    "activeAssetData": ("user", "coin"),
    "allMids": ("dex",),
    "clearinghouseState": ("user", "dex"),
    "extraAgents": ("user",),
    "meta": ("dex",),
    "subAccounts": ("user",),
    "userRateLimit": ("user",),
    "userRole": ("user",),
    "userToMultiSigSigners": ("user",),
    "vaultDetails": ("vaultAddress", "user"),
}
