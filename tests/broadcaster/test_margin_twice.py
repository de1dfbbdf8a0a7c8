"""Amounts of margin add up: what one payload did must not be taken for what another one did."""

from __future__ import annotations

from decimal import Decimal

import pytest

from coldlever.broadcaster.fate import NonceState

FIVE = 5_000_000


@pytest.fixture
def isolated(desk, action):
    """An open isolated position; tells its balance in USD."""
    desk.exchange.act(desk.sign(action.leverage(5, cross=False), nonce=desk.time - 9).body())
    desk.exchange.open_position(desk.user.address, "BTC", "0.01")
    start = desk.exchange.position(desk.user.address, "BTC").isolated_usd
    desk.exchange.journal.clear()

    def added() -> Decimal:
        return desk.exchange.position(desk.user.address, "BTC").isolated_usd - start

    return added


def only_second_lost(desk, kind: str):
    """Lets a fault happen to the second post of a batch."""
    act = desk.exchange.act

    def once(body, *, fault=None):
        desk.exchange.act = act
        desk.exchange.inject(kind)
        return act(body, fault=fault)

    desk.exchange.act = once


def test_a_lost_second_amount_of_a_batch_is_not_seen_in_the_first(desk, action, isolated):
    batch = desk.save(desk.sign(action.margin(FIVE)), desk.sign(action.margin(FIVE)))
    only_second_lost(desk, "drop")
    shown = desk.post(batch, "--retry-for", "0")
    assert [one["status"] for one in shown.document] == ["confirmed", "unknown"]
    assert shown.status == 7
    assert isolated() == 5
    assert desk.resolve().document[0]["status"] == "confirmed"
    assert isolated() == 10
    assert desk.accepted() == 2


def test_a_second_amount_that_landed_unanswered_is_seen_by_what_it_added(desk, action, isolated):
    batch = desk.save(desk.sign(action.margin(FIVE)), desk.sign(action.margin(FIVE)))
    only_second_lost(desk, "lose-answer")
    shown = desk.post(batch, "--retry-for", "0")
    assert [one["status"] for one in shown.document] == ["confirmed", "unknown"]
    assert [one["account"] for one in shown.document] == ["shows", "shows"]
    assert desk.resolve().document[0]["status"] == "in-effect"
    assert isolated() == 10


def test_an_amount_that_another_file_added_meanwhile_confirms_nothing(desk, action, isolated):
    first = desk.signed_file(action.margin(FIVE), name="first.json")
    desk.exchange.inject("drop")
    assert desk.post(first, "--retry-for", "0").status == 7
    desk.time += 1
    second = desk.signed_file(action.margin(FIVE), name="second.json")
    shown = desk.post(second, *desk.in_spite())
    assert (shown.document["status"], shown.document["account"]) == ("accepted", "unclear")
    # The balance has grown by exactly what the first one asked for, which is not sent any more.
    shown = desk.resolve()
    assert (shown.status, shown.document[0]["status"]) == (7, "unknown")
    assert shown.document[0]["held"] == "market-changed"
    assert isolated() == 5
    assert desk.accepted() == 1


def test_an_accepted_amount_is_not_confirmed_by_more_than_it_moved(desk, action, isolated):
    act = desk.exchange.act

    def with_funding(body, **more):
        reply = act(body, **more)
        act(desk.sign(action.margin(FIVE), nonce=desk.time - 5).body())
        return reply

    desk.exchange.act = with_funding
    shown = desk.post(desk.signed_file(action.margin(FIVE)))
    assert (shown.status, shown.document["status"]) == (0, "accepted")
    assert shown.document["account"] == "unclear"
    assert desk.naps == [], "waiting makes it no clearer"
    assert isolated() == 10


def test_an_accepted_amount_that_moved_nothing_is_reported(desk, action, isolated, monkeypatch):
    from coldlever.broadcaster.rehearsal.act import rules

    monkeypatch.setattr(rules, "_move_margin", lambda *_: None)
    shown = desk.post(desk.signed_file(action.margin(FIVE)))
    assert (shown.status, shown.document["status"]) == (0, "accepted")
    assert shown.document["account"] == "unclear"
    assert desk.row().state is NonceState.SPENT_ACCEPTED


def test_a_leverage_of_a_batch_is_compared_with_what_its_predecessor_left(desk, action):
    batch = desk.save(desk.sign(action.leverage(10)), desk.sign(action.leverage(10)))
    only_second_lost(desk, "drop")
    shown = desk.post(batch, "--retry-for", "0")
    assert [one["status"] for one in shown.document] == ["confirmed", "unknown"]
    assert shown.document[0]["receipt"]["before"]["leverage"] == 20
    assert shown.document[1]["receipt"]["before"]["leverage"] == 10
    assert desk.resolve().status == 0
    assert desk.accepted() == 2


def test_what_follows_an_unknown_outcome_stays_where_it_is_even_with_keep_going(desk, action):
    batch = desk.save(*[desk.sign(action.leverage(value)) for value in (3, 4, 5)])
    desk.exchange.inject("drop")
    shown = desk.post(batch, "--keep-going", "--retry-for", "0")
    assert [one["status"] for one in shown.document] == ["unknown", "not-posted", "not-posted"]
    assert [one["code"] for one in shown.document[1:]] == ["not-reached", "not-reached"]
    assert desk.accepted() == 0
    again = [one["status"] for one in desk.post(batch).document]
    assert again == ["confirmed", "accepted", "confirmed"]
    assert desk.setting() == (True, 5)
