"""People: what ``/info`` says about addresses, and who acts for whom.

Source: the exchange's documentation of its info endpoint, its official SDK and recorded answers.
"""

from __future__ import annotations

from typing import Final

from coldlever.broadcaster.rehearsal.ask import market_data, statement
from coldlever.broadcaster.rehearsal.ask.market_data import dex_asked
from coldlever.broadcaster.rehearsal.reading import read_address, read_string
from coldlever.broadcaster.rehearsal.state import Account, Role, Venue
from coldlever.broadcaster.rehearsal.state.accounts import Abstraction
from coldlever.shared.action import Address

Fields = dict[str, object]

_PERIODS: Final = (
    "day", "week", "month", "allTime", "perpDay", "perpWeek", "perpMonth", "perpAllTime",
)  # fmt: skip


def user_role(venue: Venue, fields: Fields, now: int) -> object:
    """``userRole``: what an address is."""
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


def extra_agents(venue: Venue, fields: Fields, now: int) -> object:
    """``extraAgents``: a master's named API wallets."""
    # Named agents only: an unnamed one shows in `userRole` alone.
    return [
        {"name": agent.name, "address": agent.address.lower, "validUntil": agent.valid_until}
        for agent in venue.book.agents_of(read_address(fields.get("user")), now)
        if agent.name is not None
    ]


def vault_details(venue: Venue, fields: Fields, _now: int) -> object:
    """``vaultDetails``: who leads a vault; null for what is none."""
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


def sub_accounts(venue: Venue, fields: Fields, now: int) -> object:
    """``subAccounts``: a master's sub-accounts with their state; null for none."""
    master = read_address(fields.get("user"))
    owned = venue.book.controlled_by(master, Role.SUB_ACCOUNT)
    first = venue.universe.dexes[0]
    return [
        {
            "name": account.name,
            "subAccountUser": account.address.lower,
            "master": master.lower,
            "clearinghouseState": statement.clearinghouse_state(venue, account, first, now),
            "spotState": {"balances": statement.spot_balances(venue, account)},
        }
        for account in owned
    ] or None


def active_asset_data(venue: Venue, fields: Fields, _now: int) -> object:
    """``activeAssetData``: leverage and margin mode in one market."""
    user = read_address(fields.get("user"))
    market = venue.universe.coin(read_string(fields.get("coin")))
    if market is None:
        return None
    return statement.active_asset_data(venue, account_asked(venue, user), market)


def clearinghouse_state(venue: Venue, fields: Fields, now: int) -> object:
    """``clearinghouseState``: positions and margin on one dex."""
    user = read_address(fields.get("user"))
    dex = dex_asked(venue, fields)
    if dex is None:
        return None
    return statement.clearinghouse_state(venue, account_asked(venue, user), dex, now)


def user_rate_limit(venue: Venue, fields: Fields, _now: int) -> object:
    """``userRateLimit``: requests counted against an address."""
    account = account_asked(venue, read_address(fields.get("user")))
    return {
        "cumVlm": "0.0",
        "nRequestsUsed": account.requests_used,
        "nRequestsCap": venue.request_cap,
        "nRequestsSurplus": 0,
    }


def multi_sig_signers(venue: Venue, fields: Fields, _now: int) -> object:
    """``userToMultiSigSigners``: who decides; null for other accounts."""
    multi_sig = account_asked(venue, read_address(fields.get("user"))).multi_sig
    if multi_sig is None:
        return None
    return {
        "authorizedUsers": [address.lower for address in multi_sig.authorized],
        "threshold": multi_sig.threshold,
    }


def account_asked(venue: Venue, address: Address) -> Account:
    """The account at an address; one the exchange never saw is empty."""
    # The exchange answers for addresses it never saw as for empty accounts.
    return venue.book.find(address) or Account(address)


def sub_accounts_by_dex(venue: Venue, fields: Fields, now: int) -> object:
    """``subAccounts2``: as ``subAccounts``, with the state on every dex."""
    master = read_address(fields.get("user"))
    return [
        {
            "name": account.name,
            "subAccountUser": account.address.lower,
            "master": master.lower,
            "dexToClearinghouseState": [
                [dex.name, statement.clearinghouse_state(venue, account, dex, now)]
                for dex in venue.universe.dexes
            ],
            "spotState": {"balances": statement.spot_balances(venue, account)},
        }
        for account in venue.book.controlled_by(master, Role.SUB_ACCOUNT)
    ] or None


def spot_state(venue: Venue, fields: Fields, _now: int) -> object:
    """``spotClearinghouseState``: balances, which only a unified account has here."""
    account = account_asked(venue, read_address(fields.get("user")))
    return {"balances": statement.spot_balances(venue, account)}


def abstraction(venue: Venue, fields: Fields, _now: int) -> object:
    """``userAbstraction``: whether an account's balances are one."""
    return account_asked(venue, read_address(fields.get("user"))).abstraction.value


def dex_abstraction(venue: Venue, fields: Fields, _now: int) -> object:
    """``userDexAbstraction``: null as long as it was never set."""
    account = account_asked(venue, read_address(fields.get("user")))
    return True if account.abstraction is Abstraction.DEX else None


def transfer_check(venue: Venue, fields: Fields, _now: int) -> object:
    """``preTransferCheck``: whether an address is known, and what sending to it costs."""
    account = venue.book.find(read_address(fields.get("user")))
    source = fields.get("source")
    if source is not None:
        read_address(source)
    return {
        "fee": "1.0" if account is None and source is not None else "0.0",
        "isSanctioned": False,
        "userExists": account is not None,
        "userHasSentTx": account is not None and account.requests_used > 0,
    }


def web_data(venue: Venue, fields: Fields, now: int) -> object:
    """``webData2``: what the exchange's own page asks for, on the first dex."""
    user = read_address(fields.get("user"))
    account = account_asked(venue, user)
    first = venue.universe.dexes[0]
    unnamed = [agent for agent in venue.book.agents_of(user, now) if agent.name is None]
    return {
        "clearinghouseState": statement.clearinghouse_state(venue, account, first, now),
        "leadingVaults": [
            {"address": vault.address.lower, "name": vault.name}
            for vault in venue.book.controlled_by(user, Role.VAULT)
        ],
        "totalVaultEquity": "0.0",
        "openOrders": [],
        "agentAddress": unnamed[0].address.lower if unnamed else None,
        "agentValidUntil": unnamed[0].valid_until if unnamed else None,
        "cumLedger": "0.0",
        "meta": market_data.meta_of(first),
        "assetCtxs": market_data.contexts_of(venue, first),
        "serverTime": now,
        "isVault": account.role is Role.VAULT,
        "user": user.lower,
        "twapStates": [],
        "spotState": {"balances": statement.spot_balances(venue, account)},
        "spotAssetCtxs": market_data.spot_contexts(venue),
        "perpsAtOpenInterestCap": [],
    }
