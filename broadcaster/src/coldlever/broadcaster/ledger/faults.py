"""What can go wrong with the ledger, as errors of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger.row import NonceKey, Row
from coldlever.shared.errors import EnvironmentFault, RuleRefused
from coldlever.shared.printable import printable

_SETTLED = {
    NonceState.SPENT_ACCEPTED: "the exchange accepted what it would kill",
    NonceState.SPENT_REFUSED: (
        "the exchange refused what it would kill, and the nonce is used up: it can land no more"
    ),
    NonceState.SPENT: "the nonce is used up already, so nothing can land with it any more",
    NonceState.DEAD: "what it would kill never landed and never can",
}


@contextmanager
def database_errors(path: Path) -> Iterator[None]:
    """Turn the database's own errors into ours.

    Args:
        path: the ledger's file, to be named.
    """
    try:
        yield
    except sa.exc.IntegrityError:
        raise
    except sa.exc.DBAPIError as error:
        reason = str(error.orig)
        code = "ledger-locked" if "locked" in reason else "ledger-unusable"
        raise EnvironmentFault(
            code,
            f"{printable(str(path))}: {printable(reason)}",
            "close the other coldlever, free disk space, or choose another --state-dir",
        ) from None


def row_gone() -> EnvironmentFault:
    """The ledger no longer holds what was written to it."""
    return EnvironmentFault("ledger-unusable", "the row has gone from the ledger")


def row_changed(key: NonceKey) -> EnvironmentFault:
    """Somebody else has written the row since it was seen."""
    return EnvironmentFault(
        "ledger-changed",
        f"another process has gone on with nonce {key.nonce} meanwhile",
        "look at `history`, then repeat the command",
    )


def nonce_revoked(key: NonceKey) -> RuleRefused:
    """The refusal of a payload that is being, or was, revoked from here."""
    return RuleRefused(
        "nonce-revoked",
        f"the nonce {key.nonce} of {key.signer} was revoked from here: nothing else is sent with "
        "it any more",
        "see `history`, and run `resolve` where the revocation is open; for the change itself "
        "draft the request again: it takes a new nonce",
    )


def nothing_to_revoke(original: Row) -> RuleRefused | None:
    """Why a payload is not revoked, where its fate is settled."""
    settled = _SETTLED.get(original.state)
    if settled is None:
        return None
    return RuleRefused(
        "nothing-to-revoke",
        f"{settled} ({original.state.value})",
        "see `history`; a change that took effect is undone by drafting another one",
    )


def nonce_used(key: NonceKey) -> RuleRefused:
    """The refusal of a nonce that this ledger has seen with another action."""
    return RuleRefused(
        "nonce-used",
        f"{key.signer} has used the nonce {key.nonce} for another action",
        "draft the request again: it takes a new nonce",
    )
