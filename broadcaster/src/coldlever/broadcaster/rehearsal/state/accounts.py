"""Accounts: users, vaults and sub-accounts with their money, settings and positions; agents.

Source: the exchange's documentation of API wallets, vaults and sub-accounts.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from decimal import Decimal

from coldlever.broadcaster.rehearsal.state.markets import Market
from coldlever.shared.action import Address
from coldlever.shared.errors import InputRefused

DEFAULT_LEVERAGE = 20
# Observed: an agent stays accepted for at least this long after its `validUntil`.
AGENT_GRACE_MS = 15 * 60_000


class Role(enum.Enum):
    """What an account is; the values are those of ``userRole``."""

    USER = "user"
    VAULT = "vault"
    SUB_ACCOUNT = "subAccount"


@dataclass(frozen=True, slots=True)
class LeverageSetting:
    """How positions of one account in one market are margined.

    Args:
        is_cross: cross margin, or isolated.
        value: leverage in whole multiples.
    """

    is_cross: bool
    value: int


@dataclass(frozen=True, slots=True)
class Position:
    """One open position.

    Args:
        szi: signed size in coins, positive for long, never 0.
        entry_px: average entry price in USD.
        isolated_usd: what an isolated position owns besides its coins, in USD: its margin minus
            what the coins cost. None for a cross position, whose money is the account's.
    """

    szi: Decimal
    entry_px: Decimal
    isolated_usd: Decimal | None

    def value(self, mark: Decimal) -> Decimal:
        """Position value (notional) in USD at the price ``mark``, not negative."""
        return abs(self.szi) * mark

    def unrealized(self, mark: Decimal) -> Decimal:
        """Profit or loss in USD at the price ``mark``."""
        return self.szi * (mark - self.entry_px)


@dataclass(frozen=True, slots=True)
class MultiSig:
    """Who signs for an account that was converted to a multi-sig one.

    Args:
        authorized: at most 10 addresses.
        threshold: how many of them must sign.
    """

    authorized: tuple[Address, ...]
    threshold: int


@dataclass(slots=True)
class Account:
    """A user, a vault or a sub-account.

    Args:
        address: its address.
        role: what it is.
        controller: the vault's leader or the sub-account's master; None for a user.
        name: name of a vault or sub-account.
        usd: collateral by dex name, in USD. Falls by what long positions cost and rises by what
            short ones brought, so it may be negative while the account is worth something.
        settings: leverage by asset id, as far as it was ever changed.
        positions: open positions by asset id.
        requests_used: requests counted against the address.
        beyond_cap_until: when its next request passes once the limit is used up, ms since the
            epoch.
        multi_sig: its signers, when it is a multi-sig account.
    """

    address: Address
    role: Role = Role.USER
    controller: Address | None = None
    name: str = ""
    usd: dict[str, Decimal] = field(default_factory=dict)
    settings: dict[int, LeverageSetting] = field(default_factory=dict)
    positions: dict[int, Position] = field(default_factory=dict)
    requests_used: int = 0
    beyond_cap_until: int = 0
    multi_sig: MultiSig | None = None

    @property
    def has_deposited(self) -> bool:
        """Whether the account ever had funds."""
        return bool(self.usd)

    def collateral(self, dex: str) -> Decimal:
        """Collateral on one dex in USD."""
        return self.usd.get(dex, Decimal(0))

    def setting(self, market: Market) -> LeverageSetting:
        """The leverage setting in ``market``; untouched ones are cross 20x as far as allowed."""
        default = LeverageSetting(market.allows_cross, min(DEFAULT_LEVERAGE, market.max_leverage))
        return self.settings.get(market.asset, default)


@dataclass(frozen=True, slots=True)
class Agent:
    """An API wallet: a key that acts for its master.

    Args:
        address: the agent's own address.
        master: whom it acts for.
        name: None for the one unnamed agent a master may have.
        valid_until: ms since the epoch, or None for no end.
    """

    address: Address
    master: Address
    name: str | None = None
    valid_until: int | None = None

    def is_valid(self, now: int) -> bool:
        """Whether the exchange still accepts its signatures."""
        return self.valid_until is None or now <= self.valid_until + AGENT_GRACE_MS


class AccountBook:
    """Everybody the exchange knows."""

    def __init__(self) -> None:
        self._accounts: dict[Address, Account] = {}
        self._agents: dict[Address, Agent] = {}

    def find(self, address: Address) -> Account | None:
        """The account at this address, or None."""
        return self._accounts.get(address)

    def require(self, address: Address) -> Account:
        """The account at this address.

        Raises:
            InputRefused: ``rehearsal-account``, there is none.
        """
        account = self._accounts.get(address)
        if account is None:
            raise InputRefused(
                "rehearsal-account", f"the rehearsal has no account {address}", "add it first"
            )
        return account

    def add(self, account: Account) -> None:
        """Add an account.

        Raises:
            InputRefused: ``rehearsal-account``, the address is taken.
        """
        self._require_free(account.address)
        if account.controller is not None:
            self.require(account.controller)
        self._accounts[account.address] = account

    def approve(self, agent: Agent) -> None:
        """Let an agent act for its master; it replaces the master's agent of the same name.

        Raises:
            InputRefused: ``rehearsal-account``, no such master, or the agent's address is taken.
        """
        self.require(agent.master)
        known = self._agents.get(agent.address)
        if known is None or known.master != agent.master:
            self._require_free(agent.address)
        for other in list(self._agents.values()):
            if other.master == agent.master and other.name == agent.name:
                del self._agents[other.address]
        self._agents[agent.address] = agent

    def agent(self, address: Address, now: int) -> Agent | None:
        """The agent at this address, as long as it is accepted, or None."""
        agent = self._agents.get(address)
        return agent if agent is not None and agent.is_valid(now) else None

    def agents_of(self, master: Address, now: int) -> list[Agent]:
        """All accepted agents of ``master``, the unnamed one included."""
        return [
            agent
            for agent in self._agents.values()
            if agent.master == master and agent.is_valid(now)
        ]

    def controlled_by(self, controller: Address, role: Role) -> list[Account]:
        """The vaults or sub-accounts that ``controller`` leads or owns."""
        return [
            account
            for account in self._accounts.values()
            if account.controller == controller and account.role is role
        ]

    def _require_free(self, address: Address) -> None:
        if address in self._accounts or address in self._agents:
            raise InputRefused(
                "rehearsal-account", f"the rehearsal already knows {address}", "use another one"
            )
