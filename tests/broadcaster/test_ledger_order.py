"""The local clock proves nothing: what counts are the exchange's clock and the ledger's own order.

And each question to the ledger is answered from an index, however many rows lie beside.
"""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace

import pytest
import sqlalchemy as sa

from coldlever.broadcaster.fate import NonceState, Reading
from coldlever.broadcaster.ledger import Turn
from coldlever.broadcaster.ledger.row import NonceKey, Row

DAY = 86_400_000
SHIFTS = pytest.mark.parametrize("shift", [-DAY, DAY], ids=["a day back", "a day ahead"])


@pytest.fixture
def set_clock(desk):
    """Sets the local clock; the exchange's stays as it is."""

    def shift(by: int) -> None:
        desk.machine = replace(desk.machine, clock=lambda: desk.time + by)

    return shift


@SHIFTS
def test_post_and_check_judge_by_the_exchanges_clock(desk, set_clock, shift):
    set_clock(shift)
    file = desk.signed_file()
    assert desk.check(file).status == 0
    shown = desk.post(file)
    assert (shown.status, shown.document["status"]) == (0, "confirmed")
    assert desk.post(file).document["alreadyPosted"]


@SHIFTS
def test_what_has_expired_there_has_expired(desk, set_clock, shift):
    set_clock(shift)
    file = desk.signed_file(expires_after=desk.time + 1000)
    assert desk.post(file).document["code"] == "expired"
    assert desk.requests() == 0


def test_check_offline_says_that_it_judges_by_this_machines_clock(desk, set_clock):
    set_clock(DAY + 1)
    shown = desk.check(desk.signed_file(), "--offline")
    assert shown.status == 4
    set_clock(0)
    assert "by this machine's clock" in desk.check(desk.signed_file(), "--offline").stdout


@SHIFTS
def test_resolve_neither_ends_nor_keeps_open_by_the_local_clock(desk, set_clock, shift):
    desk.exchange.inject("drop")
    desk.post(desk.signed_file(), "--retry-for", "0")
    set_clock(shift)
    shown = desk.resolve()
    assert [one["status"] for one in shown.document] == ["confirmed"]


@SHIFTS
def test_resolve_goes_in_the_order_of_sending(desk, action, set_clock, shift):
    for asset, by in ((0, 0), (3, shift), (4, 2 * shift)):
        set_clock(by)
        desk.exchange.inject("drop")
        desk.post(desk.signed_file(action.leverage(5, asset=asset)), "--retry-for", "0")
    shown = desk.resolve()
    assert [one["receipt"]["coin"] for one in shown.document] == ["SOL", "BTC", "ETH"]


@SHIFTS
def test_a_later_change_is_seen_whatever_the_clock_says(desk, action, set_clock, shift):
    desk.exchange.inject("drop")
    desk.post(desk.signed_file(action.leverage(5)), "--retry-for", "0")
    set_clock(shift)
    later = desk.signed_file(action.leverage(7), name="later.json")
    assert desk.post(later, *desk.in_spite()).status == 0
    assert [one["held"] for one in desk.resolve().document] == ["market-changed"]
    assert desk.setting() == (True, 7)


@SHIFTS
def test_history_shows_the_latest_change_first(desk, action, set_clock, shift):
    for value, by in ((3, 0), (4, shift), (5, 2 * shift)):
        set_clock(by)
        desk.post(desk.signed_file(action.leverage(value)))
    shown = desk.run("history", "--json").document
    assert [one["payload"]["action"]["leverage"] for one in shown] == [5, 4, 3]
    assert desk.run("history", "--json", "--limit", "1").document == shown[:1]


def test_history_of_several_states_is_one_list_in_order(desk, action, set_clock):
    files = [desk.signed_file(action.leverage(n), name=f"{n}.json") for n in (3, 4, 5)]
    for file in files:
        desk.exchange.inject("502" if file.endswith("4.json") else "422")
        desk.post(file, "--retry-for", "0", *desk.in_spite())
    wanted = ["--state", "not-admitted", "--state", "open"]
    shown = desk.run("history", "--json", *wanted, "--limit", "2").document
    assert [one["payload"]["action"]["leverage"] for one in shown] == [5, 4]
    assert [one["nonceState"] for one in shown] == ["not-admitted", "open"]


@pytest.fixture
def asked(desk):
    """A ledger with one row, and the plans of all questions that a block asks it."""
    with closing(desk.ledger()) as ledger:
        plans: list[str] = []

        def explain(connection, _cursor, statement, parameters, _context, many):
            if statement.lstrip().startswith(("SELECT", "UPDATE", "INSERT")) and not many:
                raw = connection.connection.dbapi_connection
                plan = raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plans.extend(step[3] for step in plan)

        sa.event.listen(ledger._engine, "before_cursor_execute", explain)
        yield ledger, plans


@pytest.fixture
def row(desk) -> Row:
    key = NonceKey("testnet", desk.user.address, desk.time)
    return Row(
        key, b"\x01" * 32, "", desk.user.address, "BTC", "{}", None, NonceState.UNSENT,
        Reading.NOT_READ, 0, None, None, None, 0, None, 0, 0,
    )  # fmt: skip


QUESTIONS = {
    "find": lambda ledger, row: ledger.find(row.key),
    "highest nonces": lambda ledger, row: ledger.highest_nonces(row.key.venue, row.key.signer),
    "history": lambda ledger, _: ledger.rows(limit=50),
    "history of a state": lambda ledger, _: ledger.rows([NonceState.OPEN, NonceState.DEAD], 50),
    "unfinished": lambda ledger, _: ledger.unfinished(),
    "all of some nonces": lambda ledger, row: ledger.find_all(row.key.venue, [1, row.key.nonce]),
    "with that nonce": lambda ledger, row: ledger.with_nonce(row.key.nonce),
    "sent after": lambda ledger, row: ledger.sent_after(row),
    "may have moved": lambda ledger, row: ledger.may_have_moved(row),
    "whose turn it is": lambda ledger, row: ledger.turns.require(row, Turn(newest=0)),
    "the newest sent": lambda ledger, row: ledger.turns.newest(row.place),
    "a draft's nonce": lambda ledger, row: ledger.take_draft_nonce("testnet", row.account, 1),
    "reserving": lambda ledger, row: ledger.reserve(replace(row, key=replace(row.key, nonce=7))),
    "sending": lambda ledger, row: ledger.begin_attempt(row, 1),
    "settling": lambda ledger, row: ledger.settle(row, 1, reading=Reading.OTHERWISE),
}  # fmt: skip
# Nothing but walking along an index that is in the order that is wanted, up to a limit or for an end.
ORDERED = re.compile(r"SCAN (posts|all) USING (COVERING )?INDEX posts_by_change")
HARMLESS = re.compile(r"(SCALAR|CORRELATED SCALAR) SUBQUERY|MULTI-INDEX OR|INDEX \d|SEARCH ")
# All rows of a venue, or of a signer there, are the whole ledger too.
NEARLY_ALL = re.compile(r"SEARCH posts .*\((venue=\?|venue=\? AND signer=\?|state=\?)\)$")
# In order to a limit or to an end, and those whose outcome is open.
BOUNDED = {"highest nonces", "a draft's nonce", "history of a state", "unfinished"}


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_question_reads_or_sorts_the_whole_ledger(asked, row, question):
    ledger, plans = asked
    ledger.reserve(row)
    plans.clear()
    QUESTIONS[question](ledger, row)
    assert plans
    assert [step for step in plans if not (HARMLESS.match(step) or ORDERED.match(step))] == []
    assert question in BOUNDED or [step for step in plans if NEARLY_ALL.match(step)] == []
