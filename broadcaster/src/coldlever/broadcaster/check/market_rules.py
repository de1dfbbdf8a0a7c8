"""What the exchange will refuse, going by a market and the open position on it.

Each rule returns what it found, or raises the refusal to expect. Source: the exchange's
documentation of leverage and margin, and recorded answers.
"""

from __future__ import annotations

from coldlever.broadcaster.check.report import Finding, caution
from coldlever.broadcaster.venue import Position
from coldlever.shared.action import MarginMode, MarketEntry, Setting, UpdateLeverage
from coldlever.shared.action.actions import LeverageAction, TopUpIsolatedOnlyMargin
from coldlever.shared.errors import RuleRefused


def leverage_rule(action: LeverageAction, market: MarketEntry | None) -> str | None:
    """Leverage within the market's maximum; None where the market is not known.

    Raises:
        RuleRefused: ``leverage-too-high``.
    """
    if not isinstance(action, UpdateLeverage):
        return "this action sets no leverage"
    if market is None:
        return None
    if action.leverage > market.max_leverage:
        raise RuleRefused(
            "leverage-too-high",
            f"{action.leverage}x is above the market's maximum of {market.max_leverage}x",
            "draft the request again with a lower leverage",
        )
    return f"{action.leverage}x of at most {market.max_leverage}x"


def margin_mode_rule(action: LeverageAction, mode: MarginMode) -> str:
    """The market's margin mode allows the action.

    Raises:
        RuleRefused: ``cross-not-allowed``, ``not-strict-isolated`` or ``margin-locked``.
    """
    if isinstance(action, UpdateLeverage):
        if action.is_cross and mode is not MarginMode.NORMAL:
            raise RuleRefused(
                "cross-not-allowed",
                "this market does not allow cross margin",
                "draft the request again with --isolated",
            )
        return f"{'cross' if action.is_cross else 'isolated'} margin is allowed"
    if isinstance(action, TopUpIsolatedOnlyMargin):
        if mode is not MarginMode.STRICT_ISOLATED:
            raise RuleRefused(
                "not-strict-isolated",
                "topping up to a leverage works on strict-isolated markets alone",
                "use updateIsolatedMargin (draft --add-margin) on this market",
            )
    elif action.ntli < 0 and mode is MarginMode.STRICT_ISOLATED:
        raise RuleRefused(
            "margin-locked",
            "margin cannot be removed on a strict-isolated market",
            "reduce the position instead",
        )
    return f"the market's margin mode ({mode.value}) allows this action"


def position_rule(action: LeverageAction, position: Position | None) -> Finding | str:
    """The open position, or that there is none, allows the action.

    Raises:
        RuleRefused: ``position-forbids-switch``, ``no-position`` or ``not-isolated``.
    """
    if isinstance(action, UpdateLeverage):
        return _leverage_and_position(action, position)
    if position is None:
        raise RuleRefused(
            "no-position",
            "there is no open position whose margin could change",
            "open a position first",
        )
    if position.setting.is_cross:
        raise RuleRefused(
            "not-isolated",
            "the open position uses cross margin; margin moves on isolated positions alone",
        )
    return f"an isolated position of {position.size} is open"


def change_rule(wanted: Setting | None, current: Setting | None) -> Finding | str:
    """What will change.

    Args:
        wanted: the setting asked for; None where margin moves.
        current: the setting in force; None where it was not asked for.
    """
    if wanted is None:
        return "the position's margin changes"
    if current is None:
        return f"to {wanted}; what is in force is read when it is posted"
    if current == wanted:
        sentence = f"already in effect: the setting is {wanted}; posting changes nothing"
        return caution("change", sentence)
    return f"from {current} to {wanted}"


def _leverage_and_position(action: UpdateLeverage, position: Position | None) -> Finding | str:
    if position is None:
        return "no open position on this market"
    if position.setting.is_cross != action.is_cross:
        raise RuleRefused(
            "position-forbids-switch",
            f"the open position of {position.size} uses {position.setting}; the exchange refuses "
            "to switch the margin mode of an open position",
            "close the position first, or keep its margin mode",
        )
    if position.max_leverage is not None and action.leverage > position.max_leverage:
        sentence = (
            f"at the open position's size the maximum is {position.max_leverage}x; the exchange "
            "may refuse this"
        )
        return caution("position", sentence)
    return f"a position of {position.size} is open with {position.setting}"
