"""Accounts: users, vaults and sub-accounts with their money, settings and positions; agents.

Source: the exchange's documentation of API wallets, vaults and sub-accounts.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from decimal import Decimal

from coldlever.broadcaster.rehearsal.state.markets import Market
from coldlever.broadcaster.rehearsal.state.sentences import AGENT_USED_BEFORE, REMOVAL_PENDING
from coldlever.shared.action import Address
from coldlever.shared.errors import InputRefused

DEFAULT_LEVERAGE = 20
# Observed: an agent stays accepted for at least this long after its `validUntil`.
AGENT_GRACE_MS = 15 * 60_000
# Documented: how long an agent lives when nothing else is said, and how many a master may have.
AGENT_LIFE_MS = 90 * 86_400_000
NAMED_AGENTS = 3
NAMED_AGENTS_PER_SUB_ACCOUNT = 2
# Observed: for 4 to 5 s after a removal the master gets no new agent.
REMOVAL_PENDING_MS = 5_000


class Role(enum.Enum):
    """What an account is; the values are those of ``userRole``."""

    USER = "user"
    VAULT = "vault"
    SUB_ACCOUNT = "subAccount"


class Abstraction(enum.Enum):
    """How far an account's balances are one; the values are those of ``userAbstraction``."""

    DEFAULT = "default"
    DISABLED = "disabled"
    UNIFIED = "unifiedAccount"
    PORTFOLIO = "portfolioMargin"
    DEX = "dexAbstraction"

    @property
    def is_unified(self) -> bool:
        """Whether balances lie in ``spotClearinghouseState``."""
        return self in (Abstraction.UNIFIED, Abstraction.PORTFOLIO)


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
        abstraction: how far its balances are one; changes no rule for leverage here, because no
            refusal of that kind was ever recorded.
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
    abstraction: Abstraction = Abstraction.DEFAULT

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
        valid_until: ms since the epoch.
    """

    address: Address
    master: Address
    name: str | None
    valid_until: int

    def is_valid(self, now: int) -> bool:
        """Whether the exchange still accepts its signatures."""
        return now <= self.valid_until + AGENT_GRACE_MS


class AccountBook:
    """Everybody the exchange knows."""

    def __init__(self) -> None:
        self._accounts: dict[Address, Account] = {}
        self._agents: dict[Address, Agent] = {}
        # Former agents: the master of one that was replaced, None for one that was removed.
        self._retired: dict[Address, Address | None] = {}
        self._removed_at: dict[Address, int] = {}

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
        """Add an account; a user may be somebody's agent as well, and then holds a deposit itself.

        Raises:
            InputRefused: ``rehearsal-account``, the address is taken.
        """
        if account.address in self._accounts or account.role is not Role.USER:
            self._require_free(account.address)
        if account.controller is not None:
            self.require(account.controller)
        self._accounts[account.address] = account

    def approve(self, agent: Agent, now: int) -> None:
        """Let an agent act for its master; it replaces the master's agent of the same name.

        A known agent of the same master and name may be given a new end, to arrange a scene.

        Raises:
            InputRefused: ``rehearsal-account``, no such master, the agent's address is or was
                taken, or the master may have no more agents now.
        """
        self.require(agent.master)
        known = self._agents.get(agent.address)
        if known is None or known.master != agent.master:
            self._require_free(agent.address)
        if agent.address in self._retired:
            raise _refusal(AGENT_USED_BEFORE, "use another address")
        if now < self._removed_at.get(agent.master, -REMOVAL_PENDING_MS) + REMOVAL_PENDING_MS:
            raise _refusal(REMOVAL_PENDING, "wait for some seconds")
        for other in list(self._agents.values()):
            if other.master == agent.master and other.name == agent.name:
                del self._agents[other.address]
                self._retired[other.address] = agent.master
        self._retired.pop(agent.address, None)
        self._require_room(agent, now)
        self._agents[agent.address] = agent

    def remove(self, master: Address, address: Address, now: int) -> None:
        """Remove an agent.

        Raises:
            InputRefused: ``rehearsal-account``, it is none of ``master``'s.
        """
        agent = self._agents.get(address)
        if agent is None or agent.master != master:
            raise InputRefused(
                "rehearsal-account", f"{address} is no API wallet of {master}", "add it first"
            )
        del self._agents[address]
        self._retired[address] = None
        self._removed_at[master] = now

    def replaced_for(self, address: Address) -> Address | None:
        """The master of a former agent that was replaced by another one, or None."""
        return self._retired.get(address)

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

    def _require_room(self, agent: Agent, now: int) -> None:
        named = [each for each in self.agents_of(agent.master, now) if each.name is not None]
        subs = len(self.controlled_by(agent.master, Role.SUB_ACCOUNT))
        if agent.name is not None and len(named) >= (
            NAMED_AGENTS + NAMED_AGENTS_PER_SUB_ACCOUNT * subs
        ):
            raise InputRefused(
                "rehearsal-account",
                f"{agent.master} has {len(named)} named API wallets, as many as it may have",
                "remove one, or give the new one the name of an old one",
            )


def _refusal(sentence: str, remedy: str) -> InputRefused:
    return InputRefused("rehearsal-account", f'the exchange would say "{sentence}"', remedy)
