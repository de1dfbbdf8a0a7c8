"""Hosts that share a ledger share the exchange's limit, whatever their clocks say."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest
import sqlalchemy as sa

from coldlever.broadcaster.ledger.server import LedgerServer
from coldlever.broadcaster.ledger.store import Ledger

START = 1_795_340_000_000
DAY = 86_400_000


@pytest.fixture
def hosts(postgres):
    """The shared weights of as many hosts as wanted."""
    url = sa.make_url(postgres.url(postgres.new_database()))
    with ExitStack() as stack:

        def make(count):
            ledgers = [
                stack.enter_context(closing(Ledger(LedgerServer(url)))) for _ in range(count)
            ]
            return [one.weight_at("http://here", 100) for one in ledgers]

        yield make


def test_hosts_whose_clocks_differ_by_a_day_share_one_budget(hosts):
    early, late = hosts(2)
    assert early.take(60, START) == 0
    assert late.take(60, START + DAY) > 50_000
    assert late.take(40, START + DAY) == 0
    assert early.take(1, START) > 50_000
    assert early.take(60, START + 62_000) == 0


def test_an_answer_429_holds_all_hosts_up(hosts):
    one, other = hosts(2)
    one.refuse(9_000, START)
    assert 8_000 <= other.take(1, START - DAY) <= 9_000


def test_many_hosts_at_once_do_not_overspend(hosts):
    many = hosts(6)
    with ThreadPoolExecutor(6) as pool:
        waits = list(pool.map(lambda one: one.take(10, START), many * 4))
    assert waits.count(0) == 10
