"""Checking many payloads beside a large ledger, and what recording adds to a post."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

from benchmarks.row import Row, milli
from coldlever.broadcaster.check.checker import Checker, Cleared
from coldlever.broadcaster.ledger.store import Ledger
from coldlever.broadcaster.post.lock import MarketLock
from coldlever.broadcaster.post.poster import Poster
from coldlever.broadcaster.rehearsal import RehearsalExchange, RehearsalServer
from coldlever.broadcaster.venue.client import Answer, ExchangeApi, Venue
from coldlever.broadcaster.venue.exchange import Exchange
from coldlever.broadcaster.venue.transport import Session
from coldlever.broadcaster.venue.weight import WeightBudget
from coldlever.shared.action.actions import UpdateLeverage
from coldlever.shared.action.network import Network
from coldlever.shared.action.signable import Signable
from coldlever.shared.message.signed import SignedPayload
from coldlever.signer.key.signing_key import SigningKey

_KEY = SigningKey(bytes(range(1, 33)))
_ROWS = 1_000_000
_POSTS = 60


def rows() -> list[Row]:
    """Measure; about a minute, most of it for filling the ledger."""
    return [*_checking_rows(), _posting_row()]


def _payload(nonce: int, expires_after: int) -> SignedPayload:
    signable = Signable(Network.TESTNET, UpdateLeverage(3, True, 10), nonce, None, expires_after)
    return SignedPayload(
        signable, _KEY.sign(signable.digest()), _KEY.address, signable.action_hash()
    )


def _checking_rows() -> list[Row]:
    now = time.time_ns() // 1_000_000
    payloads = [_payload(now + n, now + 3_600_000) for n in range(1_000)]
    seconds = {}
    for size in (1_000, _ROWS):
        with tempfile.TemporaryDirectory() as name:
            ledger = Ledger(Path(name))
            _fill(Path(name), size, now)
            checker = Checker(ledger, Network.TESTNET.value, now, None)
            started = time.perf_counter()
            checked = [checker.run(payload) for payload in payloads]
            seconds[size] = time.perf_counter() - started
            if not all(one.report.ok for one in checked):
                raise SystemExit("a payload of the benchmark does not pass its checks")
            ledger.close()
    ratio = seconds[_ROWS] / seconds[1_000]
    return [
        Row(
            f"check 1,000 payloads offline, {_ROWS:,} rows in the ledger",
            f"{seconds[_ROWS]:.2f} s",
            "< 0.7 s",
            seconds[_ROWS] < 0.7,
        ),
        Row("  beside a ledger of 1,000 rows", f"{ratio:.2f} x", "about 1 x", ratio < 1.5),
    ]


def _fill(folder: Path, size: int, now: int) -> None:
    engine = sa.create_engine(f"sqlite:///{folder / 'ledger.sqlite3'}")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            "INSERT INTO posts (venue, signer, nonce, action_hash, url, account, coin, envelope, "
            "state, reading, attempts, reserved_at, changed_at) "
            "SELECT ?, ?, ? - i, '00', '', ?, 'BTC', '{}', 'spent-accepted', 'shows', 1, 0, 0 "
            "FROM n",
            (size, "testnet", _KEY.address.lower, now, _KEY.address.lower),
        )
    engine.dispose()


def _posting_row() -> Row:
    """A bare POST and a recorded one in turn, against the same local exchange."""
    exchange = RehearsalExchange(accounts=[_KEY.address])
    with RehearsalServer(exchange, weight_limit=None) as server, tempfile.TemporaryDirectory() as n:
        venue = Venue(Network.TESTNET, server.url, is_rehearsal=True)
        budget = WeightBudget(time.monotonic, time.sleep, limit=10**9)
        api = ExchangeApi(venue, Session(time.monotonic), budget, time.sleep, time.monotonic)
        reader = Exchange(api, Network.TESTNET)
        ledger = Ledger(Path(n))
        poster = Poster(
            reader,
            ledger,
            MarketLock(Path(n) / "locks", time.sleep),
            lambda: 0,
            sleep=time.sleep,
            monotonic=time.monotonic,
        )
        recorder = _WithoutReadBack(poster)
        checker = Checker(ledger, venue.key, reader.now(), reader)
        base = reader.now()
        added = []
        for number in range(_POSTS):
            bare = _payload(base + 2 * number, base + 3_600_000)
            started = time.perf_counter()
            reply = api.post(bare.body())
            bare_seconds = time.perf_counter() - started
            if not isinstance(reply, Answer):
                raise SystemExit("the local exchange did not answer")
            cleared = checker.run(_payload(base + 2 * number + 1, base + 3_600_000))
            started = time.perf_counter()
            if not isinstance(cleared, Cleared):
                raise SystemExit("a payload of the benchmark does not pass its checks")
            recorder.post(cleared)
            added.append(time.perf_counter() - started - bare_seconds)
        ledger.close()
    median = statistics.median(added)
    return Row(
        "record + post + record, beyond a bare POST of such a body",
        f"{milli(median)} (reading back apart)",
        "< 15 ms",
        median < 0.015,
    )


class _WithoutReadBack:
    """A poster whose look at the account afterwards is left out of the measurement."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster
        poster._account.now = lambda *_: None  # type: ignore[method-assign]  # noqa: SLF001

    def post(self, cleared: Cleared) -> None:
        self._poster.post(cleared)
