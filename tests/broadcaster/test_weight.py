"""The request weight budget, by a clock that only sleeping moves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldlever.broadcaster.venue.weight import LIMIT, WINDOW_S, WeightBudget


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.naps: list[float] = []

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


def test_within_the_limit_nothing_waits(clock):
    assert LIMIT == 1200
    budget = WeightBudget(clock.read, clock.sleep)
    for _ in range(60):
        budget.spend(20)
    assert clock.naps == []


def test_one_more_waits_until_the_first_is_a_minute_old(clock):
    budget = WeightBudget(clock.read, clock.sleep)
    budget.spend(1000)
    clock.now = 10
    budget.spend(200)
    budget.spend(20)
    assert clock.naps == [50]
    assert clock.now == 60


def test_it_waits_as_often_as_room_needs(clock):
    budget = WeightBudget(clock.read, clock.sleep, limit=10)
    for moment in (0, 5, 9):
        clock.now = moment
        budget.spend(4 if moment else 2)
    budget.spend(8)
    assert clock.naps == [51, 5, 4]


def test_what_weighs_more_than_the_limit_goes_once_all_else_has_passed(clock):
    budget = WeightBudget(clock.read, clock.sleep, limit=10)
    budget.spend(3)
    budget.spend(50)
    assert clock.now == 60


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 60)), max_size=60))
def test_no_minute_ever_holds_more_than_the_limit(spending):
    clock = Clock()
    budget = WeightBudget(clock.read, clock.sleep, limit=100)
    spent: list[tuple[float, int]] = []
    for pause, weight in spending:
        clock.now += pause
        budget.spend(weight)
        spent.append((clock.now, weight))
    for moment, _ in spent:
        assert sum(w for at, w in spent if moment - WINDOW_S < at <= moment) <= 100
