"""Margin: what an account on one dex is worth, what is bound, and what could be taken out.

Source: the exchange's documentation of margining, margin tiers and liquidations. All amounts USD.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from coldlever.broadcaster.rehearsal.state.accounts import Account, LeverageSetting, Position
from coldlever.broadcaster.rehearsal.state.markets import Dex, Market

# Margin that supports positions cannot be withdrawn below this part of their value.
TRANSFER_FLOOR = Decimal("0.1")
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class PositionMargin:
    """One open position with everything that follows from its price.

    Args:
        market: where it is open.
        position: the position itself.
        setting: its leverage and margin mode.
        mark: the price it is judged by.
    """

    market: Market
    position: Position
    setting: LeverageSetting
    mark: Decimal

    @property
    def value(self) -> Decimal:
        """Position value (notional)."""
        return self.position.value(self.mark)

    @property
    def initial(self) -> Decimal:
        """What opening it takes at its leverage, or at its tier's maximum where that is lower."""
        return initial_margin(self.market, self.value, self.setting.value)

    @property
    def used(self) -> Decimal:
        """Margin it binds: all that an isolated one owns, the initial margin of a cross one."""
        if self.position.isolated_usd is None:
            return self.initial
        return self.position.isolated_usd + self.position.szi * self.mark

    @property
    def maintenance(self) -> Decimal:
        """Below this equity it gets liquidated."""
        return self.market.table.maintenance(self.value)

    def liquidation_px(self, cross_spare: Decimal) -> Decimal | None:
        """The price at which it gets liquidated, or None when no price above 0 does that.

        Args:
            cross_spare: account value minus maintenance margin of the cross account.
        """
        spare = cross_spare if self.position.isolated_usd is None else self.used - self.maintenance
        side = 1 if self.position.szi > 0 else -1
        rate = 1 / (2 * Decimal(self.market.max_leverage_at(self.value)))
        price = self.mark - side * spare / abs(self.position.szi) / (1 - rate * side)
        return price if price > 0 else None


def initial_margin(market: Market, value: Decimal, leverage: int) -> Decimal:
    """Margin for a position of this value; its tier's maximum caps the leverage."""
    return value / min(leverage, market.max_leverage_at(value))


def transfer_floor(value: Decimal, initial: Decimal) -> Decimal:
    """Margin that has to stay with positions of this value and initial margin."""
    return max(initial, value * TRANSFER_FLOOR)


@dataclass(frozen=True, slots=True)
class MarginSummary:
    """One account on one dex.

    Args:
        collateral: the account's own USD there, isolated positions apart.
        positions: all open positions there.
    """

    collateral: Decimal
    positions: tuple[PositionMargin, ...]

    def _cross(self) -> Iterator[PositionMargin]:
        return (held for held in self.positions if held.position.isolated_usd is None)

    def _isolated(self) -> Iterator[PositionMargin]:
        return (held for held in self.positions if held.position.isolated_usd is not None)

    @property
    def cross_value(self) -> Decimal:
        """Collateral and cross positions at their marks."""
        coins = sum((held.position.szi * held.mark for held in self._cross()), _ZERO)
        return self.collateral + coins

    @property
    def cross_notional(self) -> Decimal:
        """Value of all cross positions."""
        return sum((held.value for held in self._cross()), _ZERO)

    @property
    def cross_used(self) -> Decimal:
        """Initial margin of all cross positions."""
        return sum((held.initial for held in self._cross()), _ZERO)

    @property
    def cross_maintenance(self) -> Decimal:
        """Maintenance margin of all cross positions."""
        return sum((held.maintenance for held in self._cross()), _ZERO)

    @property
    def isolated_used(self) -> Decimal:
        """Margin of all isolated positions."""
        return sum((held.used for held in self._isolated()), _ZERO)

    @property
    def account_value(self) -> Decimal:
        """Everything at its mark."""
        return self.cross_value + self.isolated_used

    @property
    def notional(self) -> Decimal:
        """Value of all positions."""
        return sum((held.value for held in self.positions), _ZERO)

    @property
    def raw_usd(self) -> Decimal:
        """All USD, positions left out."""
        return self.collateral + sum(
            (held.position.isolated_usd or _ZERO for held in self._isolated()), _ZERO
        )

    @property
    def available(self) -> Decimal:
        """What new positions may bind, not negative."""
        return max(_ZERO, self.cross_value - self.cross_used)

    @property
    def withdrawable(self) -> Decimal:
        """What may leave the cross account, not negative."""
        floor = transfer_floor(self.cross_notional, self.cross_used)
        return max(_ZERO, self.cross_value - floor)

    def of(self, market: Market) -> PositionMargin | None:
        """The open position in ``market``, or None."""
        for held in self.positions:
            if held.market.asset == market.asset:
                return held
        return None


def summarise(account: Account, dex: Dex, marks: Mapping[int, Decimal]) -> MarginSummary:
    """Work out the margin of one account on one dex.

    Args:
        account: whose.
        dex: where.
        marks: price in USD by asset id.
    """
    return MarginSummary(
        account.collateral(dex.name),
        tuple(
            PositionMargin(market, position, account.setting(market), marks[market.asset])
            for market in dex.markets
            if (position := account.positions.get(market.asset)) is not None
        ),
    )
