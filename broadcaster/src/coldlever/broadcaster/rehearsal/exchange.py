"""The rehearsal exchange: one object that plays the exchange and lets trainers arrange the scene.

State lives in memory. Every method may be called from any thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation

from coldlever.broadcaster.rehearsal.act import Answer, Entry, Journal, Outcome, answers, engine
from coldlever.broadcaster.rehearsal.ask import info
from coldlever.broadcaster.rehearsal.faults import EXCHANGE_PATH, Fault, FaultKind, FaultQueue
from coldlever.broadcaster.rehearsal.reading import Malformed
from coldlever.broadcaster.rehearsal.state import (
    Account,
    Agent,
    LeverageSetting,
    MultiSig,
    Position,
    Role,
    Venue,
)
from coldlever.broadcaster.rehearsal.state.accounts import AGENT_LIFE_MS, Abstraction
from coldlever.broadcaster.rehearsal.state.venue import REQUEST_CAP
from coldlever.shared.action import Address, Network
from coldlever.shared.errors import InputRefused

FUNDS = Decimal(10_000)
MAX_SHIFT_MS = 366 * 86_400_000
Amount = Decimal | int | str
Clock = Callable[[], int]


def wall_clock() -> int:
    """This machine's time, ms since the epoch."""
    return time.time_ns() // 1_000_000


class RehearsalExchange:
    """An exchange to practise against.

    Args:
        network: whose markets and whose signatures. The official SDK signs for testnet on a
            loopback address, hence the default.
        clock: the machine's time, ms since the epoch; see `shift_clock`.
        accounts: users to start with, funded with 10,000 USD on each dex.
        request_cap: requests an address may send in total.

    Attributes:
        journal: every request to ``/exchange`` and what became of it.
        faults: faults that wait for their requests.
    """

    def __init__(
        self,
        network: Network = Network.TESTNET,
        *,
        clock: Clock = wall_clock,
        accounts: Iterable[Address] = (),
        request_cap: int = REQUEST_CAP,
    ) -> None:
        self.network = network
        self.journal = Journal()
        self.faults = FaultQueue()
        self._clock = clock
        self._shift_ms = 0
        self._lock = threading.RLock()
        self._venue = Venue(network, request_cap)
        for address in accounts:
            self.add_account(address)

    def now(self) -> int:
        """The exchange's time, ms since the epoch."""
        return self._clock() + self._shift_ms

    def machine_now(self) -> int:
        """The machine's time, ms since the epoch, however the exchange's clock goes."""
        return self._clock()

    def shift_clock(self, ms: int) -> None:
        """Let the exchange's clock run ``ms`` ahead of the machine's, or behind it below 0.

        Raises:
            InputRefused: ``rehearsal-clock``, more than a year.
        """
        if abs(ms) > MAX_SHIFT_MS:
            raise InputRefused("rehearsal-clock", "the clock is shifted by a year at most")
        self._shift_ms = ms

    def act(self, body: bytes, *, fault: str | None = None) -> Answer:
        """Answer a POST to ``/exchange`` and enter it in the journal.

        Args:
            body: the request's body.
            fault: the fault played on it, for the journal.
        """
        with self._lock:
            entry = engine.execute(self._venue, body, self.now(), fault)
            self.journal.write(entry)
        return answers.of_entry(entry)

    def ask(self, body: bytes) -> Answer:
        """Answer a POST to ``/info``."""
        with self._lock:
            try:
                return answers.of_json(info.answer(self._venue, body, self.now()))
            except Malformed as problem:
                return answers.of_problem(problem)

    def note(self, outcome: Outcome, fault: str | None = None, sentence: str | None = None) -> None:
        """Enter a request in the journal that never reached the engine."""
        self.journal.write(Entry(self.now(), outcome, sentence, fault))

    def inject(
        self,
        kind: FaultKind | str,
        *,
        count: int = 1,
        seconds: float = 1.0,
        path: str = EXCHANGE_PATH,
        executed: bool | None = None,
    ) -> None:
        """Let a fault happen to the next requests; arguments as `Fault`.

        Raises:
            InputRefused: ``rehearsal-fault``, no such kind, or a value out of range.
        """
        try:
            known = FaultKind(kind)
        except ValueError:
            raise InputRefused(
                "rehearsal-fault",
                "there is no such fault",
                "one of " + ", ".join(each.value for each in FaultKind),
            ) from None
        self.faults.add(Fault(known, path, count, seconds, executed))

    def add_account(self, address: Address, usd: Amount = FUNDS) -> None:
        """Add a user with ``usd`` on each dex; with 0 it is known but never deposited."""
        self._add(Account(address), usd)

    def add_vault(
        self, leader: Address, vault: Address, *, name: str = "vault", usd: Amount = FUNDS
    ) -> None:
        """Add a vault that ``leader`` controls."""
        self._add(Account(vault, Role.VAULT, leader, name), usd)

    def add_sub_account(
        self, master: Address, sub: Address, *, name: str = "sub-account", usd: Amount = FUNDS
    ) -> None:
        """Add a sub-account that ``master`` controls."""
        self._add(Account(sub, Role.SUB_ACCOUNT, master, name), usd)

    def add_agent(
        self,
        master: Address,
        agent: Address,
        *,
        name: str | None = None,
        valid_until: int | None = None,
    ) -> None:
        """Let an API wallet act for ``master``; it replaces the master's one of the same name.

        Args:
            master: a user.
            agent: an address that is nobody's account.
            name: None for the unnamed agent, which ``extraAgents`` does not list.
            valid_until: ms since the epoch, or None for the exchange's 90 days.

        Raises:
            InputRefused: ``rehearsal-account``, no such master, the address is or was used, or the
                master has too many already.
        """
        with self._lock:
            now = self.now()
            if valid_until is None:
                valid_until = now + AGENT_LIFE_MS
            self._venue.book.approve(Agent(agent, master, name, valid_until), now)

    def remove_agent(self, master: Address, agent: Address) -> None:
        """Remove an API wallet; for some seconds its master gets no new one.

        Raises:
            InputRefused: ``rehearsal-account``, it is none of ``master``'s.
        """
        with self._lock:
            self._venue.book.remove(master, agent, self.now())

    def set_multi_sig(self, user: Address, authorized: Iterable[Address], threshold: int) -> None:
        """Convert a user to a multi-sig account; it then refuses actions of one signer."""
        with self._lock:
            self._venue.book.require(user).multi_sig = MultiSig(tuple(authorized), threshold)

    def set_abstraction(self, account: Address, abstraction: Abstraction | str) -> None:
        """Choose how far an account's balances are one, in the words of ``userAbstraction``.

        Raises:
            InputRefused: ``rehearsal-account``, no such account or word.
        """
        try:
            chosen = Abstraction(abstraction)
        except ValueError:
            raise InputRefused(
                "rehearsal-account",
                "there is no such abstraction",
                "one of " + ", ".join(each.value for each in Abstraction),
            ) from None
        with self._lock:
            self._venue.book.require(account).abstraction = chosen

    def set_mark(self, coin: str, mark: Amount) -> None:
        """Move a price, in USD."""
        with self._lock:
            self._venue.set_mark(self._venue.require_market(coin), _amount(mark))

    def open_position(
        self, account: Address, coin: str, szi: Amount, *, entry_px: Amount | None = None
    ) -> Position:
        """Open a position with the account's leverage and margin mode in this market.

        Args:
            account: whose.
            coin: such as "BTC".
            szi: signed size in coins, negative for short.
            entry_px: price in USD, or None for the mark.

        Raises:
            InputRefused: ``rehearsal-account``, ``rehearsal-market`` or ``rehearsal-position``.
        """
        with self._lock:
            return self._venue.open_position(
                self._venue.book.require(account),
                self._venue.require_market(coin),
                _amount(szi),
                None if entry_px is None else _amount(entry_px),
            )

    def close_position(self, account: Address, coin: str) -> None:
        """Close a position at the mark.

        Raises:
            InputRefused: as `open_position`.
        """
        with self._lock:
            self._venue.close_position(
                self._venue.book.require(account), self._venue.require_market(coin)
            )

    def setting(self, account: Address, coin: str) -> LeverageSetting:
        """The leverage setting of an account in a market."""
        with self._lock:
            market = self._venue.require_market(coin)
            return self._venue.book.require(account).setting(market)

    def position(self, account: Address, coin: str) -> Position | None:
        """The open position of an account in a market, or None."""
        with self._lock:
            market = self._venue.require_market(coin)
            return self._venue.book.require(account).positions.get(market.asset)

    def _add(self, account: Account, usd: Amount) -> None:
        amount = _amount(usd)
        if amount < 0:
            raise InputRefused("rehearsal-account", "an account starts with 0 USD or more")
        with self._lock:
            self._venue.book.add(account)
            self._venue.deposit(account, amount)


def _amount(value: Amount) -> Decimal:
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise InputRefused("rehearsal-amount", "amounts are decimals such as 0.5") from None
    if not amount.is_finite():
        raise InputRefused("rehearsal-amount", "amounts are finite")
    return amount
