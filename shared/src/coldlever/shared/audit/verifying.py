"""Does a chain hold what somebody saw of it, and do two copies of it tell the same story?"""

from __future__ import annotations

from collections.abc import Sequence

from coldlever.shared.audit.chain import Head
from coldlever.shared.audit.chain_head import ChainHead
from coldlever.shared.audit.document import Export
from coldlever.shared.audit.seen import HeadClaim, head_text
from coldlever.shared.errors import RuleRefused

_ASK = (
    "find out who changed the ledger; the heads on receipts and screens, and earlier exports, show "
    "which copy is right"
)


def require_head(seen: HeadClaim, passed: Sequence[Head], name: str) -> None:
    """Refuse a chain that does not pass through a head that somebody saw.

    Args:
        seen: the head.
        passed: every head that the chain passes through, the start first.
        name: where the chain is kept, printable.

    Raises:
        RuleRefused: ``audit-behind`` or ``audit-forked``.
    """
    if seen.position >= len(passed):
        raise behind(seen, passed[-1], name)
    if not seen.fits(passed[seen.position]):
        raise RuleRefused(
            "audit-forked",
            f"{name}: row {seen.position} of the audit chain is not the one that was seen there: "
            f"its head was {seen.position}:{seen.begins.hex()} and is "
            f"{head_text(passed[seen.position])}; row {seen.position} or one before it was "
            "written anew",
            _ASK,
        )


def behind(seen: HeadClaim, head: Head, name: str) -> RuleRefused:
    """The refusal of a chain that ends before a head that was seen."""
    return RuleRefused(
        "audit-behind",
        f"{name}: the audit chain ends with row {head.position}, and row {head.position + 1} is "
        f"missing: it was seen to reach row {seen.position}",
        _ASK,
    )


def passed(export: Export) -> tuple[Head, ...]:
    """Every head that a chain passes through, the start first."""
    return (export.chain.start, *(one.head for one in export.events))


def require_same(first: Export, second: Export, names: tuple[str, str]) -> Export:
    """The longer of two copies of one chain, which must contain the shorter.

    Args:
        first: one copy.
        second: another one, of the same chain.
        names: where they lie, printable.

    Raises:
        RuleRefused: ``audit-forked``; it names the first row that differs.
    """
    for one, other in zip(first.events, second.events, strict=False):
        if one.link != other.link:
            raise RuleRefused(
                "audit-forked",
                f"{names[0]} and {names[1]} are copies of one audit chain and differ in row "
                f"{one.position}: {one.event.says} / {other.event.says}",
                _ASK,
            )
    return max(first, second, key=lambda export: len(export.events))


def lost(seen: ChainHead, reached: ChainHead, name: str) -> RuleRefused:
    """The refusal of a chain that does not contain a head which was remembered beside it.

    Args:
        seen: the head that is remembered.
        reached: how far the chain reaches, and which it is.
        name: where it is kept, printable.
    """
    claim = HeadClaim(seen.head.position, seen.head.link)
    if seen.chain != reached.chain:
        return RuleRefused(
            "audit-forked",
            f"{name}: holds another audit chain than the one that was seen to reach row "
            f"{claim.position}, and has not taken that one over",
            _ASK,
        )
    if claim.position > reached.head.position:
        return behind(claim, reached.head, name)
    return RuleRefused(
        "audit-forked",
        f"{name}: row {claim.position} of the audit chain is not the one that was seen there",
        _ASK,
    )
