"""All processes of a machine share the exchange's limit, whatever its clock does."""

from __future__ import annotations

import json
import time
from contextlib import closing
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldlever.broadcaster.ledger.store import Ledger
from coldlever.broadcaster.rehearsal import RehearsalServer
from coldlever.broadcaster.venue.weight import WeightBudget

MINUTE = 60_000
START = 1_795_340_000_000


@pytest.fixture
def ledger(tmp_path):
    with closing(Ledger(tmp_path)) as one:
        yield one


@pytest.fixture
def weight(ledger):
    return ledger.weight_at("http://here", 100)


def test_what_fits_passes_and_what_does_not_waits_until_the_first_is_a_minute_old(weight):
    assert weight.take(60, START) == 0
    assert weight.take(40, START + 10_000) == 0
    wait = weight.take(10, START + 20_000)
    assert 40_000 <= wait <= 42_000
    assert weight.take(10, START + 20_000 + wait) == 0


def test_nothing_is_spent_by_waiting(weight):
    weight.take(100, START)
    for _ in range(5):
        assert weight.take(1, START + 1) > 0
    assert weight.take(100, START + MINUTE + 2_000) == 0


def test_what_weighs_more_than_the_limit_goes_once_all_else_has_passed(weight):
    weight.take(3, START)
    wait = weight.take(500, START)
    assert MINUTE <= wait <= MINUTE + 2_000
    assert weight.take(500, START + wait) == 0


def test_a_refusal_of_the_exchange_blocks_everybody_for_as_long(weight, ledger):
    weight.refuse(9_000, START)
    other = ledger.weight_at("http://here", 100)
    assert 8_500 <= other.take(1, START) <= 9_000
    assert other.take(1, START + 9_000) == 0
    assert ledger.weight_at("http://elsewhere", 100).take(100, START) == 0


@pytest.mark.parametrize("back", [1_000, MINUTE, 86_400_000])
def test_a_clock_set_back_neither_blocks_for_long_nor_forgets(weight, back):
    assert weight.take(100, START) == 0
    wait = weight.take(1, START - back)
    assert 0 < wait <= MINUTE + 1_500, "it counts as spent just now"
    assert weight.take(1, START - back + wait) == 0


def test_a_clock_set_forward_forgets_a_window_at_most(weight):
    assert weight.take(100, START) == 0
    assert weight.take(100, START + 86_400_000) == 0
    assert weight.take(1, START + 86_400_000) > 0


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30_000), st.integers(1, 60)), max_size=30))
def test_no_minute_ever_holds_more_than_the_limit(tmp_path_factory, spending):
    spent, now = [], START
    with closing(Ledger(tmp_path_factory.mktemp("ledger"))) as ledger:
        weight = ledger.weight_at("http://here", 100)
        for pause, amount in spending:
            now += pause
            while wait := weight.take(amount, now):
                now += wait
            spent.append((now, amount))
    for moment, _ in spent:
        assert sum(w for at, w in spent if moment - MINUTE < at <= moment) <= 100


def test_two_processes_together_keep_to_the_limit(tmp_path):
    clock = SimpleNamespace(now=0.0)

    def sleep(seconds):
        clock.now += seconds

    def budget(ledger):
        return WeightBudget(
            lambda: clock.now,
            sleep,
            100,
            shared=ledger.weight_at("http://here", 100),
            clock=lambda: START + round(clock.now * 1000),
        )

    with closing(Ledger(tmp_path)) as one, closing(Ledger(tmp_path)) as other:
        ours, theirs = budget(one), budget(other)
        spent = []
        for _ in range(12):
            for who in (ours, theirs):
                who.spend(20)
                spent.append(clock.now)
    for moment in spent:
        assert len([at for at in spent if moment - 60 < at <= moment]) <= 5
    assert clock.now >= 240


def test_a_clock_that_stands_still_does_not_keep_a_budget_waiting_for_ever(ledger):
    naps = []
    budget = WeightBudget(
        lambda: 0.0,
        naps.append,
        10**9,
        shared=ledger.weight_at("http://here", 100),
        clock=lambda: START,
    )
    budget.spend(100)
    budget.spend(100)
    assert len(naps) == 1


def test_what_another_command_spent_is_waited_for(desk):
    server = RehearsalServer(desk.exchange)
    desk.time = START
    with server:
        desk.url = server.url
        assert desk.check(desk.signed_file()).status == 0
        with closing(desk.ledger()) as ledger:
            spent = ledger.weight_at(desk.url, 1200)
            while spent.take(1, desk.time) == 0:
                pass
        assert desk.check(desk.signed_file()).status == 0
        assert sum(desk.naps) >= 60


def test_an_answer_429_holds_other_processes_up(desk):
    desk.exchange.inject("429", seconds=45)
    assert desk.post(desk.signed_file(), "--retry-for", "0").status == 6
    with closing(desk.ledger()) as ledger:
        assert 40_000 < ledger.weight_at(desk.url, 1200).take(1, desk.time) <= 45_000


@pytest.mark.slow
def test_two_commands_at_once_are_never_refused_for_their_weight(desk, action, monkeypatch):
    from coldlever.broadcaster.rehearsal.serve import transmission

    refused = []
    too_many = transmission.answers.too_many
    monkeypatch.setattr(
        transmission.answers, "too_many", lambda wait: refused.append(wait) or too_many(wait)
    )
    server = RehearsalServer(desk.exchange, weight_limit=1200)
    with server:
        desk.url = server.url
        files = [desk.signed_file(action.leverage(5, asset=n), name=f"{n}.json") for n in (3, 4)]
        with closing(desk.ledger()) as ledger:
            # Most of the minute is gone: what is left does for one of them.
            now = time.time_ns() // 1_000_000
            assert ledger.weight_at(desk.url, 1200).take(1000, now - 55_000) == 0
        both = [desk.spawn("check", file, "--json") for file in files]
        assert [json.loads(desk.finish(one).stdout)["ok"] for one in both]
    assert refused == []
