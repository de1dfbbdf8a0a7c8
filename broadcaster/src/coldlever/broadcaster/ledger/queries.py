"""What is asked of the tables, and their records as rows."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from coldlever.broadcaster.fate import Event, NonceState, Reading
from coldlever.broadcaster.ledger.row import NonceKey, Row, unreadable
from coldlever.broadcaster.ledger.tables import ATTEMPTS, POSTS
from coldlever.shared.action import Address
from coldlever.shared.action.what import What
from coldlever.shared.errors import InputRefused

# Sent, and nobody knows yet, or ever will, whether it landed.
_UNDECIDED = [one.value for one in (NonceState.OPEN, NonceState.LAPSED, NonceState.SPENT)]
# Settled, but perhaps the account was not read since.
_READABLE = [one.value for one in (NonceState.SPENT_ACCEPTED, NonceState.SPENT)]
# An attempt without an answer, as if it had none recorded.
_LOST = Event.NO_ANSWER.value
_MAY_LAND = [one.value for one in NonceState if one.can_land]

_OF_ROW = (
    ATTEMPTS.c.venue == POSTS.c.venue,
    ATTEMPTS.c.signer == POSTS.c.signer,
    ATTEMPTS.c.nonce == POSTS.c.nonce,
    ATTEMPTS.c.what == POSTS.c.what,
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
_KEY = tuple(column.name for column in POSTS.primary_key)
_MAY_HAVE_LANDED = [one.value for one in NonceState if one.may_have_landed]


def _superseded_by() -> sa.ColumnElement[int | None]:
    """The nonce of the latest payload that was sent after a superseded one and may have landed."""
    later, own = POSTS.alias("later"), ATTEMPTS.alias("own")
    began = (
        sa.select(sa.func.min(own.c.id))
        .where(*(own.c[one] == POSTS.c[one] for one in _KEY))
        # Two levels out: by itself it would take the first attempt of the whole ledger.
        .correlate(POSTS)
        .scalar_subquery()
    )
    nonce = (
        sa.select(later.c.nonce)
        .where(
            *(later.c[one] == POSTS.c[one] for one in ("venue", "account", "coin")),
            sa.or_(*(later.c[one] != POSTS.c[one] for one in _KEY)),
            later.c.state.in_(_MAY_HAVE_LANDED),
            later.c.last_attempt > began,
        )
        .order_by(later.c.last_attempt.desc())
        .limit(1)
        .correlate(POSTS)
        .scalar_subquery()
    )
    return sa.case((POSTS.c.reading == Reading.SUPERSEDED.value, nonce), else_=None)


ROWS = sa.select(POSTS, _LAST_ANSWER, _UNANSWERED, _superseded_by().label("superseded_by"))
# Built once: putting it together costs more than running it.
FIND = ROWS.where(
    POSTS.c.venue == sa.bindparam("venue"),
    POSTS.c.signer == sa.bindparam("signer"),
    POSTS.c.nonce == sa.bindparam("nonce"),
    POSTS.c.what == sa.bindparam("what"),
)
_FIRST_ATTEMPT = (
    sa.select(sa.func.min(ATTEMPTS.c.id)).where(*_OF_ROW).scalar_subquery().label("first_attempt")
)
IS_UNFINISHED = sa.or_(
    POSTS.c.state.in_(_MAY_LAND),
    sa.and_(
        POSTS.c.state.in_(_READABLE),
        POSTS.c.reading == Reading.NOT_READ.value,
        # A revocation changes nothing that could be read.
        POSTS.c.what == What.PAYLOAD.value,
    ),
)
UNFINISHED = ROWS.add_columns(_FIRST_ATTEMPT).where(IS_UNFINISHED)
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


def landed_after(row: Row) -> sa.Select[tuple[object, ...]]:
    """Of `sent_after`, those that may have landed."""
    return sent_after(row).where(POSTS.c.state.in_(_MAY_HAVE_LANDED))


def sent_after(row: Row) -> sa.Select[tuple[object, ...]]:
    """Other payloads for a row's account and market whose sending began after the row's."""
    # By the ledger's own order of sending; nothing comes after a row that was never sent.
    own = ATTEMPTS.alias("own")
    first = sa.select(sa.func.min(own.c.id)).where(*of_key(own, row.key)).scalar_subquery()
    later = ROWS.where(*_beside(row), POSTS.c.last_attempt > first)
    # The order is that of an index, which PostgreSQL would not take without it.
    return later.order_by(POSTS.c.last_attempt.desc()).limit(1)


def undecided_beside(row: Row) -> sa.Select[tuple[object, ...]]:
    """Other payloads for a row's account and market that may have landed, or may yet."""
    return ROWS.where(*_beside(row), POSTS.c.state.in_(_UNDECIDED)).limit(1)


def with_nonces(venue: str, nonces: Sequence[int]) -> sa.Select[tuple[object, ...]]:
    """Rows on a venue with one of those nonces, of any signer."""
    return ROWS.where(on_venue(venue), POSTS.c.nonce.in_(nonces))


def key_values(key: NonceKey) -> dict[str, object]:
    """A key as columns."""
    return {
        "venue": key.venue,
        "signer": key.signer.lower,
        "nonce": key.nonce,
        "what": key.what.value,
    }


def of_key(table: sa.FromClause, key: NonceKey) -> tuple[sa.ColumnElement[bool], ...]:
    """That a record is of that key."""
    return tuple(table.c[name] == value for name, value in key_values(key).items())


def of_record(table: sa.FromClause, key: sa.RowMapping) -> tuple[sa.ColumnElement[bool], ...]:
    """That a record has the key of another record."""
    return tuple(table.c[name] == key[name] for name in _KEY)


def to_row(record: sa.RowMapping) -> Row:
    """A record as a row.

    Raises:
        EnvironmentFault: ``ledger-unusable``, it is not what was written.
    """
    try:
        return _read(record)
    except (ValueError, TypeError, InputRefused):
        raise unreadable() from None


def on_venue(venue: str) -> sa.ColumnElement[bool]:
    """That a row is of a venue, in a form that leads to no index.

    With the column itself SQLite, which has no statistics, would rather walk along the key through
    all rows of the venue than look into an index that knows more.
    """
    return (POSTS.c.venue + "") == venue


def _beside(row: Row) -> tuple[sa.ColumnElement[bool], ...]:
    posts, key = POSTS.c, row.key
    return (
        posts.what == What.PAYLOAD.value,
        on_venue(key.venue),
        posts.account == row.account.lower,
        posts.coin == row.coin,
        sa.or_(posts.signer != key.signer.lower, posts.nonce != key.nonce),
    )


def _read(record: sa.RowMapping) -> Row:
    answer = record["answer"]
    if not isinstance(answer, bytes | None):
        raise TypeError("an answer is bytes")
    return Row(
        NonceKey(
            record["venue"], _address(record["signer"]), record["nonce"], What(record["what"])
        ),
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
        record["superseded_by"],
    )


def _address(text: str) -> Address:
    return Address(bytes.fromhex(text[2:]))
