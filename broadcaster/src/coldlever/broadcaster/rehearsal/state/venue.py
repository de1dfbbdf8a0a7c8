"""The venue: all state of the rehearsed exchange, and the changes that trainers make to it.

Not thread-safe; `coldlever.broadcaster.rehearsal.exchange` holds the lock.
"""

from __future__ import annotations

from decimal import Decimal

from coldlever.broadcaster.rehearsal.state.accounts import Account, AccountBook, Position
from coldlever.broadcaster.rehearsal.state.listings import universe_of
from coldlever.broadcaster.rehearsal.state.margin import MarginSummary, initial_margin, summarise
from coldlever.broadcaster.rehearsal.state.markets import Dex, Market
from coldlever.broadcaster.rehearsal.state.nonces import NonceSet
from coldlever.shared.action import Address, Network
from coldlever.shared.errors import InputRefused

# Requests an address may send before it has traded anything.
REQUEST_CAP = 10_000


class Venue:
    """State of one rehearsed network.

    Args:
        network: decides the markets and the ``source`` that signatures are checked with.
        request_cap: requests an address may send in total.
    """

    def __init__(self, network: Network, request_cap: int = REQUEST_CAP) -> None:
        self.network = network
        self.request_cap = request_cap
        self.universe = universe_of(network)
        self.marks = {market.asset: market.mark for market in self.universe}
        self.book = AccountBook()
        self._nonces: dict[Address, NonceSet] = {}

    def nonces(self, signer: Address) -> NonceSet:
        """The nonce set of ``signer``: of the key that signs, not of the account it acts for."""
        return self._nonces.setdefault(signer, NonceSet())

    def dex_of(self, market: Market) -> Dex:
        """The dex that ``market`` belongs to."""
        dex = self.universe.dex(market.dex)
        if dex is None:  # pragma: no cover - listings only name dexes they define
            raise LookupError(market.dex)
        return dex

    def summary(self, account: Account, dex: Dex) -> MarginSummary:
        """The margin of ``account`` on ``dex`` at the current marks."""
        return summarise(account, dex, self.marks)

    def require_market(self, coin: str) -> Market:
        """The market of this name.

        Raises:
            InputRefused: ``rehearsal-market``, there is none.
        """
        market = self.universe.coin(coin)
        if market is None:
            raise InputRefused(
                "rehearsal-market",
                "the rehearsal has no market of this name",
                'names are as in meta, such as "BTC" or "xyz:TSLA"',
            )
        return market

    def deposit(self, account: Account, usd: Decimal) -> None:
        """Add the same amount of USD on every dex; 0 leaves the account without a deposit."""
        if usd == 0:
            return
        for dex in self.universe.dexes:
            account.usd[dex.name] = account.collateral(dex.name) + usd

    def set_mark(self, market: Market, mark: Decimal) -> None:
        """Move the price of ``market``.

        Raises:
            InputRefused: ``rehearsal-position``, the price is not above 0.
        """
        if not (mark.is_finite() and mark > 0):
            raise InputRefused("rehearsal-position", "a price must be above 0")
        self.marks[market.asset] = mark

    def open_position(
        self, account: Account, market: Market, szi: Decimal, entry_px: Decimal | None
    ) -> Position:
        """Open a position with the account's setting in this market.

        Args:
            account: whose.
            market: where.
            szi: signed size in coins, not 0.
            entry_px: price in USD, or None for the mark.

        Raises:
            InputRefused: ``rehearsal-position``; a position is open, the market is delisted, the
                size has too many decimals, or the margin does not suffice.
        """
        if market.asset in account.positions:
            raise InputRefused(
                "rehearsal-position", f"a position in {market.coin} is open", "close it first"
            )
        if market.delisted:
            raise InputRefused("rehearsal-position", f"{market.coin} is delisted")
        if not szi.is_finite() or szi == 0 or szi != round(szi, market.size_decimals):
            raise InputRefused(
                "rehearsal-position",
                f"sizes of {market.coin} are not 0 and have {market.size_decimals} decimals",
            )
        price = self.marks[market.asset] if entry_px is None else entry_px
        if not (price.is_finite() and price > 0):
            raise InputRefused("rehearsal-position", "a price must be above 0")
        setting = account.setting(market)
        margin = initial_margin(market, abs(szi) * price, setting.value)
        if margin > self.summary(account, self.dex_of(market)).available:
            raise InputRefused(
                "rehearsal-position",
                f"this position would bind {margin:.2f} USD, more than is available",
                "open a smaller one or raise the leverage",
            )
        cost = szi * price
        if setting.is_cross:
            position = Position(szi, price, None)
            moved = cost
        else:
            position = Position(szi, price, margin - cost)
            moved = margin
        account.usd[market.dex] = account.collateral(market.dex) - moved
        account.positions[market.asset] = position
        account.settings[market.asset] = setting
        return position

    def close_position(self, account: Account, market: Market) -> None:
        """Close a position at the mark; its proceeds go back to the account.

        Raises:
            InputRefused: ``rehearsal-position``, none is open.
        """
        position = account.positions.pop(market.asset, None)
        if position is None:
            raise InputRefused("rehearsal-position", f"no position in {market.coin} is open")
        proceeds = position.szi * self.marks[market.asset] + (position.isolated_usd or 0)
        account.usd[market.dex] = account.collateral(market.dex) + proceeds
