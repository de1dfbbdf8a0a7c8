"""What a person must not overlook about a request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from coldlever.shared.action import (
    MarketEntry,
    Setting,
    Signable,
    UpdateIsolatedMargin,
    UpdateLeverage,
)
from coldlever.shared.action.actions import Noop
from coldlever.shared.action.asset_class import class_problem
from coldlever.shared.action.market import venue_objections
from coldlever.shared.action.market_name import MarketName
from coldlever.shared.action.time_rules import NONCE_PAST_MS
from coldlever.shared.reading import moment
from coldlever.shared.reading.times import span

_LONG_VALIDITY_MS = 86_400_000
_MODES = {True: "cross", False: "isolated"}


@dataclass(frozen=True, slots=True)
class Caution:
    """Something the person must notice.

    Args:
        code: stable identifier.
        text: one sentence.
    """

    code: str
    text: str


def cautions_of(
    signable: Signable,
    name: MarketName | None,
    entry: MarketEntry | None,
    current: Setting | None,
    *,
    is_current_read: bool,
) -> tuple[Caution, ...]:
    """Everything to notice about one request, in the order to show it.

    Args:
        signable: what gets signed.
        name: what its market is called, and who vouches for that; None for a noop.
        entry: what the asset id is said to mean, or None.
        current: the setting that is said to be in force, or None.
        is_current_read: whether this machine has read it on the exchange by itself.
    """
    return (
        *_of_action(signable),
        *_of_setting(signable, entry, current, is_current_read=is_current_read),
        *_of_expiry(signable),
        *(() if name is None else _of_name(name)),
        *_of_market(signable, entry),
    )


def _of_action(signable: Signable) -> Iterator[Caution]:
    action = signable.action
    if signable.vault is not None:
        yield Caution("vault", f"this acts on the vault or sub-account {signable.vault}")
    if isinstance(action, UpdateIsolatedMargin) and action.ntli < 0:
        yield Caution("removes-margin", "this takes margin away: liquidation comes closer")


def _of_setting(
    signable: Signable, entry: MarketEntry | None, current: Setting | None, *, is_current_read: bool
) -> Iterator[Caution]:
    action = signable.action
    if not isinstance(action, UpdateLeverage):
        return
    if current is None:
        yield Caution(
            "current-unknown",
            "the setting in force is not known here: this may raise leverage or switch the "
            "margin mode",
        )
    else:
        yield from _of_change(action, current)
        yield from _of_current(current, entry, is_current_read=is_current_read)
    if entry is not None and action.leverage == entry.max_leverage:
        yield Caution("maximum-leverage", f"{action.leverage}x is this market's maximum")


def _of_change(action: UpdateLeverage, current: Setting) -> Iterator[Caution]:
    if action.leverage > current.leverage:
        yield Caution(
            "raises-leverage",
            f"this RAISES leverage from {current.leverage}x to {action.leverage}x",
        )
    if action.is_cross != current.is_cross:
        yield Caution(
            "switches-mode",
            f"this switches from {_MODES[current.is_cross]} to {_MODES[action.is_cross]} margin",
        )


def _of_current(
    current: Setting, entry: MarketEntry | None, *, is_current_read: bool
) -> Iterator[Caution]:
    if entry is not None and current.leverage > entry.max_leverage:
        yield Caution(
            "current-above-maximum",
            f"the setting before, {current}, cannot be true: this market's maximum is "
            f"{entry.max_leverage}x",
        )
    if not is_current_read:
        # Whoever drafts could silence the two cautions above with a made-up setting.
        yield Caution(
            "current-as-drafted",
            "what was set before is the drafter's word alone: if it is wrong, this may raise "
            "leverage or switch the margin mode",
        )


def _of_expiry(signable: Signable) -> Iterator[Caution]:
    expiry = signable.expires_after
    if isinstance(signable.action, Noop):
        # It harms nobody, whenever it is posted.
        return
    if expiry is None:
        yield Caution(
            "no-expiry",
            "no expiry: once signed, it can be posted until "
            f"{moment(signable.nonce + NONCE_PAST_MS)}",
        )
    elif expiry - signable.nonce > _LONG_VALIDITY_MS:
        yield Caution(
            "long-validity",
            f"it stays valid for {span(expiry - signable.nonce)} after its nonce, more than a day",
        )


def _of_name(name: MarketName) -> Iterator[Caution]:
    problem = class_problem(name.asset)
    if problem is not None:
        yield Caution(problem.code, problem.message)
    elif name.coin is None:
        yield Caution(
            "market-unknown",
            f"nothing says which market asset {name.asset} is on {name.network.value}: ids differ "
            "between networks",
        )
    elif not name.is_vouched:
        yield Caution(
            "market-unverified", f"nobody vouches that asset {name.asset} is {name.shown_coin}"
        )


def _of_market(signable: Signable, entry: MarketEntry | None) -> Iterator[Caution]:
    if entry is not None and not isinstance(signable.action, Noop):
        for sentence in venue_objections(entry, signable.action):
            yield Caution("venue-would-refuse", sentence + " (says the market entry)")
