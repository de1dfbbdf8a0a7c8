"""Markets of a batch go side by side, each in its order; two readings a market do."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger.store import Ledger
from coldlever.broadcaster.post.poster import Poster
from coldlever.broadcaster.post.side_by_side import Schedule, Task, run_all
from coldlever.broadcaster.rehearsal.state.nonces import NonceSet
from coldlever.shared.action.address import Address
from coldlever.shared.action.market import MarginMode
from coldlever.shared.errors import EnvironmentFault

ANNA, BEN = Address(b"\x01" * 20), Address(b"\x02" * 20)


@pytest.fixture
def at_post(desk):
    """Does something with the n-th post, instead of what the exchange does or around it."""
    act, lock, numbers = desk.exchange.act, threading.Lock(), []

    def arrange(which: int, do) -> None:
        def wrapped(body, *, fault=None):
            with lock:
                numbers.append(1)
                number = len(numbers)
            return do(lambda: act(body, fault=fault)) if number == which else act(body, fault=fault)

        desk.exchange.act = wrapped

    return arrange


@pytest.fixture
def markets(desk):
    """Ids of that many markets that allow cross margin."""
    table = desk.reader().market_table(0).entries.values()
    usable = [
        one
        for one in table
        if one.margin_mode is MarginMode.NORMAL and not one.delisted and one.max_leverage >= 10
    ]
    return lambda count: [one.asset for one in usable[:count]]


@pytest.fixture
def spread(desk, action, markets):
    """A batch over so many markets, its changes in turn."""

    def make(count: int, *values: int) -> str:
        payloads = [
            desk.sign(action.leverage(value, asset=asset))
            for value in values
            for asset in markets(count)
        ]
        return desk.save(*payloads)

    return make


def statuses(shown) -> list[str]:
    return [one["status"] for one in shown.document]


def finding(document, code: str) -> dict:
    return next(one for one in document["checks"] if one["code"] == code)


# --- the schedule -----------------------------------------------------------------------------


def drain(schedule: Schedule) -> list[int]:
    done = []
    while (task := schedule.take()) is not None:
        done.append(task.number)
        schedule.finish(task)
    return done


def test_alone_a_worker_keeps_the_order_given():
    tasks = [Task(number, number % 3, ANNA, number) for number in range(9)]
    assert drain(Schedule(tasks, {})) == list(range(9))


def test_a_busy_market_is_passed_over_and_its_next_waits():
    tasks = [Task(0, "A", ANNA, 1), Task(1, "A", ANNA, 2), Task(2, "B", ANNA, 3)]
    schedule = Schedule(tasks, {})
    first, second = schedule.take(), schedule.take()
    assert (first.number, second.number) == (0, 2)
    schedule.finish(first)
    assert schedule.take().number == 1


def test_stopped_it_gives_out_nothing_even_to_who_waits():
    schedule = Schedule([Task(0, "A", ANNA, 1), Task(1, "A", ANNA, 2)], {})
    schedule.take()
    got = []
    waiting = threading.Thread(target=lambda: got.append(schedule.take()))
    waiting.start()
    schedule.stop()
    waiting.join(5)
    assert got == [None]


def test_nonces_overtake_a_slow_one_only_as_far_as_the_floor_allows():
    tasks = [Task(number, number, ANNA, number) for number in range(120)]
    schedule = Schedule([*tasks, Task(120, "B", BEN, 0)], {})
    slow = schedule.take()
    overtaking = [schedule.take() for _ in range(99)]
    assert [one.number for one in overtaking] == list(range(1, 100))
    assert schedule.take().signer == BEN, "another signer has nonces of its own"
    schedule.finish(slow)
    assert schedule.take().number == 100


@settings(max_examples=25, deadline=None)
@given(data=st.data(), markets=st.integers(1, 30), count=st.integers(100, 260))
def test_whatever_takes_how_long_no_nonce_falls_below_the_floor(data, markets, count):
    used, now = NonceSet(), 10_000_000_000
    for nonce in range(now, now + 60):
        used.claim(nonce, now)
    tasks = [Task(n, n % markets, ANNA, now + 100 + n) for n in range(count)]
    schedule = Schedule(tasks, {ANNA: list(range(now, now + 60))})
    random = data.draw(st.randoms(use_true_random=False))
    busy, done = [], 0
    while done < count:
        may_take = len(busy) < 8 and schedule._startable() is not None
        if may_take and (not busy or random.random() < 0.6):
            busy.append(schedule.take())
        else:
            task = busy.pop(random.randrange(len(busy)) if random.random() < 0.3 else -1)
            used.claim(task.nonce, now)
            schedule.finish(task)
            done += 1
    assert drain(schedule) == []


def test_a_worker_that_breaks_down_frees_its_market(monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    done = []

    def worker(task):
        done.append(task.number)
        if task.number == 0:
            raise RuntimeError("a defect")

    tasks = [Task(0, "A", ANNA, 1), Task(1, "A", ANNA, 2)]
    run_all(Schedule(tasks, {}), [worker, worker], lambda: False)
    assert done == [0, 1]


# --- side by side -----------------------------------------------------------------------------


def test_markets_are_posted_side_by_side_and_results_keep_their_order(desk, spread):
    meeting, act = threading.Barrier(4, timeout=20), desk.exchange.act

    def together(body, *, fault=None):
        meeting.wait()
        return act(body, fault=fault)

    desk.exchange.act = together
    shown = desk.post(spread(4, 3, 4))
    assert shown.status == 0, shown.document
    assert statuses(shown) == ["accepted"] * 4 + ["confirmed"] * 4
    nonces = [one["receipt"]["payload"]["nonce"] for one in shown.document]
    assert nonces == sorted(nonces)


def test_of_one_market_no_two_are_under_way_at_once(desk, spread):
    act, lock, under_way, most = desk.exchange.act, threading.Lock(), Counter(), Counter()

    def watched(body, *, fault=None):
        asset = json.loads(body)["action"]["asset"]
        with lock:
            under_way[asset] += 1
            most[asset] = max(most[asset], under_way[asset])
        reply = act(body, fault=fault)
        with lock:
            under_way[asset] -= 1
        return reply

    desk.exchange.act = watched
    assert desk.post(spread(3, 3, 4, 5, 6)).status == 0
    assert set(most.values()) == {1}
    nonces = [entry.nonce for entry in desk.exchange.journal.entries()]
    by_market = [[nonce for nonce in nonces if nonce % 3 == rest] for rest in range(3)]
    assert all(one == sorted(one) for one in by_market)


def test_at_once_1_sends_all_in_the_order_given(desk, spread):
    assert desk.post(spread(5, 3, 4), "--at-once", "1").status == 0
    nonces = [entry.nonce for entry in desk.exchange.journal.entries()]
    assert nonces == sorted(nonces)
    assert len(nonces) == 10


def test_an_unknown_outcome_starts_nothing_more_and_what_was_under_way_is_told(
    desk, spread, at_post
):
    broken = threading.Event()

    def break_down(_act):
        broken.set()
        raise ConnectionError

    at_post(3, break_down)
    act = desk.exchange.act

    def slowly(body, *, fault=None):
        # Time to learn of it, on a machine that has much to do.
        if broken.is_set():
            threading.Event().wait(0.5)
        return act(body, fault=fault)

    desk.exchange.act = slowly
    shown = desk.post(spread(6, 3, 4, 5), "--at-once", "3", "--retry-for", "0", "--keep-going")
    assert shown.status == 7
    told = Counter(statuses(shown))
    assert told["unknown"] == 1
    assert told["not-posted"] >= 6
    rows = desk.run("history", "--json").document
    assert len(rows) == 18 - told["not-posted"]
    assert told["confirmed"] + told["accepted"] == desk.accepted()
    assert "not-read" not in {one["account"] for one in shown.document if one["receipt"]}


def test_a_refusal_stops_the_others_unless_told_otherwise(desk, spread, at_post, action):
    desk.exchange.inject("422")
    shown = desk.post(spread(4, 3, 4), "--at-once", "2")
    assert shown.status == 6
    assert Counter(statuses(shown))["not-posted"] >= 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_in_the_middle_loses_nothing_of_what_was_under_way(
    desk, spread, at_post, number, tmp_path
):
    def stop(act):
        os.kill(os.getpid(), number)
        return act()

    at_post(4, stop)
    receipt = tmp_path / "receipt.json"
    shown = desk.post(spread(6, 3, 4, 5), "--at-once", "3", "--receipt", str(receipt))
    assert shown.status == 130
    told = Counter(statuses(shown))
    assert told["accepted"] + told["confirmed"] == desk.accepted()
    assert 4 <= desk.accepted() < 18
    assert told["not-posted"] == 18 - desk.accepted()
    ledger = desk.ledger()
    try:
        assert {row.state for row in ledger.rows()} == {NonceState.SPENT_ACCEPTED}
        assert len(ledger.rows()) == desk.accepted() == len(json.loads(receipt.read_text()))
    finally:
        ledger.close()
    assert desk.post(str(desk.folder / "signed.json")).status == 0
    assert desk.accepted() == 18


def test_a_stop_ends_the_pauses_of_all(desk, spread, at_post):
    desk.exchange.inject("503", count=1000)
    naps = []

    def sleep(seconds):
        naps.append(seconds)
        if len(naps) == 30:
            os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(0.005)

    desk.machine = replace(desk.machine, sleep=sleep)
    shown = desk.post(spread(4, 3), "--at-once", "4", "--retry-for", "600")
    assert shown.status == 130
    assert set(statuses(shown)) == {"unknown"}
    assert {one["code"] for one in shown.document} == {"interrupted"}


# --- readings ---------------------------------------------------------------------------------


def test_a_market_is_read_before_its_first_and_after_its_last(desk, spread, asked):
    # In no time, or the exchange's clock is asked again meanwhile.
    desk.machine = replace(desk.machine, monotonic=lambda: 0.0)
    shown = desk.post(spread(2, 3, 4, 5))
    assert statuses(shown) == ["accepted"] * 4 + ["confirmed"] * 2
    counted = Counter(asked)
    assert counted["activeAssetData"] == 2 + 2 * 2, "once for the checks, then twice a market"
    assert counted["exchangeStatus"] <= 2
    assert (counted["userRole"], counted["meta"], counted["userToMultiSigSigners"]) == (1, 1, 1)


def test_of_many_markets_only_positions_are_asked_for_beforehand(desk, spread, markets, asked):
    coin = desk.reader().market(markets(1)[0]).coin
    desk.exchange.open_position(desk.user.address, coin, "0.01")
    asked.clear()
    others = len(markets(12)) - 1
    assert others >= 10
    shown = desk.post(spread(12, 3, 4))
    assert shown.status == 0, shown.document
    counted = Counter(asked)
    assert counted["activeAssetData"] == 2 * others
    assert counted["clearinghouseState"] == 2 + 2, "once a dex, then twice for the position"
    assert shown.document[0]["receipt"]["before"]["size"] == "0.01"


def test_of_many_markets_the_checks_say_what_they_did_not_ask(desk, spread):
    shown = desk.check(spread(3, 3))
    assert "from cross" in finding(shown.document[0], "change")["detail"]
    desk.exchange.open_position(desk.user.address, "BTC", "0.01")
    found = desk.post(spread(11, 90), "--keep-going").document[5]
    assert "read when it is posted" in finding(found, "change")["detail"]
    assert all(one["ok"] is not None for one in found["checks"])


def test_what_a_later_one_overwrote_is_accepted_and_names_it(desk, action):
    file = desk.save(*[desk.sign(action.leverage(value)) for value in (3, 4, 5)])
    shown = desk.post(file)
    assert statuses(shown) == ["accepted", "accepted", "confirmed"]
    assert [one["account"] for one in shown.document] == ["superseded", "superseded", "in-force"]
    assert [one["supersededByNumber"] for one in shown.document] == [2, 3, None]
    nonces = [one["receipt"]["payload"]["nonce"] for one in shown.document]
    assert [one["supersededBy"] for one in shown.document] == [nonces[1], nonces[2], None]
    assert [one["receipt"]["before"].get("inferred") for one in shown.document] == [
        None,
        True,
        True,
    ]


def test_people_are_told_by_which_of_the_run(desk, action):
    file = desk.save(*[desk.sign(action.leverage(value)) for value in (3, 4)])
    assert "(#2 of this run)" in desk.run("post", file).stderr


def test_where_the_last_is_refused_the_one_before_is_read(desk, action, at_post):
    def refuse(act):
        desk.exchange.inject("422")
        return act()

    at_post(2, refuse)
    file = desk.save(*[desk.sign(action.leverage(value)) for value in (3, 4, 5)])
    shown = desk.post(file, "--keep-going")
    assert statuses(shown) == ["accepted", "confirmed", "refused"]
    assert [one["account"] for one in shown.document[:2]] == ["superseded", "in-force"]
    assert not any(one["alreadyPosted"] for one in shown.document)


def test_an_effect_that_does_not_show_confirms_nothing(desk, action, monkeypatch):
    from coldlever.broadcaster.rehearsal.act import rules

    monkeypatch.setattr(rules, "apply", lambda *_: None)
    file = desk.save(*[desk.sign(action.leverage(value)) for value in (3, 4)])
    shown = desk.post(file)
    assert statuses(shown) == ["accepted", "accepted"]
    assert [one["account"] for one in shown.document] == ["superseded", "otherwise"]


def test_amounts_are_read_one_by_one(desk, action):
    desk.exchange.act(desk.sign(action.leverage(5, cross=False), nonce=desk.time - 9).body())
    desk.exchange.open_position(desk.user.address, "BTC", "0.01")
    changes = [
        action.margin(5_000_000),
        action.margin(5_000_000),
        action.leverage(4, cross=False),
        action.margin(3_000_000),
        action.leverage(6, cross=False),
        action.leverage(7, cross=False),
    ]
    shown = desk.post(desk.save(*[desk.sign(change) for change in changes]))
    assert shown.status == 0
    told = [(one["status"], one["account"]) for one in shown.document]
    assert told == [
        ("confirmed", "shows"),
        ("confirmed", "shows"),
        ("confirmed", "shows"),
        ("confirmed", "shows"),
        ("accepted", "superseded"),
        ("confirmed", "in-force"),
    ]


def test_after_a_kill_between_two_of_a_market_resolve_knows_what_was_before(desk, action, at_post):
    def lose(act):
        desk.exchange.inject("drop", count=2)
        return act()

    at_post(1, lose)
    file = desk.save(*[desk.sign(action.leverage(value)) for value in (3, 4)])
    assert desk.post(file, "--retry-for", "0").status == 7
    (shown,) = desk.resolve("--nonce", str(desk._nonce), "--retry-for", "0").document
    assert shown["nonceState"] == "open", "the second fault"
    (shown,) = desk.resolve("--nonce", str(desk._nonce)).document
    assert (shown["status"], shown["account"]) == ("confirmed", "in-force")


def test_a_batch_waits_out_what_others_spend_of_the_exchanges_limit(desk, spread):
    from dataclasses import replace

    def sleep(seconds):
        desk.naps.append(seconds)
        desk.time += round(seconds * 1000)

    desk.machine = replace(desk.machine, sleep=sleep)
    desk.exchange.inject("429", seconds=45, count=2)
    shown = desk.post(spread(2, 3), "--at-once", "1")
    assert shown.status == 0, shown.document
    assert sum(desk.naps) >= 89


def test_what_cannot_be_noted_of_one_does_not_hide_what_became_of_the_next(
    desk, action, monkeypatch
):
    def fail(*_arguments):
        raise EnvironmentFault("ledger-locked", "busy")

    monkeypatch.setattr(Poster, "supersede", fail)
    shown = desk.post(desk.save(*[desk.sign(action.leverage(value)) for value in (3, 4)]))
    assert statuses(shown) == ["accepted", "confirmed"]
    assert [one["account"] for one in shown.document] == ["not-read", "in-force"]
    (resolved,) = desk.resolve().document
    assert (resolved["status"], resolved["account"]) == ("accepted", "superseded")


def test_a_defect_in_one_thread_ends_the_run_and_hides_no_outcome(desk, spread, monkeypatch):
    record, calls = Ledger.record_answer, []

    def break_down(*arguments, **options):
        calls.append(1)
        if len(calls) == 3:
            raise TypeError("a defect")
        return record(*arguments, **options)

    monkeypatch.setattr(Ledger, "record_answer", break_down)
    shown = desk.post(spread(5, 3, 4), "--at-once", "2")
    told = Counter(one["code"] for one in shown.document)
    assert told["internal-error"] == 1
    assert told["accepted"] == desk.accepted() - 1
    assert told["not-reached"] >= 4


def test_two_runs_over_the_same_markets_do_not_wait_for_each_other_for_ever(desk, action, markets):
    """Each holds what the other wants next, if locks were taken one by one."""
    changes = [action.leverage(3, asset=asset) for asset in markets(3)]
    one = desk.save(*[desk.sign(change) for change in changes], name="one.json")
    other = desk.save(*[desk.sign(change) for change in reversed(changes)], name="other.json")
    both = [desk.spawn("post", file, "--json", "--keep-going") for file in (one, other)]
    shown = [desk.finish(process) for process in both]
    for run in shown:
        # One may look while the other is about it.
        assert {each["code"] for each in run.document} <= {"accepted", "newer-sent", "older-open"}
    assert desk.accepted() >= 3
