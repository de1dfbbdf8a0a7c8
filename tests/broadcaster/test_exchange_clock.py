"""The exchange's clock is read once and carried on, but never past what may be relied on."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from coldlever.broadcaster.venue.clock import MAX_AGE_MS, ExchangeClock

START = 1_795_340_000_000


@pytest.fixture
def scene():
    one = SimpleNamespace(exchange=START, mono=0.0, wall=7, asked=0, takes=0.0)

    def now():
        one.asked += 1
        one.mono += one.takes
        one.wall += round(one.takes * 1000)
        return one.exchange

    one.clock = ExchangeClock(SimpleNamespace(now=now), lambda: one.mono, lambda: one.wall)
    return one


def pass_time(scene, seconds: float) -> None:
    scene.mono += seconds
    scene.wall += round(seconds * 1000)


def test_it_is_carried_on_without_asking(scene):
    assert scene.clock.now() == START
    pass_time(scene, 12.5)
    assert scene.clock.now() == START + 12_500
    assert scene.asked == 1


def test_it_runs_ahead_by_the_way_of_the_answer_and_never_behind(scene):
    scene.takes = 2.0
    scene.clock.now()
    assert scene.clock.now() == START + 2_000


def test_an_old_reading_is_renewed(scene):
    scene.clock.now()
    pass_time(scene, MAX_AGE_MS / 1000 + 1)
    scene.exchange = START + 5
    assert scene.clock.now() == START + 5
    assert scene.asked == 2


@pytest.mark.parametrize("jump", [3_600_000, -3_600_000])
def test_a_machine_that_slept_or_whose_clock_was_set_asks_again(scene, jump):
    scene.clock.now()
    scene.wall += jump
    scene.clock.now()
    assert scene.asked == 2


def test_what_expires_while_it_waits_for_the_exchanges_limit_is_not_sent(desk):
    def sleep(seconds):
        desk.naps.append(seconds)
        desk.time += round(seconds * 1000)

    desk.machine = replace(desk.machine, sleep=sleep)
    file = desk.signed_file(expires_after=desk.time + 30_000)
    ledger = desk.ledger()
    try:
        spent = ledger.weight_at(desk.url, 1200)
        # What the checks need is left, and no more.
        assert spent.take(1200 - 130, desk.time) == 0
    finally:
        ledger.close()
    shown = desk.post(file)
    assert (shown.status, shown.document["code"]) == (4, "expired")
    assert sum(desk.naps) > 30
    assert desk.requests() == 0
