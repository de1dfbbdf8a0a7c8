"""From a person's wish and live market data to an unsigned request."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from coldlever.broadcaster.check import Checker, Finding
from coldlever.broadcaster.ledger import Ledger
from coldlever.broadcaster.venue import Exchange, Standing, account_acted_for
from coldlever.shared.action import (
    Action,
    Address,
    MarketEntry,
    Setting,
    Signable,
    UpdateIsolatedMargin,
    UpdateLeverage,
)
from coldlever.shared.action.actions import TopUpIsolatedOnlyMargin
from coldlever.shared.action.market_name import name_market
from coldlever.shared.errors import RuleRefused
from coldlever.shared.message import Request
from coldlever.shared.message.position import Position
from coldlever.shared.printable import printable

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class SetLeverage:
    """Change: this leverage in this margin mode.

    Args:
        is_cross: True for cross margin.
        leverage: whole multiples.
    """

    is_cross: bool
    leverage: int


@dataclass(frozen=True, slots=True)
class MoveMargin:
    """Change: move margin of the open isolated position.

    Args:
        micro_usd: USD x 1,000,000, negative to remove.
    """

    micro_usd: int


@dataclass(frozen=True, slots=True)
class TopUp:
    """Change: bring the strict-isolated position to this leverage.

    Args:
        leverage: a decimal in its shortest form.
    """

    leverage: str


Change = SetLeverage | MoveMargin | TopUp


@dataclass(frozen=True, slots=True)
class Wish:
    """Everything a person says when drafting.

    Args:
        coin: the market's name, such as "BTC" or "xyz:TSLA".
        change: what should change.
        account: whose key or API wallet will sign.
        vault: the vault or sub-account to act on, or None.
        signer: who will sign when it is not `account` itself, or None.
        validity: how long it stays valid, ms; None for no expiry.
        note: words for the person who signs, or None.
    """

    coin: str
    change: Change
    account: Address
    vault: Address | None
    signer: Address | None
    validity: int | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Draft:
    """An unsigned request with what the exchange says about it today.

    Args:
        request: the request.
        standing: setting and position in force.
        objections: checks that fail already: the exchange will refuse it as things stand.
        cautions: checks that pass but want attention.
    """

    request: Request
    standing: Standing
    objections: tuple[Finding, ...]
    cautions: tuple[Finding, ...]


def make_draft(exchange: Exchange, ledger: Ledger, wish: Wish) -> Draft:
    """Draft a request.

    Args:
        exchange: the venue to read from.
        ledger: gives out the nonce, never below what it knows.
        wish: what the person wants.

    Raises:
        RuleRefused: ``unknown-market``, ``market-mismatch``, ``unknown-signer`` and what
            `account_acted_for` refuses.
        EnvironmentFault: the exchange could not be read.
    """
    now = exchange.now()
    market = exchange.market_by_name(wish.coin)
    if market is None:
        raise RuleRefused(
            "unknown-market",
            f'the exchange has no perpetual market "{printable(wish.coin, limit=40)}" on '
            f"{exchange.network.value}",
            "names are exact: BTC, kPEPE, xyz:TSLA; see `market`",
        )
    # A signer would refuse a name that the table contradicts, so nothing is drafted for it.
    name_market(exchange.network, market.asset, market)
    signer = wish.account if wish.signer is None else wish.signer
    if exchange.role(signer).name == "missing":
        raise RuleRefused(
            "unknown-signer",
            f"the exchange knows no account or API wallet {signer} on {exchange.network.value}",
            "check the address and --network; a new account must deposit first",
        )
    acted = account_acted_for(exchange, signer, wish.vault, now)
    if wish.signer is not None and wish.account not in (acted.master, acted.account, signer):
        raise RuleRefused(
            "signer-not-allowed",
            f"{signer} acts for {acted.master}, not for {wish.account}",
            "give the account that approved this API wallet",
        )
    standing = exchange.standing(acted.account, market.coin)
    expires_after = None if wish.validity is None else now + wish.validity
    action = _action(market, wish.change, standing)

    def with_nonce(nonce: int) -> Signable:
        return Signable(exchange.network, action, nonce, wish.vault, expires_after)

    signable = with_nonce(ledger.take_draft_nonce(exchange.api.venue.key, signer, now, with_nonce))
    held = position_before(standing)
    request = Request(signable, signer, market, standing.setting, wish.note, acted.account, held)
    foresight = Checker(ledger, exchange.api.venue.key, now, exchange).foresee(
        signable, signer, acted
    )
    return Draft(request, standing, foresight.objections, foresight.cautions)


def position_before(standing: Standing) -> Position | None:
    """The open position as the exchange gives it, or None without one.

    What it will be afterwards is left open: the margin is an estimate, and the liquidation price
    follows from the margin tier at that price, which the exchange's answer does not tell.
    """
    held = standing.position
    if held is None:
        return None
    price = None if held.liquidation_px is None else f"{held.liquidation_px:f}"
    return Position(
        f"{held.size:f}", margin_before=f"{held.margin_used:f}", liquidation_before=price
    )


def margin_estimate(standing: Standing, wanted: Setting) -> tuple[Decimal, Decimal] | None:
    """Margin used before and about after a leverage change, in USD; None without a position.

    For a cross position the exchange asks for its value divided by the leverage. The margin of an
    isolated one stays what it is (observed from 5x to 10x): it moves by margin actions alone.
    """
    position = standing.position
    if position is None:
        return None
    before = position.margin_used
    after = abs(position.value) / wanted.leverage if wanted.is_cross else before
    return before.quantize(_CENT), after.quantize(_CENT)


def _action(market: MarketEntry, change: Change, standing: Standing) -> Action:
    if isinstance(change, SetLeverage):
        return UpdateLeverage(market.asset, change.is_cross, change.leverage)
    if isinstance(change, MoveMargin):
        is_short = standing.position is not None and standing.position.size < 0
        return UpdateIsolatedMargin(market.asset, is_buy=not is_short, ntli=change.micro_usd)
    return TopUpIsolatedOnlyMargin(market.asset, change.leverage)
