"""What can go wrong with the ledger, as errors of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger.row import NonceKey, Row
from coldlever.shared.errors import EnvironmentFault, RuleRefused
from coldlever.shared.printable import printable

# Of a server, by SQLSTATE: a lock or a statement that took too long, a deadlock, a transaction
# that another one made obsolete.
_BUSY = frozenset({"55P03", "57014", "40P01", "40001"})
# Its classes for a connection that failed, and for a server that is going down or coming up.
_GONE = ("08", "57P", "25P03")
_SETTLED = {
    NonceState.SPENT_ACCEPTED: "the exchange accepted what it would kill",
    NonceState.SPENT_REFUSED: (
        "the exchange refused what it would kill, and the nonce is used up: it can land no more"
    ),
    NonceState.SPENT: "the nonce is used up already, so nothing can land with it any more",
    NonceState.DEAD: "what it would kill never landed and never can",
}


@contextmanager
def database_errors(name: str) -> Iterator[None]:
    """Turn the database's own errors into ours.

    Args:
        name: the ledger's file or URL, to be named.
    """
    try:
        yield
    except sa.exc.IntegrityError:
        raise
    except sa.exc.DBAPIError as error:
        raise _fault(error, name) from None


def _fault(error: sa.exc.DBAPIError, name: str) -> EnvironmentFault:
    reason = str(error.orig)
    is_server = hasattr(error.orig, "sqlstate")
    if is_server and _is_gone(error):
        return EnvironmentFault(
            "ledger-unreachable",
            f"{printable(name)}: {_first_line(reason)}",
            "when the server can be reached again, run `resolve`, then look at `history`",
        )
    is_busy = getattr(error.orig, "sqlstate", None) in _BUSY if is_server else "locked" in reason
    return EnvironmentFault(
        "ledger-locked" if is_busy else "ledger-unusable",
        f"{printable(name)}: {_first_line(reason) if is_server else printable(reason)}",
        "look at the server's log, and run the command again"
        if is_server
        else "close the other coldlever, free disk space, or choose another --state-dir",
    )


def _is_gone(error: sa.exc.DBAPIError) -> bool:
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state is None:
        return isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
    return error.connection_invalidated or state.startswith(_GONE)


def _first_line(reason: str) -> str:
    return printable(reason.partition("\n")[0])


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
