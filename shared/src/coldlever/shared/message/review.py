"""The words a person checks before money is at stake: the same on both sides of the air gap.

Everything here is computed from the content that gets hashed, never from what a file says about
itself; what is not covered by the signature is labelled so. The result depends on the request
alone, so the signer and the broadcaster print the same lines and the same check words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coldlever.shared.action import (
    Action,
    Address,
    MarketEntry,
    Setting,
    Signable,
    UpdateIsolatedMargin,
    UpdateLeverage,
)
from coldlever.shared.action.actions import MICRO_USD
from coldlever.shared.action.asset_class import class_problem
from coldlever.shared.action.keccak import keccak256
from coldlever.shared.action.market import require_fitting, venue_objections
from coldlever.shared.action.market_name import MarketName, name_market
from coldlever.shared.message.request import Request
from coldlever.shared.printable import quoted
from coldlever.shared.reading import moment
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.shared.reading.times import span
from coldlever.shared.ur.bytewords import WORDS

CHECK_WORD_COUNT = 8


@dataclass(frozen=True, slots=True)
class Caution:
    """Something the person must notice.

    Args:
        code: stable identifier.
        text: one sentence.
    """

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Review:
    """One action, in words.

    Args:
        rows: label and value, in the order to show them.
        cautions: what must not be overlooked.
        words: eight check words of the action hash.
        summary: the change on one line.
        account: whose setting changes, on one line.
    """

    rows: tuple[tuple[str, str], ...]
    cautions: tuple[Caution, ...]
    words: str
    summary: str
    account: str


def check_words(digest: bytes) -> str:
    """Eight words for the first eight bytes of a hash, to compare by phone."""
    return " ".join(WORDS[byte] for byte in digest[:CHECK_WORD_COUNT])


def batch_words(signables: Sequence[Signable]) -> str:
    """Eight words for a whole batch: of the Keccak-256 over all action hashes in order."""
    return check_words(keccak256(b"".join(signable.action_hash() for signable in signables)))


def review(
    request: Request, market: MarketEntry | None = None, *, confirmed: str | None = None
) -> Review:
    """Put one request into words.

    Args:
        request: the request; of a signed payload, a request of its `signable` and signer.
        market: the entry to go by when the request has none of its own.
        confirmed: the name that a person confirmed for this asset id on this machine, or None.

    Raises:
        RuleRefused: ``market-mismatch`` when an entry speaks of another market, or misnames it.
    """
    signable = request.signable
    entry = request.market if request.market is not None else market
    if entry is not None:
        require_fitting(entry, signable.network, signable.action)
    action_hash = signable.action_hash()
    words = check_words(action_hash)
    name = name_market(signable.network, signable.action.asset, entry, confirmed)
    change = _describe_change(signable.action)
    account = _describe_account(signable.vault, request.signer)
    rows = [
        ("Network", signable.network.value.upper()),
        ("Market", str(name)),
        ("Action", change),
    ]
    if isinstance(signable.action, UpdateLeverage) and request.current is not None:
        rows.append(("Was", f"{request.current} (not signed)"))
    rows += [
        ("Account", account),
        ("Signer", "any key" if request.signer is None else request.signer.checksummed),
        ("Nonce", f"{signable.nonce} = {moment(signable.nonce)}"),
        ("Expires", _describe_expiry(signable)),
    ]
    if request.note is not None:
        rows.append(("Note", f"{quoted(request.note)} (not signed)"))
    rows += [("Action hash", to_0x(action_hash)), ("Check words", words)]
    return Review(
        tuple(rows),
        tuple(_warnings(request, entry, name)),
        words,
        f"{name}: {change}",
        account,
    )


def _describe_change(action: Action) -> str:
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


def _describe_account(vault: Address | None, signer: Address | None) -> str:
    if vault is not None:
        return f"vault or sub-account {vault}"
    if signer is not None:
        return "the signer's own (its master's, if the signer is an API wallet)"
    return "that of whoever signs (its master's, if that is an API wallet)"


def _describe_expiry(signable: Signable) -> str:
    expiry = signable.expires_after
    if expiry is None:
        return "never: anyone who sees it can post it for two days"
    if expiry <= signable.nonce:
        return f"{moment(expiry)}, before its own nonce"
    return f"{moment(expiry)} ({span(expiry - signable.nonce)} after the nonce)"


def _warnings(request: Request, entry: MarketEntry | None, name: MarketName) -> list[Caution]:
    signable = request.signable
    action = signable.action
    warnings = []
    if signable.vault is not None:
        warnings.append(Caution("vault", f"this acts on the vault or sub-account {signable.vault}"))
    if isinstance(action, UpdateLeverage):
        warnings += _leverage_warnings(action, request.current, entry)
    if isinstance(action, UpdateIsolatedMargin) and action.ntli < 0:
        warnings.append(
            Caution("removes-margin", "this takes margin away: liquidation comes closer")
        )
    if signable.expires_after is None:
        warnings.append(
            Caution("no-expiry", "no expiry: once signed, it can be posted for two days")
        )
    warnings += _name_warnings(name)
    if entry is not None:
        warnings += [
            Caution("venue-would-refuse", sentence + " (says the market entry)")
            for sentence in venue_objections(entry, action)
        ]
    return warnings


def _name_warnings(name: MarketName) -> list[Caution]:
    problem = class_problem(name.asset)
    if problem is not None:
        return [Caution(problem.code, problem.message)]
    if name.is_vouched:
        return []
    if name.coin is not None:
        sentence = f"nobody vouches that asset {name.asset} is {name.shown_coin}"
        return [Caution("market-unverified", sentence)]
    sentence = (
        f"nothing says which market asset {name.asset} is on {name.network.value}: ids differ "
        "between networks"
    )
    return [Caution("market-unknown", sentence)]


def _leverage_warnings(
    action: UpdateLeverage, current: Setting | None, entry: MarketEntry | None
) -> list[Caution]:
    warnings = []
    if current is not None and action.leverage > current.leverage:
        warnings.append(
            Caution(
                "raises-leverage",
                f"this RAISES leverage from {current.leverage}x to {action.leverage}x",
            )
        )
    if current is not None and action.is_cross != current.is_cross:
        names = {True: "cross", False: "isolated"}
        warnings.append(
            Caution(
                "switches-mode",
                f"this switches from {names[current.is_cross]} to {names[action.is_cross]} margin",
            )
        )
    if current is None:
        warnings.append(
            Caution(
                "current-unknown",
                "the setting in force is not known here: this may raise leverage or switch the "
                "margin mode",
            )
        )
    if entry is not None and action.leverage == entry.max_leverage:
        warnings.append(Caution("maximum-leverage", f"{action.leverage}x is this market's maximum"))
    return warnings


def render_review(one: Review) -> list[str]:
    """The review of one request as lines of text, at most 100 columns where values allow."""
    width = max(len(label) for label, _ in one.rows)
    lines = [f"  {label:<{width}}  {value}" for label, value in one.rows]
    lines += [f"  ! {warning.text}" for warning in one.cautions]
    return lines


def render_batch(reviews: Sequence[Review], words: str) -> list[str]:
    """A batch as a table: one entry a request, warnings that all share said once."""
    lines = []
    width = len(str(len(reviews)))
    shared = set(reviews[0].cautions).intersection(*(one.cautions for one in reviews))
    for number, one in enumerate(reviews, start=1):
        lines.append(f"  {number:>{width}}. {one.summary}")
        indent = " " * (width + 4)
        lines.append(f"{indent}{one.account}")
        facts = dict(one.rows)
        lines.append(f"{indent}{facts['Network']}, nonce {facts['Nonce']}")
        lines.append(f"{indent}expires {facts['Expires']}")
        if "Note" in facts:
            lines.append(f"{indent}note {facts['Note']}")
        lines.append(f"{indent}check words: {one.words}")
        lines += [f"{indent}! {warning.text}" for warning in one.cautions if warning not in shared]
    lines += [
        f"  ! in every request: {warning.text}"
        for warning in reviews[0].cautions
        if warning in shared
    ]
    lines.append(f"  Check words of the whole batch of {len(reviews)}: {words}")
    return lines
