"""What is asked of the tables, and their records as rows."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from coldlever.broadcaster.fate import Event, NonceState, Reading
from coldlever.broadcaster.ledger.row import NonceKey, Row, unreadable
from coldlever.broadcaster.ledger.tables import ATTEMPTS, POSTS
from coldlever.shared.action import Address
from coldlever.shared.errors import InputRefused

# Sent, and nobody knows yet, or ever will, whether it landed.
UNDECIDED = (NonceState.OPEN, NonceState.LAPSED, NonceState.SPENT)
# Settled, but perhaps the account was not read since.
_READABLE = [one.value for one in (NonceState.SPENT_ACCEPTED, NonceState.SPENT)]
# An attempt without an answer, as if it had none recorded.
_LOST = Event.NO_ANSWER.value
MAY_LAND = tuple(one for one in NonceState if one.can_land)

_OF_ROW = (
    ATTEMPTS.c.venue == POSTS.c.venue,
    ATTEMPTS.c.signer == POSTS.c.signer,
    ATTEMPTS.c.nonce == POSTS.c.nonce,
)
_LAST_ANSWER = (
    sa.select(ATTEMPTS.c.answer)
    .where(*_OF_ROW, ATTEMPTS.c.answer.is_not(None))
    .order_by(ATTEMPTS.c.number.desc())
    .limit(1)
    .scalar_subquery()
    .label("answer")
)
_UNANSWERED = (
    sa.select(sa.func.count())
    .select_from(ATTEMPTS)
    .where(*_OF_ROW, sa.func.coalesce(ATTEMPTS.c.event, _LOST) == _LOST)
    .scalar_subquery()
    .label("unanswered")
)
ROWS = sa.select(POSTS, _LAST_ANSWER, _UNANSWERED)
# Built once: putting it together costs more than running it.
FIND = ROWS.where(
    POSTS.c.venue == sa.bindparam("venue"),
    POSTS.c.signer == sa.bindparam("signer"),
    POSTS.c.nonce == sa.bindparam("nonce"),
)
_FIRST_ATTEMPT = (
    sa.select(sa.func.min(ATTEMPTS.c.id)).where(*_OF_ROW).scalar_subquery().label("first_attempt")
)
UNFINISHED = ROWS.add_columns(_FIRST_ATTEMPT).where(
    sa.or_(
        POSTS.c.state.in_([one.value for one in MAY_LAND]),
        sa.and_(POSTS.c.state.in_(_READABLE), POSTS.c.reading == Reading.NOT_READ.value),
    )
)
# Of the change that is being written.
NEXT_CHANGE = sa.select(
    sa.func.coalesce(sa.func.max(POSTS.alias("all").c.change_number), 0) + 1
).scalar_subquery()


def latest(state: NonceState | None, limit: int) -> sa.Select[tuple[object, ...]]:
    """Rows, of one state or of all, by the ledger's own order of changes, the latest first."""
    those = ROWS if state is None else ROWS.where(POSTS.c.state == state.value)
    return those.order_by(POSTS.c.change_number.desc()).limit(limit)


def by_sending(record: sa.RowMapping) -> tuple[bool, int, int]:
    """Orders records of `UNFINISHED` as the ledger first sent them; what it never sent is last."""
    first = record["first_attempt"]
    return first is None, first or 0, record["nonce"]


def sent_after(row: Row) -> sa.Select[tuple[object, ...]]:
    """Other payloads for a row's account and market whose sending began after the row's."""
    # By the ledger's own order of sending; nothing comes after a row that was never sent.
    own = ATTEMPTS.alias("own")
    first = sa.select(sa.func.min(own.c.id)).where(*of_key(own, row.key)).scalar_subquery()
    others = _beside(row.key, row.account, row.coin)
    return ROWS.where(*others, POSTS.c.last_attempt > first).limit(1)


def beside(
    key: NonceKey, account: Address, coin: str, states: Sequence[NonceState]
) -> sa.Select[tuple[object, ...]]:
    """Other payloads than ``key``'s for an account and market, whose nonces stand there."""
    values = [state.value for state in states]
    return ROWS.where(*_beside(key, account, coin), POSTS.c.state.in_(values)).limit(1)


def with_nonces(venue: str, nonces: Sequence[int]) -> sa.Select[tuple[object, ...]]:
    """Rows on a venue with one of those nonces, of any signer."""
    return ROWS.where(_on(venue), POSTS.c.nonce.in_(nonces))


def key_values(key: NonceKey) -> dict[str, object]:
    """A key as columns."""
    return {"venue": key.venue, "signer": key.signer.lower, "nonce": key.nonce}


def of_key(table: sa.FromClause, key: NonceKey) -> tuple[sa.ColumnElement[bool], ...]:
    """That a record is of that key."""
    return tuple(table.c[name] == value for name, value in key_values(key).items())


def to_row(record: sa.RowMapping) -> Row:
    """A record as a row.

    Raises:
        EnvironmentFault: ``ledger-unusable``, it is not what was written.
    """
    try:
        return _read(record)
    except (ValueError, TypeError, InputRefused):
        raise unreadable() from None


def _on(venue: str) -> sa.ColumnElement[bool]:
    """That a row is of a venue, in a form that leads to no index.

    With the column itself SQLite, which has no statistics, would rather walk along the key through
    all rows of the venue than look into an index that knows more.
    """
    return (POSTS.c.venue + "") == venue


def _beside(key: NonceKey, account: Address, coin: str) -> tuple[sa.ColumnElement[bool], ...]:
    posts = POSTS.c
    return (
        _on(key.venue),
        posts.account == account.lower,
        posts.coin == coin,
        sa.or_(posts.signer != key.signer.lower, posts.nonce != key.nonce),
    )


def _read(record: sa.RowMapping) -> Row:
    answer = record["answer"]
    if not isinstance(answer, bytes | None):
        raise TypeError("an answer is bytes")
    return Row(
        NonceKey(record["venue"], _address(record["signer"]), record["nonce"]),
        bytes.fromhex(record["action_hash"]),
        record["url"],
        _address(record["account"]),
        record["coin"],
        record["envelope"],
        record["before"],
        NonceState(record["state"]),
        Reading(record["reading"]),
        record["attempts"],
        record["code"],
        record["sentence"],
        answer,
        record["unanswered"],
        record["legacy"],
        record["reserved_at"],
        record["changed_at"],
    )


def _address(text: str) -> Address:
    return Address(bytes.fromhex(text[2:]))
