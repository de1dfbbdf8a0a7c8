"""Nonces far above everything known: a hundred of them make every nonce of today too low.

The exchange, and so the ledger, takes no nonce below the signer's 100 highest. Drafts take their
nonces from the clock; one far ahead comes from a clock gone wrong, or from somebody who wants to
block the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coldlever.shared.action import Address, Network
from coldlever.shared.action.time_rules import NONCE_SET_SIZE
from coldlever.shared.errors import RuleRefused
from coldlever.shared.reading import moment
from coldlever.signer.ledger.entry import Entry
from coldlever.signer.ledger.store import Ledger

# A machine with a clock takes nonces of the next day only, so this judges those without. With two
# days they would be asked at each signing after a pause, until nobody reads the question any more;
# what slips through blocks the key for a month at most.
FAR_MS = 30 * 86_400_000
# 2026-11-01: an earlier clock is wrong. Without any nonce to compare with, ten years from here are
# far: a release that is older has been replaced.
_RELEASED = 1_793_491_200_000
_UNKNOWN_MS = 3_653 * 86_400_000


@dataclass(frozen=True, slots=True)
class Floor:
    """Up to which nonce a signer could sign nothing any more.

    Args:
        network: where.
        signer: who.
        nonce: the highest that is refused, ms since the epoch.
    """

    network: Network
    signer: Address
    nonce: int


def far_limit(now: int | None, highest: int | None) -> int:
    """The highest nonce that is not far.

    Args:
        now: the clock, ms since the epoch; None without one.
        highest: the signer's highest known nonce; None without any.
    """
    if highest is None and (now is None or now < _RELEASED):
        return _RELEASED + _UNKNOWN_MS
    return max(now or 0, highest or 0) + FAR_MS


def require_near(ledger: Ledger, entries: Iterable[Entry], now: int | None) -> None:
    """Refuse entries whose nonce lies far above the clock and everything known.

    Raises:
        RuleRefused: ``far-nonce``.
    """
    limits: dict[tuple[Network, Address], int] = {}
    for entry in entries:
        whose = (entry.network, entry.signer)
        if whose not in limits:
            limits[whose] = far_limit(now, max(ledger.highest_nonces(*whose), default=None))
        if entry.nonce > limits[whose]:
            raise RuleRefused(
                "far-nonce",
                f"the nonce {entry.nonce} ({moment(entry.nonce)}) of {entry.signer} on "
                f"{entry.network.value} lies far above everything known here (up to "
                f"{moment(limits[whose])} would do); {NONCE_SET_SIZE} such nonces make this signer "
                "refuse all others until then",
                "draft the request again by a right clock; if it is meant, give --assume-time, or "
                "--accept-risk far-nonce",
            )


def floors(ledger: Ledger, entries: Sequence[Entry]) -> tuple[Floor, ...]:
    """What importing ``entries`` would block that is not blocked now."""
    arriving: dict[tuple[Network, Address], set[int]] = {}
    for entry in entries:
        arriving.setdefault((entry.network, entry.signer), set()).add(entry.nonce)
    found = []
    for whose, nonces in arriving.items():
        before = ledger.highest_nonces(*whose)
        after = sorted(nonces.union(before))[-NONCE_SET_SIZE:]
        if len(after) == NONCE_SET_SIZE and after != before:
            found.append(Floor(*whose, after[0]))
    return tuple(found)
