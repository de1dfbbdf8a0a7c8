"""The verdict: the one word that a summary may say, and its exit status."""

from __future__ import annotations

import enum

from coldlever.broadcaster.fate.states import NonceState, Reading


class Verdict(enum.Enum):
    """What became of a payload, never more certain than the evidence."""

    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    IN_EFFECT = "in-effect"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"


_EXIT_STATUS = {
    Verdict.CONFIRMED: 0,
    Verdict.ACCEPTED: 0,
    Verdict.IN_EFFECT: 7,
    Verdict.REFUSED: 6,
    Verdict.WITHDRAWN: 4,
    Verdict.UNKNOWN: 7,
}


def verdict_of(state: NonceState, reading: Reading, attempts: int, unanswered: int) -> Verdict:
    """The verdict that follows from the nonce and the account.

    Args:
        state: where the nonce stands.
        reading: what the account shows.
        attempts: how often sending began.
        unanswered: how many of them have no answer that settles them.
    """
    if state is NonceState.SPENT_ACCEPTED:
        return Verdict.CONFIRMED if reading.is_as_asked else Verdict.ACCEPTED
    if state is NonceState.SPENT and reading.is_as_asked:
        return Verdict.IN_EFFECT
    if state in (NonceState.SPENT_REFUSED, NonceState.NOT_ADMITTED):
        return Verdict.REFUSED
    if state is NonceState.DEAD or (state is NonceState.LAPSED and unanswered == 0):
        # Nothing of ours landed and nothing can; what others sent is not for us to say.
        return Verdict.REFUSED if attempts > 0 else Verdict.WITHDRAWN
    return Verdict.UNKNOWN


def exit_status(verdict: Verdict) -> int:
    """What a command over this payload alone ends with."""
    return _EXIT_STATUS[verdict]
