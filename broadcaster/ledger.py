"""What was drafted and posted: the memory that makes posting a file twice post it once.

A row is written before anything leaves the machine. States: reserved (nothing sent), posting (it
may be on its way), unknown (sent, no answer that settles it), accepted and rejected (the
exchange's word), confirmed (accepted and seen in force), withdrawn (never sent, never will be),
closed (a person ended it: it cannot land any more, and whether it had was never learnt).
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from shared.address import Address
from shared.errors import EnvironmentFault, RuleRefused
from shared.printable import printable
from shared.windows import NONCE_SET_SIZE

SCHEMA_VERSION = 1
BUSY_TIMEOUT_MS = 10_000


class State(enum.Enum):
    """Where a payload stands."""

    RESERVED = "reserved"
    POSTING = "posting"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


# What `resolve` still has to work on.
OPEN_STATES = (State.RESERVED, State.POSTING, State.UNKNOWN, State.ACCEPTED)

_METADATA = sa.MetaData()
_POSTS = sa.Table(
    "posts",
    _METADATA,
    sa.Column("venue", sa.String, primary_key=True),
    sa.Column("signer", sa.String, primary_key=True),
    sa.Column("nonce", sa.BigInteger, primary_key=True),
    sa.Column("action_hash", sa.String, nullable=False),
    sa.Column("url", sa.String, nullable=False),
    sa.Column("account", sa.String, nullable=False),
    sa.Column("coin", sa.String, nullable=False),
    sa.Column("envelope", sa.Text, nullable=False),
    sa.Column("before", sa.Text),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("code", sa.String),
    sa.Column("sentence", sa.Text),
    sa.Column("answer", sa.Text),
    sa.Column("reserved_at", sa.BigInteger, nullable=False),
    sa.Column("changed_at", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
sa.Index("posts_by_state", _POSTS.c.state, _POSTS.c.venue)
_DRAFTS = sa.Table(
    "drafts",
    _METADATA,
    sa.Column("venue", sa.String, primary_key=True),
    sa.Column("signer", sa.String, primary_key=True),
    sa.Column("nonce", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Built once: putting it together costs more than running it.
_FIND = sa.select(_POSTS).where(
    _POSTS.c.venue == sa.bindparam("venue"),
    _POSTS.c.signer == sa.bindparam("signer"),
    _POSTS.c.nonce == sa.bindparam("nonce"),
)


@dataclass(frozen=True, slots=True)
class Key:
    """What may exist once: a signer's nonce on a venue.

    Args:
        venue: `broadcaster.api.Venue.key`.
        signer: the recovered signer.
        nonce: ms since the epoch.
    """

    venue: str
    signer: Address
    nonce: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger.

    Args:
        key: venue, signer and nonce.
        action_hash: 32 bytes.
        url: where it goes.
        account: the account, vault or sub-account it changes.
        coin: the market's name.
        envelope: the ``coldlever/signed`` document as JSON text; its payload is what is posted.
        before: the standing before the post as JSON text, or None.
        state: where it stands.
        attempts: how often sending began.
        code: of the last outcome, or None.
        sentence: of the last outcome, escaped for display, or None.
        answer: the exchange's last raw answer as JSON text, or None.
        reserved_at: ms since the epoch.
        changed_at: ms since the epoch.
    """

    key: Key
    action_hash: bytes
    url: str
    account: Address
    coin: str
    envelope: str
    before: str | None
    state: State
    attempts: int
    code: str | None
    sentence: str | None
    answer: str | None
    reserved_at: int
    changed_at: int


class Ledger:
    """The broadcaster's ledger.

    Args:
        folder: an existing folder; the ledger is ``ledger.sqlite3`` in it.

    Raises:
        EnvironmentFault: ``ledger-unusable`` when it cannot be opened or is of another version.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ledger.sqlite3"
        self._engine = _make_engine(self._path)
        self._reader = self._engine.execution_options(reading=True)
        with self._guard(), self._engine.begin() as connection:
            _METADATA.create_all(connection)
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

    def find(self, key: Key) -> Entry | None:
        """The row of that key, or None."""
        values = {"venue": key.venue, "signer": key.signer.lower, "nonce": key.nonce}
        with self._guard(), self._reader.connect() as connection:
            row = connection.execute(_FIND, values).mappings().one_or_none()
        return None if row is None else _to_entry(row)

    def highest_nonces(self, venue: str, signer: Address) -> list[int]:
        """The signer's 100 highest nonces that may have reached the venue, highest first."""
        query = (
            sa.select(_POSTS.c.nonce)
            .where(_POSTS.c.venue == venue, _POSTS.c.signer == signer.lower)
            .order_by(_POSTS.c.nonce.desc())
            .limit(NONCE_SET_SIZE)
        )
        with self._guard(), self._reader.connect() as connection:
            return list(connection.execute(query).scalars())

    def entries(self, states: Sequence[State] | None = None, limit: int = 10_000) -> list[Entry]:
        """Rows, the latest change first.

        Args:
            states: only these, or None for all.
            limit: how many at the most.
        """
        query = sa.select(_POSTS).order_by(_POSTS.c.changed_at.desc()).limit(limit)
        if states is not None:
            query = query.where(_POSTS.c.state.in_([state.value for state in states]))
        with self._guard(), self._reader.connect() as connection:
            return [_to_entry(row) for row in connection.execute(query).mappings()]

    def take_draft_nonce(self, venue: str, signer: Address, now: int) -> int:
        """A nonce for a new draft: the exchange's time, above every nonce known for the signer.

        Args:
            venue: `broadcaster.api.Venue.key`.
            signer: who will sign.
            now: the exchange's clock, ms since the epoch.
        """
        posted = sa.select(sa.func.max(_POSTS.c.nonce)).where(
            _POSTS.c.venue == venue, _POSTS.c.signer == signer.lower
        )
        drafted = sa.select(_DRAFTS.c.nonce).where(
            _DRAFTS.c.venue == venue, _DRAFTS.c.signer == signer.lower
        )
        with self._guard(), self._engine.begin() as connection:
            known = [connection.execute(query).scalar() for query in (posted, drafted)]
            nonce: int = max([now, *(value + 1 for value in known if value is not None)])
            connection.execute(
                sa.delete(_DRAFTS).where(_DRAFTS.c.venue == venue, _DRAFTS.c.signer == signer.lower)
            )
            connection.execute(
                sa.insert(_DRAFTS).values(venue=venue, signer=signer.lower, nonce=nonce)
            )
        return nonce

    def reserve(self, entry: Entry) -> None:
        """Write a new row, durably, before anything is sent.

        Raises:
            RuleRefused: ``nonce-used`` when the key exists already.
        """
        key = entry.key
        values = {
            "venue": key.venue,
            "signer": key.signer.lower,
            "nonce": key.nonce,
            "action_hash": entry.action_hash.hex(),
            "url": entry.url,
            "account": entry.account.lower,
            "coin": entry.coin,
            "envelope": entry.envelope,
            "before": entry.before,
            "state": entry.state.value,
            "attempts": entry.attempts,
            "reserved_at": entry.reserved_at,
            "changed_at": entry.changed_at,
        }
        try:
            with self._guard(), self._engine.begin() as connection:
                connection.execute(sa.insert(_POSTS).values(**values))
        except sa.exc.IntegrityError:
            raise nonce_used(key) from None

    def begin_attempt(self, key: Key, now: int) -> int:
        """Record, durably, that sending begins; returns how many attempts that makes."""
        with self._guard(), self._engine.begin() as connection:
            attempts = connection.execute(
                sa.update(_POSTS)
                .where(*_matches(key))
                .values(state=State.POSTING.value, attempts=_POSTS.c.attempts + 1, changed_at=now)
                .returning(_POSTS.c.attempts)
            ).scalar_one()
        return int(attempts)

    def settle(
        self,
        key: Key,
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
                sa.update(_POSTS)
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


def nonce_used(key: Key) -> RuleRefused:
    """The refusal of a nonce that this ledger has seen with another action."""
    return RuleRefused(
        "nonce-used",
        f"{key.signer} has used the nonce {key.nonce} for another action",
        "draft the request again: it takes a new nonce",
    )


def _make_engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(f"sqlite:///{path}")

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: object, _record: object) -> None:
        # The driver must not begin transactions by itself: see _begin.
        connection.isolation_level = None  # type: ignore[attr-defined]
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode = WAL")
        # FULL: a commit is on the disk before it returns, which is the point of this ledger.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # IMMEDIATE: check and insert happen under one write lock, across processes.
        if connection.get_execution_options().get("reading"):
            connection.exec_driver_sql("BEGIN")
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _matches(key: Key) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        _POSTS.c.venue == key.venue,
        _POSTS.c.signer == key.signer.lower,
        _POSTS.c.nonce == key.nonce,
    )


def _to_entry(row: sa.RowMapping) -> Entry:
    return Entry(
        Key(row["venue"], _address(row["signer"]), row["nonce"]),
        bytes.fromhex(row["action_hash"]),
        row["url"],
        _address(row["account"]),
        row["coin"],
        row["envelope"],
        row["before"],
        State(row["state"]),
        row["attempts"],
        row["code"],
        row["sentence"],
        row["answer"],
        row["reserved_at"],
        row["changed_at"],
    )


def _address(text: str) -> Address:
    return Address(bytes.fromhex(text[2:]))
