"""The ledger: durable, exclusive, quick, and clear about what is wrong with it."""

from __future__ import annotations

import re
import sqlite3
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from coldlever.broadcaster.fate import Event, NonceState, Reading
from coldlever.broadcaster.ledger import store as module
from coldlever.broadcaster.ledger.row import Place
from coldlever.broadcaster.ledger.store import Ledger, NonceKey, Row
from coldlever.broadcaster.ledger.tables import Patience, _enter_wal
from coldlever.shared.action.time_rules import nonce_floor_problem
from coldlever.shared.action.what import What
from coldlever.shared.errors import EnvironmentFault, RuleRefused

VENUE = "testnet"
both = pytest.mark.both_engines


@pytest.fixture
def ledger(open_ledger, key_of):
    one = open_ledger()
    if one.leases is not None:
        # Where attempts are begun, their market is held.
        one.leases.take(Place(VENUE, key_of(1).address, "BTC"))
    yield one
    one.close()


@pytest.fixture
def row(key_of):
    def make(nonce: int, venue: str = VENUE, signer: int = 1) -> Row:
        address = key_of(signer).address
        return Row(
            NonceKey(venue, address, nonce),
            b"\x07" * 32,
            "https://example.invalid",
            address,
            "BTC",
            "{}",
            None,
            NonceState.UNSENT,
            Reading.NOT_READ,
            attempts=0,
            code=None,
            sentence=None,
            answer=None,
            unanswered=0,
            legacy=None,
            reserved_at=nonce,
            changed_at=nonce,
        )

    return make


@both
def test_what_is_reserved_is_found_as_it_was(ledger, row):
    ledger.reserve(row(5))
    assert ledger.find(row(5).key) == row(5)
    assert ledger.find(row(6).key) is None
    assert ledger.find(row(5, venue="mainnet").key) is None
    assert ledger.find(row(5, signer=2).key) is None


@both
def test_a_nonce_is_reserved_once(ledger, row):
    ledger.reserve(row(5))
    with pytest.raises(RuleRefused) as refusal:
        ledger.reserve(replace(row(5), action_hash=b"\x08" * 32))
    assert refusal.value.code == "nonce-used"
    ledger.reserve(row(5, venue="mainnet"))
    ledger.reserve(row(5, signer=2))


@both
def test_a_revocation_has_a_row_beside_its_payload(ledger, row):
    ledger.reserve(row(5))
    beside = replace(row(5), key=row(5).key.other, action_hash=b"\x08" * 32)
    assert beside.key.other == row(5).key
    ledger.reserve(beside)
    with pytest.raises(RuleRefused):
        ledger.reserve(beside)
    assert ledger.find(row(5).key) == row(5)
    assert ledger.find(beside.key) == beside
    assert [one.key.what for one in ledger.with_nonce(5)] == [What.PAYLOAD, What.REVOCATION]


@both
def test_attempts_of_a_revocation_are_not_those_of_its_payload(ledger, row):
    ledger.reserve(row(5))
    ledger.reserve(replace(row(5), key=row(5).key.other))
    begun = ledger.begin_attempt(ledger.find(row(5).key.other), now=9)
    assert (begun.attempts, ledger.find(row(5).key).attempts) == (1, 0)
    assert ledger.find(row(5).key).unanswered == 0
    assert ledger.sent_after(row(5)) is None
    assert not ledger.may_have_moved(row(5))


@both
def test_a_payload_and_its_revocation_count_as_one_nonce(ledger, row):
    for nonce in range(1, 101):
        ledger.reserve(row(nonce))
    ledger.reserve(replace(row(100), key=row(100).key.other))
    assert ledger.highest_nonces(VENUE, row(1).key.signer) == list(range(100, 0, -1))


@both
def test_of_many_at_once_one_reserves(open_ledger, row):
    ledgers = [open_ledger() for _ in range(8)]

    def attempt(one: Ledger) -> bool:
        try:
            one.reserve(row(5))
        except RuleRefused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, ledgers)) == 1
    for one in ledgers:
        one.close()


TOLD = {"event": Event.ACCEPTED, "code": "accepted", "sentence": "yes", "answer": b"\xff{}"}
LOST = {**TOLD, "event": Event.NO_ANSWER}


@both
def test_attempts_are_counted_and_outcomes_kept(ledger, row):
    ledger.reserve(row(5))
    first = ledger.begin_attempt(row(5), 6, before="{}")
    assert ledger.find(first.key) == first
    assert (first.state, first.attempts, first.before) == (NonceState.OPEN, 1, "{}")
    second = ledger.begin_attempt(first, 7)
    assert (second.attempts, second.unanswered, second.before) == (2, 2, "{}")
    told = ledger.record_answer(second, NonceState.SPENT_ACCEPTED, 8, **TOLD)
    read = ledger.settle(told, 9, reading=Reading.SHOWS)
    assert ledger.find(read.key) == read
    assert (read.state, read.reading) == (NonceState.SPENT_ACCEPTED, Reading.SHOWS)
    assert read.unanswered == 1
    assert (read.code, read.answer, read.changed_at) == ("accepted", b"\xff{}", 9)


@both
def test_every_attempt_keeps_its_own_answer_as_it_came(ledger, row):
    ledger.reserve(row(5))
    seen = row(5)
    for answer in (b"<html>", None, b"{}"):
        begun = ledger.begin_attempt(seen, 6)
        seen = ledger.record_answer(begun, NonceState.OPEN, 7, **{**LOST, "answer": answer})
    with ledger._engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT number, state_before, answer FROM attempts").all()
    assert kept == [(1, "unsent", b"<html>"), (2, "open", None), (3, "open", b"{}")]


@both
@pytest.mark.parametrize(
    "change",
    [
        lambda ledger, seen: ledger.begin_attempt(seen, 8),
        lambda ledger, seen: ledger.record_answer(seen, NonceState.SPENT_ACCEPTED, 8, **TOLD),
        lambda ledger, seen: ledger.settle(seen, 8, state=NonceState.LAPSED),
    ],
    ids=["begin", "record", "settle"],
)
def test_nothing_is_written_over_what_somebody_else_wrote_meanwhile(ledger, row, change):
    ledger.reserve(row(5))
    seen = ledger.begin_attempt(row(5), 6)
    theirs = ledger.begin_attempt(seen, 7)
    with pytest.raises(EnvironmentFault) as fault:
        change(ledger, seen)
    assert fault.value.code == "ledger-changed"
    assert ledger.find(seen.key) == theirs
    with ledger._engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM attempts").scalar() == 2


@both
def test_the_order_of_sending_is_the_ledgers_own(ledger, row):
    """By no clock: the second is sent at an earlier time."""
    for nonce, now in ((5, 100), (6, 1)):
        ledger.reserve(row(nonce))
        ledger.begin_attempt(row(nonce), now)
    ledger.reserve(row(7))
    first, second, unsent = (ledger.find(row(nonce).key) for nonce in (5, 6, 7))
    assert ledger.sent_after(first) == second
    assert ledger.sent_after(second) is None
    assert ledger.sent_after(unsent) is None
    assert ledger.may_have_moved(second), "the first is open, and may have landed since"
    settled = ledger.record_answer(first, NonceState.SPENT_ACCEPTED, 9, **TOLD)
    assert not ledger.may_have_moved(second)
    assert ledger.may_have_moved(settled)
    other = replace(second, coin="ETH")
    assert not ledger.may_have_moved(other)


@both
def test_the_hundred_highest_nonces_set_the_floor(ledger, row):
    for nonce in range(1000, 1105):
        ledger.reserve(row(nonce))
    highest = ledger.highest_nonces(VENUE, row(0).key.signer)
    assert highest == list(range(1104, 1004, -1))
    assert nonce_floor_problem(1005, highest).code == "nonce-too-low"
    assert nonce_floor_problem(1006, highest) is None
    assert ledger.highest_nonces("mainnet", row(0).key.signer) == []


@both
def test_the_floor_is_checked_before_posting(desk, row, key_of):
    ledger = desk.ledger()
    venue = desk.reader().api.venue.key
    for step in range(101):
        ledger.reserve(row(desk.time - step, venue=venue))
    ledger.close()
    shown = desk.post(desk.signed_file(nonce=desk.time - 200))
    assert (shown.status, shown.error) == (4, "nonce-too-low")
    assert desk.post(desk.signed_file(nonce=desk.time + 1)).status == 0


@both
def test_draft_nonces_rise_above_everything_known(ledger, row):
    signer = row(0).key.signer
    assert ledger.take_draft_nonce(VENUE, signer, 50) == 50
    assert ledger.take_draft_nonce(VENUE, signer, 50) == 51
    assert ledger.take_draft_nonce(VENUE, signer, 40) == 52
    ledger.reserve(row(99))
    assert ledger.take_draft_nonce(VENUE, signer, 60) == 100
    assert ledger.take_draft_nonce(VENUE, signer, 500) == 500
    assert ledger.take_draft_nonce("mainnet", signer, 50) == 50


@both
def test_of_many_drafts_at_once_none_shares_a_nonce(open_ledger, row):
    ledgers = [open_ledger() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        taken = list(
            pool.map(lambda one: one.take_draft_nonce(VENUE, row(0).key.signer, 7), ledgers * 3)
        )
    assert sorted(taken) == list(range(7, 25))
    for one in ledgers:
        one.close()


def test_look_ups_go_through_an_index_that_begins_with_the_key(tmp_path, ledger):
    connection = sqlite3.connect(tmp_path / "ledger.sqlite3")
    key = "venue='v' AND signer='s'"
    for query in (
        f"SELECT * FROM posts WHERE {key} AND nonce=5 AND what='payload'",
        f"SELECT nonce FROM posts WHERE {key} ORDER BY nonce DESC LIMIT 100",
        f"SELECT max(nonce) FROM posts WHERE {key}",
        f"UPDATE posts SET state='x' WHERE {key} AND nonce=5 AND what='payload'",
    ):
        plan = " ".join(str(step[3]) for step in connection.execute(f"EXPLAIN QUERY PLAN {query}"))
        assert re.search(r"SEARCH posts USING (PRIMARY KEY|COVERING INDEX posts_by_nonce) \(", plan)
        assert "SCAN" not in plan
        assert "TEMP B-TREE" not in plan
    connection.close()


def test_every_commit_is_on_the_disk_before_it_counts(tmp_path, ledger):
    with ledger._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    assert stat.S_IMODE((tmp_path / "ledger.sqlite3").stat().st_mode) == 0o600


def test_a_ledger_of_another_version_is_left_alone(desk):
    desk.ledger().close()
    with sqlite3.connect(desk.state / "ledger.sqlite3") as connection:
        connection.execute("PRAGMA user_version = 7")
    connection.close()
    shown = desk.post(desk.signed_file())
    assert (shown.status, shown.error) == (8, "ledger-version")
    assert "version 7" in shown.document["error"]["message"]
    assert desk.requests() == 0


@pytest.mark.invented_ledger
@pytest.mark.parametrize("content", [b"not a database at all" * 300, b"SQLite format 3\0" * 300])
def test_a_corrupt_ledger_ends_the_command_before_anything_is_sent(desk, content):
    (desk.state / "ledger.sqlite3").write_bytes(content)
    for command in ("post", "check"):
        shown = desk.run(command, desk.signed_file(), "--json")
        assert (shown.status, shown.error) == (8, "ledger-unusable")
    assert desk.run("history", "--json").status == 8
    assert desk.requests() == 0


HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_ledger_locked_by_another_process_is_waited_for_then_reported(desk, monkeypatch):
    monkeypatch.setattr(module, "BUSY_TIMEOUT_MS", 50)
    desk.ledger().close()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            HOLD,
            str(desk.state / "ledger.sqlite3"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout.readline() == b"held\n"
        shown = desk.post(desk.signed_file())
        holder.stdin.close()
    assert (shown.status, shown.error) == (8, "ledger-locked")
    assert desk.requests() == 0
    assert desk.post(desk.signed_file()).status == 0


FULL_DISK = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
from coldlever.broadcaster.cli import cli
cli.main(sys.argv[2:])
"""


@pytest.mark.slow
@pytest.mark.parametrize("room", [0, 2_000])
def test_on_a_full_disk_nothing_is_sent(desk, room):
    desk.ledger().close()
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            FULL_DISK,
            str(room),
            *desk.arguments("post", desk.signed_file(), "--json"),
        ],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 8, done.stderr.decode()
    assert b'"code": "ledger-unusable"' in done.stdout
    assert desk.requests() == 0
    assert desk.post(str(desk.folder / "signed.json")).status == 0


def test_a_state_folder_that_cannot_be_made(desk):
    desk.state = desk.folder / "signed.json" / "state"
    shown = desk.post(desk.signed_file())
    assert (shown.status, shown.error) == (8, "state-folder")


def test_a_row_that_vanishes_is_the_environments_fault(desk, monkeypatch):
    monkeypatch.setattr(Ledger, "reserve", lambda *_: None)
    shown = desk.post(desk.signed_file())
    assert (shown.status, shown.error) == (8, "ledger-unusable")
    assert desk.requests() == 0


@pytest.mark.invented_ledger
def test_a_failing_ledger_is_our_own_kind_of_error(ledger, row):
    ledger.close()
    ledger._place.path.write_bytes(b"junk" * 2000)
    with pytest.raises(EnvironmentFault):
        ledger.find(row(5).key)


class _Cursor:
    """Says "locked" a few times, as SQLite does while another process opens the same new file."""

    def __init__(self, *errors: str) -> None:
        self.errors = list(errors)
        self.statements: list[str] = []

    def execute(self, statement: str) -> None:
        self.statements.append(statement)
        if self.errors:
            raise sqlite3.OperationalError(self.errors.pop(0))


def test_opening_a_new_ledger_waits_for_others_that_open_it():
    cursor = _Cursor("database is locked", "database is locked")
    _enter_wal(cursor, Patience(10_000, time.sleep, time.monotonic))
    assert len(cursor.statements) == 3


@pytest.mark.parametrize(("error", "patience"), [("database is locked", 0), ("disk I/O error", 9)])
def test_opening_a_ledger_does_not_wait_for_ever_nor_for_other_faults(error, patience):
    cursor = _Cursor(*[error] * 5)
    with pytest.raises(sqlite3.OperationalError):
        _enter_wal(cursor, Patience(patience, time.sleep, time.monotonic))
    assert len(cursor.statements) == 1


@pytest.mark.slow
def test_many_processes_open_a_new_ledger_at_once(tmp_path):
    script = (
        "import sys, pathlib; from coldlever.broadcaster.ledger.store import Ledger; sys.stdin.read();"
        "Ledger(pathlib.Path(sys.argv[1])).close()"
    )
    racers = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdin=subprocess.PIPE)
        for _ in range(4)
    ]
    for racer in racers:
        racer.stdin.close()
    assert [racer.wait(timeout=30) for racer in racers] == [0] * 4
