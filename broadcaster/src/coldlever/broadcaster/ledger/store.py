"""What was drafted and posted: the memory that makes posting a file twice post it once.

A row is written before anything leaves the machine, and each step of it before the next begins.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from coldlever.broadcaster.ledger.row import OPEN_STATES, NonceKey, Row, State, unreadable
from coldlever.broadcaster.ledger.tables import DRAFTS, METADATA, POSTS, Patience, make_engine
from coldlever.shared.action import Address
from coldlever.shared.action.time_rules import NONCE_SET_SIZE
from coldlever.shared.errors import EnvironmentFault, InputRefused, RuleRefused
from coldlever.shared.printable import printable

__all__ = ["OPEN_STATES", "Ledger", "NonceKey", "Row", "State", "nonce_used", "row_gone"]

SCHEMA_VERSION = 1
BUSY_TIMEOUT_MS = 10_000


# Built once: putting it together costs more than running it.
_FIND = sa.select(POSTS).where(
    POSTS.c.venue == sa.bindparam("venue"),
    POSTS.c.signer == sa.bindparam("signer"),
    POSTS.c.nonce == sa.bindparam("nonce"),
)


class Ledger:
    """The broadcaster's ledger.

    Args:
        folder: an existing folder; the ledger is ``ledger.sqlite3`` in it.
        sleep: waits that many seconds, for another process that opens it too.
        monotonic: a clock in seconds that never goes back.

    Raises:
        EnvironmentFault: ``ledger-unusable`` when it cannot be opened or is of another version.
    """

    def __init__(
        self,
        folder: Path,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = folder / "ledger.sqlite3"
        # Private from the start: the log beside it takes over the mode it finds.
        self._path.touch(mode=0o600)
        self._engine = make_engine(self._path, Patience(BUSY_TIMEOUT_MS, sleep, monotonic))
        self._reader = self._engine.execution_options(reading=True)
        with self._guard(), self._engine.begin() as connection:
            METADATA.create_all(connection)
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            if version == 0:
                connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
            elif version != SCHEMA_VERSION:
                raise EnvironmentFault(
                    "ledger-unusable",
                    f"{printable(str(self._path))}: version {version}, expected {SCHEMA_VERSION}",
                    "use the coldlever version that wrote it, or update this one",
                )
        self._path.chmod(0o600)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def find(self, key: NonceKey) -> Row | None:
        """The row of that key, or None."""
        values = {"venue": key.venue, "signer": key.signer.lower, "nonce": key.nonce}
        with self._guard(), self._reader.connect() as connection:
            record = connection.execute(_FIND, values).mappings().one_or_none()
        return None if record is None else _to_row(record)

    def highest_nonces(self, venue: str, signer: Address) -> list[int]:
        """The signer's 100 highest nonces that may have reached the venue, highest first."""
        query = (
            sa.select(POSTS.c.nonce)
            .where(POSTS.c.venue == venue, POSTS.c.signer == signer.lower)
            .order_by(POSTS.c.nonce.desc())
            .limit(NONCE_SET_SIZE)
        )
        with self._guard(), self._reader.connect() as connection:
            return list(connection.execute(query).scalars())

    def rows(self, states: Sequence[State] | None = None, limit: int = 10_000) -> list[Row]:
        """Rows, the latest change first.

        Args:
            states: only these, or None for all.
            limit: how many at the most.
        """
        query = sa.select(POSTS).order_by(POSTS.c.changed_at.desc()).limit(limit)
        if states is not None:
            query = query.where(POSTS.c.state.in_([state.value for state in states]))
        with self._guard(), self._reader.connect() as connection:
            return [_to_row(record) for record in connection.execute(query).mappings()]

    def has_other_since(self, row: Row) -> bool:
        """Whether another payload for the same account and market was sent since ``row``."""
        posts, key = POSTS.c, row.key
        query = (
            sa.select(posts.nonce)
            .where(
                posts.venue == key.venue,
                posts.account == row.account.lower,
                posts.coin == row.coin,
                posts.attempts > 0,
                posts.changed_at >= row.reserved_at,
                sa.or_(posts.signer != key.signer.lower, posts.nonce != key.nonce),
            )
            .limit(1)
        )
        with self._guard(), self._reader.connect() as connection:
            return connection.execute(query).first() is not None

    def take_draft_nonce(self, venue: str, signer: Address, now: int) -> int:
        """A nonce for a new draft: the exchange's time, above every nonce known for the signer.

        Args:
            venue: `coldlever.broadcaster.venue.client.Venue.key`.
            signer: who will sign.
            now: the exchange's clock, ms since the epoch.
        """
        posted = sa.select(sa.func.max(POSTS.c.nonce)).where(
            POSTS.c.venue == venue, POSTS.c.signer == signer.lower
        )
        drafted = sa.select(DRAFTS.c.nonce).where(
            DRAFTS.c.venue == venue, DRAFTS.c.signer == signer.lower
        )
        with self._guard(), self._engine.begin() as connection:
            known = [connection.execute(query).scalar() for query in (posted, drafted)]
            nonce: int = max([now, *(value + 1 for value in known if value is not None)])
            connection.execute(
                sa.delete(DRAFTS).where(DRAFTS.c.venue == venue, DRAFTS.c.signer == signer.lower)
            )
            connection.execute(
                sa.insert(DRAFTS).values(venue=venue, signer=signer.lower, nonce=nonce)
            )
        return nonce

    def reserve(self, row: Row) -> None:
        """Write a new row, durably, before anything is sent.

        Raises:
            RuleRefused: ``nonce-used`` when the key exists already.
        """
        key = row.key
        values = {
            "venue": key.venue,
            "signer": key.signer.lower,
            "nonce": key.nonce,
            "action_hash": row.action_hash.hex(),
            "url": row.url,
            "account": row.account.lower,
            "coin": row.coin,
            "envelope": row.envelope,
            "before": row.before,
            "state": row.state.value,
            "attempts": row.attempts,
            "reserved_at": row.reserved_at,
            "changed_at": row.changed_at,
        }
        try:
            with self._guard(), self._engine.begin() as connection:
                connection.execute(sa.insert(POSTS).values(**values))
        except sa.exc.IntegrityError:
            raise nonce_used(key) from None

    def begin_attempt(self, key: NonceKey, now: int) -> int:
        """Record, durably, that sending begins; returns how many attempts that makes.

        Raises:
            EnvironmentFault: ``ledger-unusable`` when the row has gone.
        """
        with self._guard(), self._engine.begin() as connection:
            attempts = connection.execute(
                sa.update(POSTS)
                .where(*_matches(key))
                .values(state=State.POSTING.value, attempts=POSTS.c.attempts + 1, changed_at=now)
                .returning(POSTS.c.attempts)
            ).scalar_one_or_none()
        if attempts is None:
            raise row_gone()
        return int(attempts)

    def settle(
        self,
        key: NonceKey,
        state: State,
        now: int,
        *,
        code: str | None = None,
        sentence: str | None = None,
        answer: str | None = None,
    ) -> None:
        """Record, durably, what became of it; None keeps what is recorded."""
        given = {"code": code, "sentence": sentence, "answer": answer}
        values = {name: value for name, value in given.items() if value is not None}
        with self._guard(), self._engine.begin() as connection:
            connection.execute(
                sa.update(POSTS)
                .where(*_matches(key))
                .values(state=state.value, changed_at=now, **values)
            )

    @contextmanager
    def _guard(self) -> Iterator[None]:
        """Turn the database's own errors into ours."""
        try:
            yield
        except sa.exc.IntegrityError:
            raise
        except sa.exc.DBAPIError as error:
            reason = str(error.orig)
            code = "ledger-locked" if "locked" in reason else "ledger-unusable"
            raise EnvironmentFault(
                code,
                f"{printable(str(self._path))}: {printable(reason)}",
                "close the other coldlever, free disk space, or choose another --state-dir",
            ) from None


def row_gone() -> EnvironmentFault:
    """The ledger no longer holds what was written to it."""
    return EnvironmentFault("ledger-unusable", "the row has gone from the ledger")


def nonce_used(key: NonceKey) -> RuleRefused:
    """The refusal of a nonce that this ledger has seen with another action."""
    return RuleRefused(
        "nonce-used",
        f"{key.signer} has used the nonce {key.nonce} for another action",
        "draft the request again: it takes a new nonce",
    )


def _matches(key: NonceKey) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        POSTS.c.venue == key.venue,
        POSTS.c.signer == key.signer.lower,
        POSTS.c.nonce == key.nonce,
    )


def _to_row(record: sa.RowMapping) -> Row:
    try:
        return _read(record)
    except (ValueError, TypeError, InputRefused):
        raise unreadable() from None


def _read(record: sa.RowMapping) -> Row:
    return Row(
        NonceKey(record["venue"], _address(record["signer"]), record["nonce"]),
        bytes.fromhex(record["action_hash"]),
        record["url"],
        _address(record["account"]),
        record["coin"],
        record["envelope"],
        record["before"],
        State(record["state"]),
        record["attempts"],
        record["code"],
        record["sentence"],
        record["answer"],
        record["reserved_at"],
        record["changed_at"],
    )


def _address(text: str) -> Address:
    return Address(bytes.fromhex(text[2:]))
