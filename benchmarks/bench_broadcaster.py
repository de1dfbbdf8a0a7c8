"""Checking many payloads beside a large ledger, and what recording adds to a post."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

from benchmarks.ledger_questions import seconds_of_asking
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
from coldlever.shared.action.signature import Signature, recover
from coldlever.shared.cli.console import dump_document
from coldlever.shared.message.signed import SignedPayload
from coldlever.signer.key.signing_key import SigningKey

_KEY = SigningKey(bytes(range(1, 33)))
_ROWS = 1_000_000
_POSTS = 60


def rows() -> list[Row]:
    """Measure; about two minutes, most of it for filling the ledger."""
    return [*_checking_rows(), *_file_rows(), _posting_row()]


def _payload(nonce: int, expires_after: int) -> SignedPayload:
    signable = Signable(Network.TESTNET, UpdateLeverage(3, True, 10), nonce, None, expires_after)
    return SignedPayload(
        signable, _KEY.sign(signable.digest()), _KEY.address, signable.action_hash()
    )


def _checking_rows() -> list[Row]:
    now = time.time_ns() // 1_000_000
    payloads = [_payload(now + n, now + 3_600_000) for n in range(1_000)]
    seconds: dict[int, float] = {}
    asking: dict[int, float] = {}
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
            asking[size] = statistics.median(seconds_of_asking(ledger) for _ in range(9))
            ledger.close()
    ratio = seconds[_ROWS] / seconds[1_000]
    slower = asking[_ROWS] / asking[1_000]
    return [
        Row(
            f"check 1,000 payloads offline, {_ROWS:,} rows in the ledger",
            f"{seconds[_ROWS]:.2f} s",
            "< 0.7 s",
            seconds[_ROWS] < 0.7,
        ),
        Row("  beside a ledger of 1,000 rows", f"{ratio:.2f} x", "about 1 x", ratio < 1.5),
        Row(
            f"what `history` and `resolve` ask the ledger, {_ROWS:,} rows in it",
            f"{milli(asking[_ROWS])}, {slower:.2f} x that of 1,000 rows",
            "at most 2 x",
            slower <= 2,
        ),
    ]


def _file_rows() -> list[Row]:
    """The whole command on ten files beside its signatures alone, by the processor's time."""
    now = time.time_ns() // 1_000_000
    payloads = [_payload(now + n, now + 3_600_000) for n in range(10_000)]
    signatures = [(one.signable.digest(), one.signature) for one in payloads]
    with tempfile.TemporaryDirectory() as name:
        files = [Path(name) / f"{number}.json" for number in range(10)]
        for number, file in enumerate(files):
            part = payloads[1000 * number : 1000 * (number + 1)]
            file.write_bytes(dump_document([one.to_wire() for one in part]))
        single = Path(name) / "single.json"
        single.write_bytes(dump_document(payloads[0].to_wire()))
        rounds = [
            (_recovering(signatures), *_checking(files, name), *_checking([single], name))
            for _ in range(5)
        ]
    peer, ours, peak, start, _ = (statistics.median(part) for part in zip(*rounds, strict=True))
    ratio = statistics.median((one[1] - one[3]) / one[0] for one in rounds)
    return [
        Row(
            "`check --offline` of 10,000 payloads in ten files, start apart",
            f"{ours - start:.2f} s, {ratio:.2f} x the {peer:.2f} s of recovering",
            "<= 3.5 x",
            ratio <= 3.5,
        ),
        Row("  its start, and checking one", f"{start:.2f} s"),
        Row("  its peak memory", f"{peak:.0f} MiB", "< 120 MiB", peak < 120),
    ]


def _recovering(signatures: list[tuple[bytes, Signature]]) -> float:
    started = time.process_time()
    for digest, signature in signatures:
        recover(digest, signature)
    return time.process_time() - started


def _checking(files: list[Path], state: str) -> tuple[float, float]:
    """Seconds of the processor, and MiB."""
    command = [
        sys.executable,
        "-c",
        _CHECKING,
        "check",
        "--offline",
        "--json",
        "--state-dir",
        state,
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    return seconds, int(done.stderr) / 1024


_CHECKING = """
import re, sys
from coldlever.broadcaster.cli import main
try:
    main()
finally:
    with open("/proc/self/status") as status:
        print(re.search(r"VmHWM:\\s+(\\d+) kB", status.read())[1], file=sys.stderr)
"""


def _fill(folder: Path, size: int, now: int) -> None:
    engine = sa.create_engine(f"sqlite:///{folder / 'ledger.sqlite3'}")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            "INSERT INTO posts (venue, signer, nonce, action_hash, url, account, coin, envelope, "
            "state, reading, attempts, reserved_at, changed_at, change_number, last_attempt) "
            "SELECT ?, ?, ? - i, '00', '', ?, 'BTC', '{}', 'spent-accepted', 'shows', 1, 0, 0, "
            "i, i FROM n",
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
