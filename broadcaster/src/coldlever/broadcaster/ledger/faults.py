"""What can go wrong with the ledger, as errors of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from coldlever.broadcaster.ledger.row import NonceKey
from coldlever.shared.errors import EnvironmentFault, RuleRefused
from coldlever.shared.printable import printable


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


def nonce_used(key: NonceKey) -> RuleRefused:
    """The refusal of a nonce that this ledger has seen with another action."""
    return RuleRefused(
        "nonce-used",
        f"{key.signer} has used the nonce {key.nonce} for another action",
        "draft the request again: it takes a new nonce",
    )
