"""Leases: one host at a time at an account's market, and nothing recorded by one that lost it."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from itertools import count

import pytest
import sqlalchemy as sa

from coldlever.broadcaster.fate import NonceState, Reading
from coldlever.broadcaster.ledger.lease import BEGIN_WITHIN_S, LEASE_MS
from coldlever.broadcaster.ledger.row import NonceKey, Place, Row
from coldlever.broadcaster.ledger.server import LedgerServer
from coldlever.broadcaster.ledger.store import Ledger
from coldlever.broadcaster.post.lease import MarketLease
from coldlever.broadcaster.post.lock import WAIT_S
from coldlever.broadcaster.venue.client import TOTAL_TIMEOUT_S
from coldlever.shared.errors import EnvironmentFault, RuleRefused


@pytest.fixture
def database(postgres):
    return postgres.new_database()


@pytest.fixture
def host(postgres, database):
    """Makes ledgers as other hosts would open them."""
    opened = []

    def make(holder: str, monotonic=time.monotonic) -> Ledger:
        server = LedgerServer(sa.make_url(postgres.url(database)), holder=holder)
        opened.append(Ledger(server, monotonic=monotonic))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def place(key_of):
    return lambda coin: Place("testnet", key_of(1).address, coin)


@pytest.fixture
def row(key_of):
    def make(nonce: int) -> Row:
        address = key_of(1).address
        return Row(
            NonceKey("testnet", address, nonce), b"\x07" * 32, "", address, "BTC", "{}", None,
            NonceState.UNSENT, Reading.NOT_READ, 0, None, None, None, 0, None, nonce, nonce,
        )  # fmt: skip

    return make


@pytest.fixture
def expire(postgres, database):
    return lambda: postgres.sql("UPDATE leases SET ends_at = 1", database=database)


def fault_of(call, *arguments) -> str:
    with pytest.raises(EnvironmentFault) as fault:
        call(*arguments)
    return fault.value.code


def test_a_lease_outlives_every_request_and_is_outlasted_by_whoever_waits():
    assert (TOTAL_TIMEOUT_S + BEGIN_WITHIN_S) * 1000 < LEASE_MS
    assert LEASE_MS < WAIT_S * 1000


def test_one_host_at_a_time_holds_a_market(host, place):
    naps = []
    one = MarketLease(host("host one").leases, naps.append)
    two = MarketLease(host("host two").leases, naps.append, wait_s=1)
    with one.held(place("BTC")):
        with pytest.raises(EnvironmentFault) as fault:
            two.acquire(place("ETH"), place("BTC"))
        assert fault.value.code == "payload-busy"
        assert "host one" in fault.value.message
        assert sum(naps) >= 1
        with one.held(place("BTC"), place("ETH")):
            assert sum(naps) < 2, "what is held is taken again, what was given up is free"
    with two.held(place("BTC")):
        assert fault_of(MarketLease(one._leases, naps.append, 0).acquire, place("BTC"))


def test_the_lease_of_a_host_that_died_ends_by_the_databases_clock(host, place, expire):
    host("dead").leases.take(place("BTC"))
    two = host("host two").leases
    assert two.take(place("BTC")).startswith("dead")
    expire()
    assert two.take(place("BTC")) is None


def test_nothing_is_recorded_without_the_lease(host, place, row, expire):
    slow, quick = host("slow"), host("quick")
    slow.reserve(row(5))
    assert fault_of(slow.begin_attempt, row(5), 6) == "lease-lost", "never taken"
    slow.leases.take(place("BTC"))
    expire()
    quick.leases.take(place("BTC"))
    assert fault_of(slow.begin_attempt, row(5), 6) == "lease-lost", "taken over"
    assert quick.find(row(5).key) == row(5)
    begun = quick.begin_attempt(row(5), 7)
    assert (begun.state, begun.attempts) == (NonceState.OPEN, 1)
    slow.leases.give_back(place("BTC"))
    assert host("third").leases.take(place("BTC")).startswith("quick"), (
        "an old number gives nothing back"
    )


def test_a_lease_that_ended_and_that_nobody_took_is_renewed(host, place, row, expire):
    one = host("one")
    one.reserve(row(5))
    one.leases.take(place("BTC"))
    expire()
    one.begin_attempt(row(5), 6)
    assert host("two").leases.take(place("BTC")).startswith("one")


def test_a_long_run_takes_what_it_lost_once_more(host, place, row, expire):
    slow, quick = host("slow"), host("quick")
    slow.reserve(row(5))
    lease = MarketLease(slow.leases, lambda _: None)
    with lease.held(place("BTC")):
        expire()
        assert quick.leases.take(place("BTC")) is None
        expire()
        with lease.held(place("BTC")):
            assert slow.begin_attempt(row(5), 6).state is NonceState.OPEN
        assert quick.leases.take(place("BTC")).startswith("slow")


def test_what_took_too_long_to_record_is_not_sent(host, place, row):
    """As on a host that was suspended meanwhile: the row is open, and says no more than that."""
    ticks = count(step=BEGIN_WITHIN_S + 1)
    one = host("one", lambda: next(ticks))
    one.reserve(row(5))
    one.leases.take(place("BTC"))
    assert fault_of(one.begin_attempt, row(5), 6) == "lease-lost"
    assert one.find(row(5).key).state is NonceState.OPEN


def test_a_market_is_given_back_though_the_server_has_gone(host, place, postgres, database):
    one = host("one")
    lease = MarketLease(one.leases, lambda _: None)
    with lease.held(place("BTC")):
        postgres.sql(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
        postgres.sql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
        )
    postgres.sql(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
    assert lease._held == {}
    assert host("two").leases.take(place("BTC")).startswith("one"), "until it ends by itself"


@pytest.mark.slow
def test_a_host_that_is_suspended_past_its_lease_changes_nothing_when_it_wakes(
    desk, postgres, database, expire, wait_until
):
    desk.ledger_url = postgres.url(database)
    file, other = desk.signed_file(), desk.signed_file(name="other.json")
    desk.exchange.inject("delay", seconds=8)
    asleep = desk.spawn("post", file, "--retry-for", "0", "--json")
    with closing(desk.ledger()) as ledger:
        wait_until(lambda: [one.state for one in ledger.rows()] == [NonceState.OPEN])
    os.kill(asleep.pid, signal.SIGSTOP)
    try:
        expire()
        shown = desk.post(other)
        assert (shown.status, shown.document["error"]["code"]) == (4, "older-open")
        (resolved,) = desk.resolve().document
        assert resolved["nonceState"] in ("spent-accepted", "spent")
    finally:
        os.kill(asleep.pid, signal.SIGCONT)
    late = desk.finish(asleep)
    assert (late.status, late.document["error"]["code"]) == (8, "ledger-changed")
    assert desk.accepted() == 1
    assert desk.post(other).status == 0


@pytest.mark.slow
def test_no_payload_is_added_beside_a_revocation_that_another_host_adds(host, row):
    """Neither holds the other's market: each looks for the other's row under one lock."""
    hosts = host("one"), host("two")
    for nonce in range(10, 60):
        payload = row(nonce)
        noop = replace(payload, key=payload.key.other, coin="", action_hash=b"\x08" * 32)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(reserve, hosts, (payload, noop)))
        with hosts[0].seeing() as connection:
            query = f"SELECT what, change_number FROM posts WHERE nonce = {nonce} ORDER BY what"
            found = dict(connection.exec_driver_sql(query).all())
        assert "revocation" in found
        assert found.get("payload", 0) < found["revocation"], "it was there before, or not at all"


def reserve(ledger, one):
    with suppress(RuleRefused):
        ledger.reserve(one)
