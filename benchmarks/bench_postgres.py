"""A ledger on PostgreSQL beside one in a file; nothing where there is no PostgreSQL."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path

import sqlalchemy as sa

from benchmarks.row import Row, milli
from coldlever.broadcaster.check.checker import Checker, Cleared
from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger.memory import HostMemory
from coldlever.broadcaster.ledger.server import LedgerServer
from coldlever.broadcaster.ledger.store import Ledger
from coldlever.broadcaster.post.lease import MarketLease
from coldlever.broadcaster.post.lock import MarketLock
from coldlever.broadcaster.post.poster import Poster
from coldlever.broadcaster.rehearsal import RehearsalExchange, RehearsalServer
from coldlever.broadcaster.venue.client import ExchangeApi, Venue
from coldlever.broadcaster.venue.exchange import Exchange
from coldlever.broadcaster.venue.transport import Session
from coldlever.broadcaster.venue.weight import WeightBudget
from coldlever.shared.action.actions import UpdateLeverage
from coldlever.shared.action.network import Network
from coldlever.shared.action.signable import Signable
from coldlever.shared.message.signed import SignedPayload
from coldlever.signer.key.signing_key import SigningKey

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))

from postgresql import Postgres, programs

_KEYS = [SigningKey(bytes(range(n, n + 32))) for n in (1, 2)]
_POSTS = 60
_ROWS = 1_000_000
# Of a desk with a hundred accounts and fifty markets.
_FILL = (
    (
        "INSERT INTO attempts (venue, signer, nonce, what, number, state_before, event, code,"
        " answer, began_at) SELECT 'testnet', '{signer}' || lpad(mod(i, 100)::text, 2, '0'), i,"
        " 'payload', 1, 'unsent', 'accepted',"
        " 'accepted', '', 0 FROM generate_series(1, {size}) AS i"
    ),
    (
        "INSERT INTO posts (venue, signer, nonce, what, action_hash, url, account, coin, envelope,"
        " state, reading, attempts, reserved_at, changed_at, change_number, last_attempt)"
        " SELECT 'testnet', signer, nonce, 'payload', '00', '', signer, 'C' || mod(nonce / 100, 50)"
        ", '{{}}', 'spent-accepted', 'shows', 1, 0, 0, id, id FROM attempts"
    ),
    "ANALYZE",
)


def rows() -> list[Row]:
    """Measure; about a minute."""
    if programs() is None:
        return [Row("PostgreSQL", "not installed")]
    with closing(Postgres()) as server:
        return [_posting(server), _asking_row(server)]


def _open(server: Postgres, folder: Path) -> Ledger:
    url = sa.make_url(server.url(server.new_database()))
    return Ledger(LedgerServer(url), memory=HostMemory(folder))


def _posting(server: Postgres) -> Row:
    """The same posts in turn, one recorded in a file and one on the server."""
    exchange = RehearsalExchange(accounts=[key.address for key in _KEYS])
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(RehearsalServer(exchange, weight_limit=None)).url
        reader = _reader(url)
        ledgers = [
            stack.enter_context(closing(one)) for one in (Ledger(folder), _open(server, folder))
        ]
        leases = ledgers[1].leases
        assert leases is not None
        locks = [MarketLock(folder / "locks", time.sleep), MarketLease(leases, time.sleep)]
        seconds: list[list[float]] = [[], []]
        for number in range(_POSTS):
            for which, (ledger, lock) in enumerate(zip(ledgers, locks, strict=True)):
                payload = _payload(_KEYS[which], reader.now() + number, reader.now() + 3_600_000)
                cleared = Checker(ledger, reader.api.venue.key, reader.now(), reader).run(payload)
                if not isinstance(cleared, Cleared):
                    raise SystemExit("a payload of the benchmark does not pass its checks")
                poster = Poster(
                    reader, ledger, lock, lambda: 0, sleep=time.sleep, monotonic=time.monotonic
                )
                started = time.perf_counter()
                poster.post(cleared)
                seconds[which].append(time.perf_counter() - started)
    file, shared = (statistics.median(one) for one in seconds)
    ratio = shared / file
    return Row(
        "a post recorded on PostgreSQL, beside one in a file",
        f"{milli(shared)}, {ratio:.2f} x the {milli(file)} with SQLite",
        "<= 1.5 x",
        ratio <= 1.5,
    )


def _reader(url: str) -> Exchange:
    venue = Venue(Network.TESTNET, url, is_rehearsal=True)
    budget = WeightBudget(time.monotonic, time.sleep, limit=10**9)
    api = ExchangeApi(venue, Session(time.monotonic), budget, time.sleep, time.monotonic)
    return Exchange(api, Network.TESTNET)


def _payload(key: SigningKey, nonce: int, expires_after: int) -> SignedPayload:
    signable = Signable(Network.TESTNET, UpdateLeverage(3, True, 10), nonce, None, expires_after)
    return SignedPayload(signable, key.sign(signable.digest()), key.address, signable.action_hash())


def _asking_row(server: Postgres) -> Row:
    """What the commands ask, beside many rows and beside few."""
    asking = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in (1_000, _ROWS):
            with closing(_open(server, Path(folder))) as ledger:
                for step in _FILL:
                    with ledger.changing() as connection:
                        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                        connection.exec_driver_sql(step.format(signer="0x" + "1" * 38, size=size))
                asking[size] = statistics.median(_asking(ledger) for _ in range(9))
    ratio = asking[_ROWS] / asking[1_000]
    return Row(
        f"what commands ask of a server with {_ROWS:,} rows",
        f"{milli(asking[_ROWS])}, {ratio:.2f} x that of 1,000 rows",
        "at most 2 x",
        ratio <= 2,
    )


def _asking(ledger: Ledger) -> float:
    started = time.perf_counter()
    latest = ledger.rows(limit=50)
    ledger.rows([NonceState.SPENT_ACCEPTED, NonceState.OPEN], 50)
    ledger.unfinished()
    ledger.sent_after(latest[0])
    ledger.may_have_moved(latest[0])
    ledger.highest_nonces("testnet", latest[0].key.signer)
    return time.perf_counter() - started
