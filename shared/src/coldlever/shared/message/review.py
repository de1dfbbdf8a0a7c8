"""The words a person checks before money is at stake: the same on both sides of the air gap.

Everything here is computed from the content that gets hashed, never from what a file says about
itself; what is not covered by the signature is labelled so.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from coldlever.shared.action import (
    Address,
    MarketEntry,
    Setting,
    Signable,
    UpdateIsolatedMargin,
    UpdateLeverage,
)
from coldlever.shared.action.actions import MICRO_USD, Noop
from coldlever.shared.action.market import require_fitting
from coldlever.shared.action.market_name import MarketName, name_market
from coldlever.shared.action.time_rules import NONCE_PAST_MS
from coldlever.shared.message.caution import Caution, cautions_of
from coldlever.shared.message.check_words import Subject
from coldlever.shared.message.request import Request
from coldlever.shared.printable import quoted
from coldlever.shared.reading import moment
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.shared.reading.times import span


class Origin(enum.Enum):
    """Where the facts beside the signed content come from; the value is how a review says it."""

    DRAFTED = "as drafted, not signed"
    READ = "as the exchange says, not signed"


class Effect(enum.Enum):
    """What a request does, for the totals of a batch: of one, and of several."""

    RAISES = ("raises leverage", "raise leverage")
    UNKNOWN = (
        "sets leverage, and what was set before is not known",
        "set leverage, and what was set before is not known",
    )
    SWITCHES = ("switches the margin mode", "switch the margin mode")
    REMOVES = ("removes margin", "remove margin")
    VAULT = ("touches a vault or sub-account", "touch a vault or sub-account")
    TOPS_UP = ("tops up margin", "top up margin")
    ADDS = ("adds margin", "add margin")
    LOWERS = ("lowers leverage", "lower leverage")
    KEEPS = ("leaves leverage as it is", "leave leverage as it is")
    KILLS = ("kills a nonce and changes nothing", "kill a nonce each and change nothing")


@dataclass(frozen=True, slots=True)
class Row:
    """One fact.

    Args:
        label: its name.
        value: the fact, safe to show.
    """

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Review:
    """One action, in words.

    Args:
        network: in capitals.
        market: name and asset id; None for a noop, which has none.
        change: what it does.
        kills: what a noop kills and who says so, or None.
        was: the setting before and where that comes from, or None.
        position: the open position and where that comes from, or None.
        margin: the margin it uses, before and after, or None.
        liquidation: its liquidation price, before and after, or None.
        account: whose setting changes.
        signer: who must sign.
        nonce: number and time.
        expires: until when it can be posted.
        note: the drafter's words in quotes, or None.
        action_hash: in hexadecimal.
        cautions: what must not be overlooked.
        effects: what it counts as in a batch's totals.
        subject: what the check words are of, or None while no signer is named.
    """

    network: str
    market: str | None
    change: str
    kills: str | None
    was: str | None
    position: str | None
    margin: str | None
    liquidation: str | None
    account: str
    signer: str
    nonce: str
    expires: str
    note: str | None
    action_hash: str
    cautions: tuple[Caution, ...]
    effects: tuple[Effect, ...]
    subject: Subject | None

    @property
    def summary(self) -> str:
        """The change on one line."""
        return self.change if self.market is None else f"{self.market}: {self.change}"

    @property
    def rows(self) -> tuple[Row, ...]:
        """All facts, in the order to show them."""
        facts = (
            ("Network", self.network),
            ("Market", self.market),
            ("Action", self.change),
            ("Kills", self.kills),
            ("Was", self.was),
            ("Position", self.position),
            ("Margin used", self.margin),
            ("Liquidation", self.liquidation),
            ("Account", self.account),
            ("Signer", self.signer),
            ("Nonce", self.nonce),
            ("Expires", self.expires),
            ("Note", self.note),
            ("Action hash", self.action_hash),
        )
        return tuple(Row(label, value) for label, value in facts if value is not None)


def review(
    request: Request,
    market: MarketEntry | None = None,
    *,
    confirmed: str | None = None,
    attestors: tuple[str, ...] = (),
    signed_before: str | None = None,
    origin: Origin = Origin.DRAFTED,
) -> Review:
    """Put one request into words.

    Args:
        request: the request; of a signed payload, a request of its `signable` and signer.
        market: the entry to go by when the request has none of its own.
        confirmed: the name that a person confirmed for this asset id on this machine, or None.
        attestors: who of the policy in force has attested the request's market entry.
        signed_before: what this machine has signed with the nonce that a noop kills, or None.
        origin: where the request's facts that are not signed come from.

    Raises:
        RuleRefused: ``market-mismatch`` when an entry speaks of another market, or misnames it.
    """
    signable = request.signable
    signer = request.signer
    entry = request.market if request.market is not None else market
    name = name_action(signable, entry, confirmed, attestors)
    current = request.current if isinstance(signable.action, UpdateLeverage) else None
    held = request.position
    return Review(
        network=signable.network.value.upper(),
        market=None if name is None else str(name),
        change=describe_change(signable, signer),
        kills=_describe_killed(request.kills, signed_before),
        was=None if current is None else f"{current} ({origin.value})",
        position=None if held is None else f"{held.held} ({origin.value})",
        margin=None if held is None else f"{held.margin} ({origin.value})",
        liquidation=None if held is None else f"{held.liquidation} ({origin.value})",
        account=_describe_account(request, origin),
        signer="any key" if signer is None else signer.checksummed,
        nonce=f"{signable.nonce} = {moment(signable.nonce)}",
        expires=_describe_expiry(signable),
        note=None if request.note is None else f"{quoted(request.note)} (not signed)",
        action_hash=to_0x(signable.action_hash()),
        cautions=(
            *cautions_of(signable, name, entry, current, is_current_read=origin is Origin.READ),
            *(() if held is None else held.cautions),
        ),
        effects=tuple(_effects(signable, current)),
        subject=None if signer is None else Subject(signable.digest(), signer),
    )


def name_action(
    signable: Signable,
    entry: MarketEntry | None,
    confirmed: str | None = None,
    attestors: tuple[str, ...] = (),
) -> MarketName | None:
    """What the market of an action is called; None for a noop, which has none.

    Args:
        signable: what gets signed.
        entry: what its asset id is said to mean, or None.
        confirmed: the name that a person confirmed for this asset id on this machine, or None.
        attestors: who of the policy in force has attested ``entry``.

    Raises:
        RuleRefused: ``market-mismatch`` or ``asset-class``.
    """
    action = signable.action
    if isinstance(action, Noop):
        return None
    if entry is not None:
        require_fitting(entry, signable.network, action)
    return name_market(signable.network, action.asset, entry, confirmed, attestors)


def _describe_killed(drafted: Signable | None, signed_before: str | None) -> str | None:
    if signed_before is not None:
        return f"{signed_before} (signed on this machine)"
    if drafted is None:
        return None
    vault = "" if drafted.vault is None else f", for the vault or sub-account {drafted.vault}"
    change = describe_change(drafted, None)
    return f"{name_action(drafted, None)}: {change}{vault} ({Origin.DRAFTED.value})"


def describe_change(signable: Signable, signer: Address | None) -> str:
    """What an action does, without its market; ``signer`` is whose nonce a noop kills."""
    action = signable.action
    if isinstance(action, Noop):
        whose = "whoever signs" if signer is None else str(signer)
        return f"kills nonce {signable.nonce} of {whose}, and changes nothing (noop)"
    if isinstance(action, UpdateLeverage):
        return f"set leverage to {Setting(action.is_cross, action.leverage)}"
    if isinstance(action, UpdateIsolatedMargin):
        verb = "add" if action.ntli > 0 else "remove"
        direction = "to" if action.ntli > 0 else "from"
        side = "long" if action.is_buy else "short"
        return f"{verb} {usd(abs(action.ntli))} {direction} the isolated margin ({side} side)"
    return f"top up isolated margin to reach {action.leverage}x"


def usd(micro: int) -> str:
    """``1,234.50 USD`` of an amount in micro-USD."""
    sign = "-" if micro < 0 else ""
    whole, fraction = divmod(abs(micro), MICRO_USD)
    digits = f"{fraction:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole:,}.{digits} USD"


def _describe_account(request: Request, origin: Origin) -> str:
    if isinstance(request.signable.action, Noop):
        return "none: only the signer's nonce is used up"
    vault = request.signable.vault
    if vault is not None:
        return f"vault or sub-account {vault}"
    if request.account is not None:
        return f"{request.account} ({origin.value})"
    if request.signer is not None:
        return "the signer's own (its master's, if the signer is an API wallet)"
    return "that of whoever signs (its master's, if that is an API wallet)"


def _describe_expiry(signable: Signable) -> str:
    expiry = signable.expires_after
    last = signable.nonce + NONCE_PAST_MS
    if expiry is None:
        return f"never: anyone who sees it can post it until {moment(last)}"
    if expiry <= signable.nonce:
        return f"{moment(expiry)}, before its own nonce"
    return f"{moment(expiry)} ({span(expiry - signable.nonce)} after the nonce)"


def _effects(signable: Signable, current: Setting | None) -> Iterator[Effect]:
    if signable.vault is not None:
        yield Effect.VAULT
    action = signable.action
    if isinstance(action, UpdateLeverage):
        yield _direction(action, current)
        if current is not None and action.is_cross != current.is_cross:
            yield Effect.SWITCHES
    elif isinstance(action, UpdateIsolatedMargin):
        yield Effect.ADDS if action.ntli > 0 else Effect.REMOVES
    elif isinstance(action, Noop):
        yield Effect.KILLS
    else:
        yield Effect.TOPS_UP


def _direction(action: UpdateLeverage, current: Setting | None) -> Effect:
    if current is None:
        return Effect.UNKNOWN
    if action.leverage == current.leverage:
        return Effect.KEEPS
    return Effect.RAISES if action.leverage > current.leverage else Effect.LOWERS
