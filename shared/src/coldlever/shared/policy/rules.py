"""Which rule of a policy decides about a change, and which limits the change passes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from coldlever.shared.action import (
    Address,
    Setting,
    Signable,
    UpdateIsolatedMargin,
    UpdateLeverage,
)
from coldlever.shared.policy.policy import Direction, Limits, Policy, Rule
from coldlever.shared.reading.times import span


@dataclass(frozen=True, slots=True)
class Change:
    """One request as a policy sees it.

    Args:
        signable: what gets signed.
        signer: who signs.
        account: the account that it changes.
        direction: what it does to the risk.
    """

    signable: Signable
    signer: Address
    account: Address
    direction: Direction

    @property
    def mode(self) -> str | None:
        """The margin mode that it sets; None when it sets none."""
        action = self.signable.change
        if not isinstance(action, UpdateLeverage):
            return None
        return "cross" if action.is_cross else "isolated"

    @property
    def leverage(self) -> int | None:
        """The multiple that it sets; None when it sets none."""
        action = self.signable.change
        return action.leverage if isinstance(action, UpdateLeverage) else None


def direction_of(signable: Signable, current: Setting | None) -> Direction:
    """What a change does to the risk.

    Args:
        signable: the change.
        current: the setting in force, if it may be believed; otherwise a new leverage is a raise.
    """
    action = signable.change
    if isinstance(action, UpdateIsolatedMargin):
        return Direction.ADD if action.ntli > 0 else Direction.REMOVE
    if not isinstance(action, UpdateLeverage):
        return Direction.ADD
    if current is None or action.leverage > current.leverage:
        return Direction.RAISE
    return Direction.SWITCH if action.is_cross != current.is_cross else Direction.LOWER


def deciding_rule(policy: Policy, change: Change) -> Rule | None:
    """The first rule that matches; None when none does."""
    return next(
        (rule for rule in policy.rules if next(objections(rule, change), None) is None), None
    )


def objections(rule: Rule, change: Change) -> Iterator[str]:
    """Why a rule is not about a change, in words; nothing when it is."""
    signable = change.signable
    conditions = (
        ("network", rule.networks, signable.network, signable.network.value),
        ("signer", rule.signers, change.signer, change.signer.checksummed),
        ("account", rule.accounts, change.account, change.account.checksummed),
        ("asset", rule.assets, signable.change.asset, str(signable.change.asset)),
        ("action", rule.actions, signable.change.TYPE, signable.change.TYPE),
        ("direction", rule.directions, change.direction, change.direction.value),
        ("mode", rule.modes, change.mode, change.mode or "none"),
    )
    for name, allowed, value, shown in conditions:
        if allowed and value not in allowed:
            yield f"it is not about the {name} {shown}"
    bound = rule.leverage_up_to
    if bound is not None and (change.leverage is None or change.leverage > bound):
        shown = "none" if change.leverage is None else f"{change.leverage}x"
        yield f"it is about leverage up to {bound}x, not {shown}"


def passed_limits(limits: Limits, change: Change) -> Iterator[str]:
    """The limits that a change passes, in words; nothing when it keeps them all."""
    signable = change.signable
    sets = (
        ("network", limits.networks, signable.network, signable.network.value),
        ("signer", limits.signers, change.signer, change.signer.checksummed),
        ("account", limits.accounts, change.account, change.account.checksummed),
        ("action", limits.actions, signable.change.TYPE, signable.change.TYPE),
    )
    for name, allowed, value, shown in sets:
        if allowed and value not in allowed:
            yield f"the {name} {shown} is not among those of the policy"
    if limits.modes and change.mode is not None and change.mode not in limits.modes:
        yield f"{change.mode} margin is not allowed"
    yield from _of_leverage(limits, change)
    yield from _of_expiry(limits, signable)


def _of_leverage(limits: Limits, change: Change) -> Iterator[str]:
    if change.leverage is None:
        return
    market = (change.signable.network, change.signable.change.asset)
    for words, ceiling in (
        ("the ceiling of all markets", limits.ceiling),
        (f"the ceiling of asset {market[1]}", limits.ceilings.get(market)),
    ):
        if ceiling is not None and change.leverage > ceiling:
            yield f"{change.leverage}x is above {words}, {ceiling}x"


def _of_expiry(limits: Limits, signable: Signable) -> Iterator[str]:
    expiry, longest = signable.expires_after, limits.longest_validity
    if expiry is None:
        if limits.expiry_required or longest is not None:
            yield "it has no expiry"
    elif longest is not None and expiry - signable.nonce > longest:
        yield (
            f"it stays valid for {span(expiry - signable.nonce)} after its nonce, more than "
            f"{span(longest)}"
        )
