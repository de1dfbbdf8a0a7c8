"""One pure function from what is known and what is learnt to what is known then.

An answer is judged against the state *before* the attempt that it answers: while an attempt is
under way its row is `open`, and stays so if nothing is heard. docs/model checks the same table.
"""

from __future__ import annotations

from coldlever.broadcaster.fate.states import Event, NonceState

_S = NonceState
_E = Event

# What is not listed changes nothing. An answer to these very bytes outweighs what was inferred;
# two answers that contradict each other leave only that the nonce is spent.
_TABLE: dict[NonceState, dict[Event, NonceState]] = {
    _S.UNSENT: {
        _E.NO_ANSWER: _S.OPEN,
        _E.ACCEPTED: _S.SPENT_ACCEPTED,
        _E.REFUSED_BEFORE: _S.NOT_ADMITTED,
        _E.REFUSED_AFTER: _S.SPENT_REFUSED,
        _E.DUPLICATE: _S.SPENT,
        _E.TOO_LOW: _S.DEAD,
        # Not dead: whoever else holds the file may have sent it, or this ledger be an old copy.
        _E.END_PASSED: _S.LAPSED,
        _E.OTHER_ACCEPTED: _S.DEAD,
        _E.REVOCATION_DUPLICATE: _S.SPENT,
    },
    _S.OPEN: {
        _E.ACCEPTED: _S.SPENT_ACCEPTED,
        # Had an earlier attempt been admitted, this one would be a duplicate.
        _E.REFUSED_AFTER: _S.SPENT_REFUSED,
        _E.DUPLICATE: _S.SPENT,
        # A used nonce inside the window is remembered: it would be a duplicate.
        _E.TOO_LOW: _S.DEAD,
        _E.END_PASSED: _S.LAPSED,
        _E.OTHER_ACCEPTED: _S.DEAD,
        _E.REVOCATION_DUPLICATE: _S.SPENT,
    },
    _S.NOT_ADMITTED: {
        _E.NO_ANSWER: _S.OPEN,
        _E.ACCEPTED: _S.SPENT_ACCEPTED,
        _E.REFUSED_AFTER: _S.SPENT_REFUSED,
        _E.DUPLICATE: _S.SPENT,
        _E.TOO_LOW: _S.DEAD,
        _E.END_PASSED: _S.LAPSED,
        _E.OTHER_ACCEPTED: _S.DEAD,
        _E.REVOCATION_DUPLICATE: _S.SPENT,
    },
    _S.SPENT_ACCEPTED: {
        _E.REFUSED_AFTER: _S.SPENT,
        _E.OTHER_ACCEPTED: _S.SPENT,
    },
    _S.SPENT_REFUSED: {
        _E.ACCEPTED: _S.SPENT,
    },
    _S.SPENT: {
        _E.ACCEPTED: _S.SPENT_ACCEPTED,
        _E.REFUSED_AFTER: _S.SPENT_REFUSED,
        _E.OTHER_ACCEPTED: _S.DEAD,
    },
    _S.DEAD: {
        _E.ACCEPTED: _S.SPENT_ACCEPTED,
    },
    _S.LAPSED: {
        _E.ACCEPTED: _S.SPENT_ACCEPTED,
        _E.REFUSED_AFTER: _S.SPENT_REFUSED,
        _E.DUPLICATE: _S.SPENT,
        _E.TOO_LOW: _S.DEAD,
        _E.OTHER_ACCEPTED: _S.DEAD,
        _E.REVOCATION_DUPLICATE: _S.SPENT,
    },
    _S.LEGACY: {},
}


def after(state: NonceState, event: Event) -> NonceState:
    """What is known once ``event`` is learnt.

    Args:
        state: what was known; for an answer, before the attempt that it answers.
        event: what is learnt.
    """
    return _TABLE[state].get(event, state)
