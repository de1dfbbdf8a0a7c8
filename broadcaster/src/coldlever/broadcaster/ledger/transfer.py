"""Taking another ledger's rows over, all or none; and looking for what cannot have been written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa

from coldlever.broadcaster.ledger.audit import require_chain
from coldlever.broadcaster.ledger.document import Line, Record, columns
from coldlever.broadcaster.ledger.lease import hold_still
from coldlever.broadcaster.ledger.queries import NEXT_CHANGE, ROWS, to_row
from coldlever.broadcaster.ledger.row import Row
from coldlever.broadcaster.ledger.tables import ATTEMPTS, DRAFTS, POSTS
from coldlever.shared.audit.chain_head import ChainHead
from coldlever.shared.errors import EnvironmentFault, InputRefused, RuleRefused

_KEY = tuple(column.name for column in POSTS.primary_key)
_MARKET = ("venue", "account", "coin")
_BATCH = 1_000


@dataclass(slots=True)
class TakenOver:
    """What an import has done.

    Args:
        added: how many payloads were new.
        known: how many the ledger had already, the same in all.
        new: the keys of those that were added.
        markets: where they are posted.
        heads: of the other ledger's audit chain, and of those that it had taken over.
    """

    added: int = 0
    known: int = 0
    new: set[tuple[object, ...]] = field(default_factory=set)
    markets: set[tuple[object, ...]] = field(default_factory=set)
    heads: tuple[ChainHead, ...] = ()


def take_over(connection: sa.Connection, lines: Iterable[Line]) -> TakenOver:
    """Add the rows of a document that the ledger does not have.

    Args:
        connection: in a transaction, which the caller rolls back when this raises.
        lines: of the document.

    Raises:
        RuleRefused: ``ledger-conflict``; a row differs from the ledger's, or both have sent for a
            market, and nobody knows in which order.
        InputRefused: the document is not what was written.
    """
    try:
        return _take_all(connection, lines)
    except sa.exc.IntegrityError:
        raise RuleRefused(
            "ledger-conflict",
            "a row is there twice, or was written meanwhile; nothing was taken over",
            "stop the other broadcasters, and import once more",
        ) from None


def _take_all(connection: sa.Connection, lines: Iterable[Line]) -> TakenOver:
    done = TakenOver()
    newest = connection.execute(sa.select(sa.func.max(ATTEMPTS.c.id))).scalar() or 0
    for line in lines:
        if line.part == "post":
            _take_post(connection, line.record, done, newest)
        elif line.part == "attempt":
            _take_attempt(connection, line.record, done)
        elif line.part == "audit":
            done.heads = line.heads
        else:
            _take_draft(connection, line.record)
    for problem in _contradictions(connection):
        raise InputRefused("ledger-document", f"the document contradicts itself: {problem}")
    return done


def _take_post(connection: sa.Connection, record: Record, done: TakenOver, newest: int) -> None:
    found = connection.execute(sa.select(*columns("post")).where(*_of(POSTS, record))).mappings()
    theirs = found.one_or_none()
    if theirs is not None:
        if dict(theirs) != record:
            raise _conflict(record, "the ledger knows it otherwise")
        done.known += 1
        return
    market = _names(record, _MARKET)
    if market not in done.markets:
        hold_still(connection, {name: str(record[name]) for name in _MARKET})
        if _has_sent(connection, record, newest):
            raise _conflict(record, "the ledger has sent others for its market")
        done.markets.add(market)
    connection.execute(sa.insert(POSTS).values(**record, change_number=NEXT_CHANGE))
    done.new.add(_names(record, _KEY))
    done.added += 1


def _has_sent(connection: sa.Connection, record: Record, newest: int) -> bool:
    """Whether the ledger has attempts of its own at a market: their order would be invented."""
    at = (POSTS.c[name] == record[name] for name in _MARKET)
    sent = sa.select(sa.literal(1)).where(*at, POSTS.c.last_attempt.between(1, newest)).limit(1)
    return connection.execute(sent).first() is not None


def _take_attempt(connection: sa.Connection, record: Record, done: TakenOver) -> None:
    same = (*_of(ATTEMPTS, record), ATTEMPTS.c.number == record["number"])
    if _names(record, _KEY) not in done.new:
        found = connection.execute(sa.select(*columns("attempt")).where(*same)).mappings()
        theirs = found.one_or_none()
        if theirs is None or dict(theirs) != record:
            raise _conflict(record, "the ledger knows another attempt of it")
        return
    begun = connection.execute(sa.insert(ATTEMPTS).values(**record)).inserted_primary_key
    assert begun is not None
    last = sa.update(POSTS).where(*_of(POSTS, record)).values(last_attempt=begun[0])
    connection.execute(last)


def _take_draft(connection: sa.Connection, record: Record) -> None:
    """The higher nonce counts: a draft's nonce is given once."""
    at = (DRAFTS.c.venue == record["venue"], DRAFTS.c.signer == record["signer"])
    known = connection.execute(sa.select(DRAFTS.c.nonce).where(*at).with_for_update()).scalar()
    if known is None:
        connection.execute(sa.insert(DRAFTS).values(**record))
    elif known < int(str(record["nonce"])):
        connection.execute(sa.update(DRAFTS).where(*at).values(nonce=record["nonce"]))


def problems(connection: sa.Connection) -> Iterator[tuple[Row | None, str]]:
    """Each row of a ledger, and whatever cannot have been written by this program.

    Args:
        connection: in a transaction that sees one moment of the ledger.

    Yields:
        A row that can be read with an empty text; None with what is wrong.
    """
    for record in connection.execution_options(yield_per=_BATCH).execute(ROWS).mappings():
        try:
            yield to_row(record), ""
        except EnvironmentFault as fault:
            yield None, f"nonce {record['nonce']}: {fault.message}"
    for problem in _contradictions(connection):
        yield None, problem
    try:
        require_chain(connection, "ledger")
    except RuleRefused as refusal:
        yield None, refusal.message


def _contradictions(connection: sa.Connection) -> Iterator[str]:
    own = [ATTEMPTS.c[name] == POSTS.c[name] for name in _KEY]
    beyond = sa.select(ATTEMPTS.c.nonce).where(~sa.exists().where(*own))
    for nonce in connection.execute(beyond).scalars():
        yield f"nonce {nonce}: an attempt without a payload"
    count, highest, last = (
        sa.select(what).where(*own).scalar_subquery()
        for what in (sa.func.count(), sa.func.max(ATTEMPTS.c.number), sa.func.max(ATTEMPTS.c.id))
    )
    odd = sa.or_(
        # Of release 0.1 the last attempt alone is known.
        sa.and_(POSTS.c.legacy.is_(None), count != POSTS.c.attempts),
        sa.func.coalesce(highest, 0) != POSTS.c.attempts,
        sa.func.coalesce(last, 0) != POSTS.c.last_attempt,
    )
    for nonce in connection.execute(sa.select(POSTS.c.nonce).where(odd)).scalars():
        yield f"nonce {nonce}: its attempts are not those that it counts"


def _of(table: sa.Table, record: Record) -> tuple[sa.ColumnElement[bool], ...]:
    return tuple(table.c[name] == record[name] for name in _KEY)


def _names(record: Record, names: tuple[str, ...]) -> tuple[object, ...]:
    return tuple(record[name] for name in names)


def _conflict(record: Record, why: str) -> RuleRefused:
    return RuleRefused(
        "ledger-conflict",
        f"nonce {record['nonce']}: {why}; nothing was taken over",
        "import into an empty ledger, or find out which of the two is right",
    )
