"""Whose turn it is at an account's market: nothing goes out behind what may still land.

Asked in the transaction that records an attempt, so that no other writer can come in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger.faults import database_errors
from coldlever.broadcaster.ledger.queries import on_venue
from coldlever.broadcaster.ledger.row import Place, Row
from coldlever.broadcaster.ledger.tables import POSTS
from coldlever.shared.action.what import What
from coldlever.shared.errors import RuleRefused

# What may have changed the market, or still may.
_IN_FORCE = [
    one.value
    for one in (
        NonceState.OPEN,
        NonceState.SPENT_ACCEPTED,
        NonceState.SPENT,
        NonceState.LAPSED,
    )
]


@dataclass(frozen=True, slots=True)
class Turn:
    """What a sender takes into account.

    Args:
        after_open: nonces of open payloads that may land late, as a person said.
        newest: the highest nonce known to have been sent there when it was checked, 0 for none;
            None where it does not matter.
    """

    after_open: frozenset[int] = frozenset()
    newest: int | None = None


class Turns:
    """Asks whose turn it is, outside of a transaction that records an attempt.

    Args:
        reader: engine to the ledger, whose transactions only read.
        name: the ledger's file or URL, to be named.
    """

    def __init__(self, reader: sa.Engine, name: str) -> None:
        self._reader = reader
        self._name = name

    def newest(self, place: Place) -> int:
        """The highest nonce whose payload may have changed a market; 0 for none."""
        with database_errors(self._name), self._reader.connect() as connection:
            return newest_sent(connection, place)

    def require(self, row: Row, turn: Turn) -> None:
        """Nothing stands in the way of sending a row now; `begin_attempt` asks once more.

        Raises:
            RuleRefused: ``older-open`` or ``newer-sent``.
        """
        with database_errors(self._name), self._reader.connect() as connection:
            require_turn(connection, row, turn)


def newest_sent(connection: sa.Connection, place: Place) -> int:
    """The highest nonce whose payload may have changed the market; 0 for none."""
    sent = sa.select(POSTS.c.nonce).where(*_at(place), POSTS.c.state.in_(_IN_FORCE))
    return connection.execute(sent.order_by(POSTS.c.nonce.desc()).limit(1)).scalar() or 0


def require_turn(connection: sa.Connection, row: Row, turn: Turn) -> None:
    """Nothing at the row's market stands in its way.

    Args:
        connection: to the ledger.
        row: what is to be sent.
        turn: what its sender takes into account.

    Raises:
        RuleRefused: ``older-open`` or ``newer-sent``.
    """
    if row.key.what is What.REVOCATION:
        # It changes no market, so it follows nothing there and nothing follows it.
        return
    waiting = [one for one in _open_beside(connection, row) if one not in turn.after_open]
    if waiting:
        raise older_open(waiting)
    if turn.newest is None:
        return
    newest = newest_sent(connection, row.place)
    if newest > max(row.key.nonce, turn.newest):
        raise newer_sent(newest)


def older_open(nonces: Sequence[int]) -> RuleRefused:
    """The refusal of what would be sent while another payload for its market is open.

    Args:
        nonces: of the open payloads.
    """
    options = " ".join(f"--after-open {nonce}" for nonce in nonces)
    named = ", ".join(str(nonce) for nonce in nonces)
    return RuleRefused(
        "older-open",
        f"an earlier payload for this market (nonce {named}) was sent and may still land, after "
        "this one too",
        f"run `resolve` until it is settled, or `revoke` it; or post with {options} if it may land "
        "late",
    )


def newer_sent(nonce: int) -> RuleRefused:
    """The refusal of what another process has overtaken.

    Args:
        nonce: of the newer payload.
    """
    return RuleRefused(
        "newer-sent",
        f"a newer payload for this market (nonce {nonce}) was sent since this one was checked",
        "look at what is in force, and `post` it again if it is still wanted",
    )


def _open_beside(connection: sa.Connection, row: Row) -> list[int]:
    columns = sa.select(POSTS.c.signer, POSTS.c.nonce)
    query = columns.where(*_at(row.place), POSTS.c.state == NonceState.OPEN.value)
    own = (row.key.signer.lower, row.key.nonce)
    return sorted(nonce for signer, nonce in connection.execute(query) if (signer, nonce) != own)


def _at(place: Place) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        on_venue(place.venue),
        POSTS.c.account == place.account.lower,
        POSTS.c.coin == place.coin,
        # A revocation changes no market.
        POSTS.c.what == What.PAYLOAD.value,
    )
