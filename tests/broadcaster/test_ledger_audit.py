"""The stored audit chain under attack: every edit is found, and nothing is told that was not done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from itertools import pairwise

import pytest
import sqlalchemy as sa

from coldlever.broadcaster.fate import Event, NonceState, Reading
from coldlever.broadcaster.ledger.audit import require_chain
from coldlever.broadcaster.ledger.row import Place
from coldlever.broadcaster.ledger.store import Ledger, NonceKey, Row
from coldlever.broadcaster.ledger.tables import AUDIT, CHAIN
from coldlever.broadcaster.ledger.telling import Author
from coldlever.shared.audit import Chain, Kind, Side
from coldlever.shared.audit import Event as AuditEvent
from coldlever.shared.errors import ColdleverError, RuleRefused

both = pytest.mark.both_engines
VENUE = "testnet"
POSTS = 13
LENGTH = 50


@pytest.fixture
def ledger(open_ledger, key_of):
    with closing(open_ledger()) as one:
        if one.leases is not None:
            one.leases.take(Place(VENUE, key_of(1).address, "BTC"))
        yield one


@pytest.fixture
def row(key_of):
    def make(nonce: int) -> Row:
        address = key_of(1).address
        return Row(
            NonceKey(VENUE, address, nonce), bytes(32), "https://example.invalid", address, "BTC",
            "{}", None, NonceState.UNSENT, Reading.NOT_READ, attempts=0, code=None, sentence=None,
            answer=None, unanswered=0, legacy=None, reserved_at=nonce, changed_at=nonce,
        )  # fmt: skip

    return make


def post(ledger: Ledger, row: Row) -> Row:
    """A payload from its row to its reading: four events."""
    ledger.reserve(row)
    begun = ledger.begin_attempt(row, 2)
    answered = ledger.record_answer(
        begun, NonceState.SPENT_ACCEPTED, 3, event=Event.ACCEPTED, code="accepted", sentence="ok",
        answer=b"ok",
    )  # fmt: skip
    return ledger.settle(answered, 4, reading=Reading.SHOWS)


@pytest.fixture
def chain(ledger, row):
    """A real one of fifty events."""
    for nonce in range(1, POSTS):
        post(ledger, row(nonce))
    for nonce in range(POSTS, POSTS + 2):
        ledger.take_draft_nonce(VENUE, row(1).key.signer, nonce)
    _, events = ledger.audit.whole()
    assert len(events) == LENGTH
    return events


def refusal(ledger: Ledger) -> str:
    with pytest.raises(RuleRefused) as caught:
        ledger.audit.whole()
    assert caught.value.code == "audit-damaged"
    return caught.value.message


@contextmanager
def undone(ledger: Ledger):
    """Changes that are looked at and taken back."""
    with suppress(ZeroDivisionError), ledger.changing() as connection:
        yield connection
        raise ZeroDivisionError


def found(connection: sa.Connection) -> str:
    with pytest.raises(RuleRefused) as caught:
        require_chain(connection, "ledger")
    assert caught.value.code == "audit-damaged"
    return caught.value.message


def at(position: int):
    return AUDIT.c.position == position


@both
def test_an_edit_of_any_row_is_found_and_the_row_is_named(ledger, chain):
    for one in chain:
        for values in (
            {"event": one.data.replace(b'"who":null', b'"who":"me"')},
            {"event": one.data + b" "},
            {"event": one.data.replace(b"testnet", b"mainnet")},
            {"link": bytes([one.link[0] ^ 1]) + one.link[1:]},
            {"link": one.link[:-1]},
            {"nonce": 999_999},
        ):
            with undone(ledger) as connection:
                connection.execute(sa.update(AUDIT).where(at(one.position)).values(**values))
                assert f"row {one.position} " in found(connection)


@both
def test_a_row_that_is_taken_out_is_found_and_named(ledger, chain):
    for one in chain:
        with undone(ledger) as connection:
            connection.execute(sa.delete(AUDIT).where(at(one.position)))
            assert f"row {one.position} is missing" in found(connection)


@both
def test_a_cut_tail_is_found_by_the_head_in_the_ledger(ledger, chain):
    for kept in range(LENGTH):
        with undone(ledger) as connection:
            connection.execute(sa.delete(AUDIT).where(AUDIT.c.position > kept))
            assert f"row {kept + 1} is missing" in found(connection)


@both
def test_two_rows_that_change_places_are_found(ledger, chain):
    for one, other in pairwise(chain):
        with undone(ledger) as connection:
            for source, target in ((one, other), (other, one)):
                connection.execute(
                    sa.update(AUDIT)
                    .where(at(target.position))
                    .values(event=source.data, link=source.link, nonce=source.event.nonce)
                )
            assert f"row {one.position} " in found(connection)


@both
def test_a_row_that_is_put_behind_the_last_or_between_is_found(ledger, chain):
    forged = AuditEvent(Kind.SENT, "never")
    for place in range(LENGTH):
        with undone(ledger) as connection:
            connection.execute(
                sa.update(AUDIT).where(AUDIT.c.position > place).values(position=-AUDIT.c.position)
            )
            connection.execute(
                sa.update(AUDIT).where(AUDIT.c.position < 0).values(position=1 - AUDIT.c.position)
            )
            base = chain[place - 1].head if place else ledger_start(connection)
            linked = chain_of(connection).append(base, forged)
            connection.execute(
                sa.insert(AUDIT).values(
                    position=linked.position, event=linked.data, link=linked.link, nonce=None
                )
            )
            # The forged one fits; the first that was written behind it does not any more.
            assert f"row {place + 2} " in found(connection)
    with undone(ledger) as connection:
        linked = chain_of(connection).append(chain[-1].head, forged)
        connection.execute(
            sa.insert(AUDIT).values(
                position=linked.position, event=linked.data, link=linked.link, nonce=None
            )
        )
        assert f"row {LENGTH + 1} was not the last one" in found(connection)


def chain_of(connection):

    return Chain(connection.execute(sa.select(CHAIN.c.id)).scalar_one(), Side.BROADCASTER)


def ledger_start(connection):
    return chain_of(connection).start


@both
@pytest.mark.invented_ledger
@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM audit_chain",
        "UPDATE audit_chain SET position = position + 1",
        "UPDATE audit_chain SET position = position - 1",
        "UPDATE audit_chain SET position = 0",
    ],
)
def test_a_damaged_head_is_found_and_nothing_is_sent_on_it(ledger, chain, row, change):
    with ledger.changing() as connection:
        connection.exec_driver_sql(change)
    refusal(ledger)
    if "+ 1" in change:
        return  # it cannot be seen without a look at all of it, which no post takes
    fresh = row(1000)
    ledger.reserve(fresh)
    with pytest.raises(RuleRefused) as caught:
        ledger.begin_attempt(fresh, 5)
    assert caught.value.code == "audit-damaged"
    assert ledger.find(fresh.key) == fresh


@pytest.mark.invented_ledger
@pytest.mark.parametrize("change", ["event = 'text'", "link = 7", "link = 'x'", "event = NULL"])
def test_a_column_that_holds_something_else_is_found(ledger, chain, change):
    """SQLite lets anybody put anything into a column."""
    with ledger.changing() as connection, suppress(sa.exc.IntegrityError):
        connection.exec_driver_sql(f"UPDATE audit SET {change} WHERE position = 7")
        assert "row 7 " in found(connection)
        return
    assert change == "event = NULL"


@both
def test_whoever_writes_the_whole_chain_anew_is_found_by_a_head_that_was_seen(ledger, chain):
    seen = ledger.audit.head()
    with ledger.changing() as connection:
        own = chain_of(connection)
        connection.execute(sa.delete(AUDIT))
        head = own.start
        for one in chain:
            event = replace(one.event, who="somebody else")
            linked = own.append(head, event)
            head = linked.head
            connection.execute(
                sa.insert(AUDIT).values(
                    position=linked.position,
                    event=linked.data,
                    link=linked.link,
                    nonce=event.nonce,
                )
            )
        connection.execute(sa.update(CHAIN).values(link=head.link))
    ledger.audit.whole()
    assert ledger.audit.missing([seen]) == (seen,)


@both
def test_a_row_that_cannot_be_told_is_not_written(ledger, row, monkeypatch):
    """As where the disk is full: the chain refuses, and what it would tell of is undone."""
    ledger.reserve(row(1))
    begun = ledger.begin_attempt(row(1), 2)
    before = ledger.audit.head()

    def full(*_):
        raise sa.exc.OperationalError("INSERT", {}, OSError("database or disk is full"))

    monkeypatch.setattr("coldlever.broadcaster.ledger.store.append", full)
    for step in (
        lambda: ledger.begin_attempt(begun, 3),
        lambda: ledger.settle(begun, 3, reading=Reading.OTHERWISE),
        lambda: ledger.take_draft_nonce(VENUE, begun.key.signer, 7),
        lambda: ledger.record_answer(
            begun, NonceState.SPENT, 3, event=Event.DUPLICATE, code="x", sentence="x", answer=None
        ),
    ):
        with pytest.raises(ColdleverError):
            step()
    monkeypatch.undo()
    assert ledger.audit.head() == before
    found_row = ledger.find(begun.key)
    assert (found_row.state, found_row.attempts) == (NonceState.OPEN, 1)
    assert ledger.take_draft_nonce(VENUE, begun.key.signer, 7) == 7


@pytest.mark.invented_ledger
def test_a_ledger_that_cannot_be_written_sends_nothing(open_ledger, row):
    with closing(open_ledger()) as ledger:
        ledger.reserve(row(1))
        with ledger.changing() as connection:
            connection.exec_driver_sql(
                "CREATE TRIGGER no BEFORE INSERT ON audit"
                " BEGIN SELECT RAISE(ABORT, 'attempt to write a readonly database'); END"
            )
        with pytest.raises(ColdleverError):
            ledger.begin_attempt(row(1), 2)
        assert ledger.find(row(1).key) == row(1)


# Arguments: the ledger's folder or URL, and how many events.
APPENDING = """
import sys
from contextlib import closing
from pathlib import Path
import sqlalchemy as sa
from coldlever.broadcaster.ledger.server import LedgerServer
from coldlever.broadcaster.ledger.store import Ledger
from coldlever.shared.audit import Event, Kind

where, who = sys.argv[1:3]
place = LedgerServer(sa.make_url(where)) if "://" in where else Path(where)
with closing(Ledger(place)) as ledger:
    for number in range(40):
        ledger.note(Event(Kind.REFUSED, str(number), who=who), Event(Kind.REFUSED, "and", who=who))
"""


@both
@pytest.mark.slow
def test_two_processes_that_append_at_once_make_one_chain(ledger, ledger_url, tmp_path):
    both_ = [
        subprocess.Popen([sys.executable, "-c", APPENDING, ledger_url or str(tmp_path), name])
        for name in ("one", "other")
    ]
    assert [process.wait(timeout=60) for process in both_] == [0, 0]
    _, events = ledger.audit.whole()
    assert Counter(one.event.who for one in events) == {"one": 80, "other": 80}
    assert [one.position for one in events] == list(range(1, 161))
    for who in ("one", "other"):
        own = [one.event.says for one in events if one.event.who == who]
        assert own[::2] == [str(number) for number in range(40)]


# Arguments: before or after, which call, and then the command's own.
DYING = """
import os, signal, sys
from coldlever.broadcaster.ledger.store import Ledger

when, which = sys.argv[1:3]
tell, calls = Ledger.tell, 0

def dying(*arguments):
    global calls
    calls += 1
    if calls == int(which) and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    tell(*arguments)
    if calls == int(which):
        os.kill(os.getpid(), signal.SIGKILL)

Ledger.tell = dying
from coldlever.broadcaster.cli import cli
cli.main(sys.argv[3:])
"""


@both
@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("which", "told"), [(1, 0), (2, 1), (3, 3)])
def test_a_kill_between_a_row_and_its_event_leaves_neither(desk, when, which, told):
    """The transaction is not committed; `possible_traces` compares what is left, too."""
    file = desk.signed_file()
    done = subprocess.run(
        [sys.executable, "-c", DYING, when, str(which), *desk.arguments("post", file, "--yes")],
        env={**os.environ, "HOME": str(desk.folder)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    with closing(desk.ledger()) as ledger:
        _, events = ledger.audit.whole()
        assert len(events) == told
        (left,) = ledger.rows()
        kinds = Counter(one.event.kind for one in events)
        assert kinds[Kind.SENT] == left.attempts
        assert (kinds[Kind.ANSWERED] == 1) == (left.answer is not None)


def test_no_host_and_no_policy_are_null(ledger, row):
    post(ledger, row(1))
    _, events = ledger.audit.whole()
    assert {one.event.who for one in events} == {None}
    assert ledger.author == Author()
