"""What only a person can end, and what must not be ended yet."""

from __future__ import annotations

import json

import pytest

from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger.store import Ledger
from coldlever.broadcaster.post.account import Account
from coldlever.broadcaster.venue.client import ExchangeApi, NoAnswer

DAY = 86_400_000


@pytest.fixture
def open_row(desk):
    """A payload that was sent, with no answer and no effect to see."""

    def make(**options) -> str:
        file = desk.signed_file(**options)
        desk.exchange.inject("drop")
        assert desk.post(file, "--retry-for", "0").status == 7
        return file

    return make


@pytest.fixture
def close(desk):
    def end():
        return desk.resolve("--nonce", str(desk.row().key.nonce), "--close")

    return end


@pytest.mark.parametrize("past", [-60_001, 0, 60_000])
def test_what_may_still_land_is_not_closed(desk, open_row, close, past):
    open_row(expires_after=desk.time + 100_000)
    desk.time += 100_000 + past
    shown = close()
    assert (shown.status, shown.error) == (4, "still-open")
    assert desk.row().state is NonceState.OPEN


def test_well_after_its_expiry_it_is_closed_whatever_the_exchange_said_last(desk, open_row, close):
    open_row(expires_after=desk.time + 100_000)
    desk.time += 100_000 + 60_001
    assert desk.row().code == "connection-lost"
    assert close().document[0]["nonceState"] == "lapsed"


def test_without_expiry_it_is_closed_two_days_after_its_nonce(desk, open_row, close):
    open_row(expires_after=None, nonce=desk.time)
    desk.time += 2 * DAY + 60_000
    assert close().error == "still-open"
    desk.time += 1
    assert close().document[0]["nonceState"] == "lapsed"


@pytest.mark.invented_ledger
def test_closing_asks_the_real_exchange_for_the_time(desk, open_row, close, monkeypatch):
    open_row()
    ledger = desk.ledger()
    with ledger._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE posts SET venue = 'testnet'")
    ledger.close()
    gone = NoAnswer("connection-lost", "no network")
    monkeypatch.setattr(ExchangeApi, "_send", lambda *_: gone)
    shown = close()
    assert (shown.status, shown.document[0]["code"]) == (8, "connection-lost")
    assert desk.row().state is NonceState.OPEN


def test_what_a_rehearsal_that_ended_left_open_can_be_closed(desk, open_row, close, monkeypatch):
    open_row()
    gone = NoAnswer("connection-lost", "nobody listens")
    monkeypatch.setattr(ExchangeApi, "_send", lambda *_: gone)
    assert desk.resolve("--retry-for", "0").status == 8
    assert close().document[0]["nonceState"] == "lapsed"
    assert desk.resolve().document == []


def test_an_accepted_change_that_never_shows_is_accepted_and_needs_no_closing(
    desk, close, monkeypatch
):
    from coldlever.broadcaster.rehearsal.act import rules

    monkeypatch.setattr(rules, "apply", lambda *_: None)
    shown = desk.post(desk.signed_file())
    assert (shown.status, shown.document["status"]) == (0, "accepted")
    assert shown.document["account"] == "otherwise"
    assert close().error == "nothing-open"
    assert desk.requests() == 1


def test_an_accepted_change_that_was_not_looked_at_yet_stays_accepted(desk, close, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Account, "now", lambda *_: None)
        assert desk.post(desk.signed_file()).document["status"] == "accepted"
    assert close().document[0]["status"] == "accepted"
    assert desk.resolve().document[0]["status"] == "confirmed"


def test_what_was_recorded_and_never_sent_is_withdrawn_at_its_end(desk, close, monkeypatch):
    def die(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "begin_attempt", die)
        desk.post(desk.signed_file(expires_after=desk.time + 100_000))
    assert close().error == "still-open"
    desk.time += 10 * 100_000
    assert desk.resolve().document[0]["status"] == "withdrawn"


def test_what_another_process_settled_meanwhile_keeps_its_outcome(desk, open_row, monkeypatch):
    file = open_row()
    row = desk.row()
    nonce = str(row.key.nonce)
    find = Ledger.find

    def settled_meanwhile(ledger, key):
        monkeypatch.setattr(Ledger, "find", find)
        desk.post(file)
        return find(ledger, key)

    monkeypatch.setattr(Ledger, "find", settled_meanwhile)
    monkeypatch.setattr("coldlever.broadcaster.post.lock.MarketLock.held", _no_lock)
    shown = desk.resolve("--nonce", nonce, "--close")
    assert shown.document[0]["status"] == "confirmed"
    assert desk.row().state is NonceState.SPENT_ACCEPTED


def _no_lock(*_arguments):
    from contextlib import nullcontext

    return nullcontext()


@pytest.mark.invented_ledger
def test_of_two_rows_with_one_nonce_each_is_judged_for_itself(desk, open_row):
    open_row(expires_after=desk.time + 100_000)
    ledger = desk.ledger()
    with ledger._engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO posts SELECT 'testnet@' || url || '0', signer, nonce, what, action_hash, url, "
            "account, coin, envelope, before, 'spent', 'not-read', attempts, 'nonce-used', sentence, "
            "legacy, reserved_at, changed_at, change_number + 1, 0, 0 FROM posts"
        )
    ledger.close()
    nonce = json.loads(desk.run("history", "--json").stdout)[0]["payload"]["nonce"]
    shown = desk.resolve("--nonce", str(nonce), "--close")
    assert [one["code"] for one in shown.document] == ["still-open", "nonce-used"]
    assert [one["nonceState"] for one in shown.document] == ["open", "spent"]
    assert shown.status == 7


def test_a_payload_whose_lock_cannot_be_had_stays_open(desk, open_row, monkeypatch):
    open_row()

    def refuse(*_arguments):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("coldlever.broadcaster.post.lock.fcntl.flock", refuse)
    shown = desk.resolve()
    assert (shown.status, shown.document[0]["code"]) == (8, "system-error")
