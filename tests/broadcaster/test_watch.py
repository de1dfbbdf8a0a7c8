"""`resolve --watch`: it goes on by itself, shares the work, tells of it, and stops when asked."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from contextlib import ExitStack, closing
from dataclasses import replace

import pytest
import requests

from coldlever.broadcaster.fate import NonceState

both = pytest.mark.both_engines


@pytest.fixture
def left_open(desk, action):
    """As many open payloads as wanted, each for a market of its own."""

    def make(count):
        for asset in (3, 4, 0)[:count]:
            desk.exchange.inject("drop")
            file = desk.signed_file(action.leverage(2, asset=asset))
            assert desk.post(file, "--retry-for", "0").status == 7

    return make


def at_pause(desk, *steps):
    """At each pause one step is done; behind the last one it is asked to stop."""
    waiting = [*steps, lambda: os.kill(os.getpid(), signal.SIGTERM)]

    def sleep(_seconds):
        if waiting:
            waiting.pop(0)()

    desk.machine = replace(desk.machine, sleep=sleep)


def log_of(shown):
    return [json.loads(line) for line in shown.stderr.splitlines() if line.startswith("{")]


@both
def test_what_is_open_is_finished_and_told_and_a_stop_is_heeded(desk, left_open):
    left_open(2)
    at_pause(desk)
    shown = desk.run("resolve", "--watch")
    assert shown.status == 0, shown.stderr
    told = log_of(shown)
    assert [one["event"] for one in told] == ["watching", "looked", "looked", "stopped"]
    assert {one["verdict"] for one in told if one["event"] == "looked"} == {"confirmed"}
    assert all(one["level"] == "info" and one["timestamp"].endswith("Z") for one in told)
    assert desk.accepted() == 2
    assert shown.stdout == ""


@both
def test_a_payload_is_looked_at_again_only_after_a_while(desk, left_open):
    left_open(1)
    with closing(desk.ledger()) as ledger:
        assert len(ledger.claim(60_000, 5, desk.time)) == 1
        assert ledger.claim(60_000, 5, desk.time) == []
        assert len(ledger.claim(0, 5, desk.time)) == 1


def test_a_clock_that_was_set_back_holds_nothing_back_in_a_file(desk, left_open):
    left_open(1)
    with closing(desk.ledger()) as ledger:
        assert len(ledger.claim(60_000, 5, desk.time)) == 1
        assert len(ledger.claim(60_000, 5, desk.time - 1)) == 1


@both
def test_workers_share_the_work(desk, left_open):
    left_open(3)
    with ExitStack() as stack:
        workers = [stack.enter_context(closing(desk.ledger())) for _ in range(3)]
        taken = [one.key for worker in workers for one in worker.claim(60_000, 1, desk.time)]
        assert len(set(taken)) == 3
        assert workers[0].claim(60_000, 1, desk.time) == []


def test_rows_that_another_worker_takes_up_are_passed_over_and_not_waited_for(
    desk, left_open, postgres
):
    left_open(1)
    desk.ledger_url = postgres.url(postgres.new_database())
    left_open(3)
    with closing(desk.ledger()) as one, closing(desk.ledger()) as other:
        first = one.rows()[0]
        with one.changing() as connection:
            connection.exec_driver_sql(
                "SELECT 1 FROM posts WHERE nonce = %s FOR UPDATE", (first.key.nonce,)
            )
            began = time.monotonic()
            found = other.claim(0, 5, desk.time)
            assert time.monotonic() - began < 2
        assert len(found) == 2
        assert first.key not in [row.key for row in found]


def test_a_ledger_that_is_away_for_a_while_is_waited_for(desk, left_open, postgres):
    database = postgres.new_database()
    desk.ledger_url = postgres.url(database)
    left_open(1)
    states = []

    def go():
        postgres.sql(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
        postgres.sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        )

    def come_back():
        postgres.sql(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
        states.append(desk.row().state)
        desk.exchange.inject("drop")
        desk.post(desk.signed_file(), "--retry-for", "0")

    naps = 30  # the half seconds of a pause
    at_pause(desk, go, *[lambda: None] * naps, come_back, *[lambda: None] * naps * 2)
    shown = desk.run("resolve", "--watch", "--every", "1")
    assert shown.status == 0
    assert "ledger-unreachable" in {one.get("code") for one in log_of(shown)}
    assert states == [NonceState.SPENT_ACCEPTED]
    with closing(desk.ledger()) as ledger:
        assert {row.state for row in ledger.rows()} == {NonceState.SPENT_ACCEPTED}


def a_free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.mark.slow
def test_metrics_and_health_are_served_until_it_ends(desk, left_open):
    left_open(1)
    address = f"127.0.0.1:{a_free_port()}"
    process = desk.spawn("resolve", "--watch", "--every", "1", "--metrics", address)
    page = ""
    try:
        deadline = time.monotonic() + 20
        while 'coldlever_looks_total{verdict="confirmed"} 1.0' not in page:
            assert time.monotonic() < deadline, page
            time.sleep(0.1)
            try:
                page = requests.get(f"http://{address}/metrics", timeout=5).text
            except requests.ConnectionError:
                continue
        assert "coldlever_seconds_since_pass" in page
        health = requests.get(f"http://{address}/health", timeout=5)
        assert (health.status_code, health.text) == (200, "ok\n")
        assert requests.get(f"http://{address}/else", timeout=5).status_code == 404
    finally:
        process.send_signal(signal.SIGTERM)
        shown = desk.finish(process)
    assert shown.status == 0
    assert log_of(shown)[-1]["event"] == "stopped"
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://{address}/health", timeout=5)


def test_it_is_not_well_when_the_ledger_was_not_gone_through_for_long():
    from coldlever.broadcaster.cli.gauges import Gauges

    now = [0.0]
    gauges = Gauges(lambda: now[0], 15)
    said = []

    def health():
        gauges._answer({"PATH_INFO": "/health"}, lambda status, _: said.append(status))
        return said[-1][:3]

    assert health() == "200"
    now[0] = 121.0
    assert health() == "503"
    gauges.passed({"open": 1})
    assert health() == "200"


@pytest.mark.parametrize(
    "address", ["0.0.0.0:9464", "9464", "127.0.0.1:x", "10.0.0.1:80", "[::]:1"]
)
def test_metrics_are_served_to_this_machine_alone(desk, address):
    shown = desk.run("resolve", "--watch", "--metrics", address)
    assert shown.status == 2
    assert "metrics-address" in shown.stderr
    assert threading.active_count() < 20


def test_a_port_that_is_taken_is_said(desk):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        shown = desk.run("resolve", "--watch", "--metrics", address)
    assert (shown.status, "port-taken" in shown.stderr) == (8, True)


@pytest.mark.parametrize("more", [("--nonce", "5"), ("--json",)])
def test_watching_is_for_all_payloads_and_has_no_document(desk, more):
    assert desk.run("resolve", "--watch", *more).status == 2
    assert desk.run("resolve", "--metrics", "127.0.0.1:0").status == 2
