"""What to do about a nonce below the floor of the known ones."""

from __future__ import annotations

from coldlever.shared.action.time_rules import NONCE_FUTURE_MS
from coldlever.shared.errors import RuleRefused
from coldlever.shared.reading import moment


def below(problem: RuleRefused, floor: int, now: int | None) -> RuleRefused:
    """The refusal of a nonce below the floor, with a way out that works.

    Args:
        problem: what the rule says.
        floor: the lowest nonce that counts, ms since the epoch.
        now: the time, or None without a clock.
    """
    """Where the floor lies beyond what the exchange takes today, drafting again is no way out."""
    if now is not None and floor < now + NONCE_FUTURE_MS:
        return problem
    way_out = (
        f"until {moment(floor)} this key can sign nothing new with this ledger: approve a new API "
        "wallet, whose nonces count on their own, and sign with its key"
    )
    if now is None:
        way_out = f"{problem.remedy}; if {moment(floor)} lies in the future, {way_out}"
    return RuleRefused(problem.code, problem.message, way_out)
