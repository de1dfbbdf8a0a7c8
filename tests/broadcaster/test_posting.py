"""What goes wrong on the line ends in one landing and a known outcome, or stays open for `resolve`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coldlever.broadcaster.fate import NonceState


@pytest.fixture
def hurry(monkeypatch):
    """Makes the read time-out one that a test can wait for."""
    return lambda: monkeypatch.setattr("coldlever.broadcaster.venue.client.READ_TIMEOUT_S", 0.4)


def test_an_accepted_post_is_confirmed_by_reading_the_setting_back(desk, action):
    shown = desk.post(desk.signed_file(action.leverage(7, cross=False)))
    assert shown.status == 0
    document = shown.document
    assert (document["status"], document["code"]) == ("confirmed", "accepted")
    assert (document["nonceState"], document["account"]) == ("spent-accepted", "shows")
    assert shown.document["exchange"] == {"status": "ok", "response": {"type": "default"}}
    assert desk.setting() == (False, 7)
    assert desk.requests() == 1


# Kind, options, and what the first attempt did at the exchange.
ON_THE_LINE = [
    pytest.param("lose-answer", {}, True, id="answer lost after acceptance"),
    pytest.param("drop", {}, False, id="dropped before acceptance"),
    pytest.param("delay", {"seconds": 0.9}, True, id="answered after the time-out"),
    pytest.param("429", {"seconds": 3}, False, id="429"),
    pytest.param("500", {}, False, id="500"),
    pytest.param("502", {"executed": False}, False, id="502 before acceptance"),
    pytest.param("502", {"executed": True}, True, id="502 after acceptance"),
    pytest.param("503", {}, False, id="503"),
    pytest.param("504", {"executed": True}, True, id="504 after acceptance"),
    pytest.param("truncate", {}, True, id="truncated"),
    pytest.param("cut", {}, True, id="JSON cut half-way"),
    pytest.param("html", {}, False, id="a page instead of JSON"),
    pytest.param("html", {"executed": True}, True, id="a page after acceptance"),
    pytest.param("wrong-shape", {}, False, id="another shape"),
    pytest.param("wrong-shape", {"executed": True}, True, id="another shape after acceptance"),
    pytest.param("redirect", {}, False, id="redirected"),
    pytest.param("flood", {}, True, id="several MiB"),
]


@pytest.mark.parametrize(("kind", "options", "landed"), ON_THE_LINE)
def test_a_fault_is_followed_by_the_same_bytes_until_the_answer_is_known(
    desk, hurry, kind, options, landed
):
    if kind == "delay":
        hurry()
    desk.exchange.inject(kind, **options)
    shown = desk.post(desk.signed_file())
    # What landed unanswered is a duplicate then: that it was this payload nobody has said.
    assert shown.status == (7 if landed else 0)
    assert shown.document["status"] == ("in-effect" if landed else "confirmed")
    assert shown.document["nonceState"] == ("spent" if landed else "spent-accepted")
    assert desk.accepted() == 1
    assert desk.requests() == 2
    assert desk.row().attempts == 2
    hashes = {entry.action_hash for entry in desk.exchange.journal.entries()} - {None}
    assert hashes == {bytes.fromhex(shown.document["receipt"]["actionHash"][2:])}


@pytest.mark.parametrize(("kind", "options", "landed"), ON_THE_LINE)
def test_without_time_to_retry_it_stays_open_whatever_the_account_shows(
    desk, hurry, kind, options, landed
):
    if kind == "delay":
        hurry()
    file = desk.signed_file()
    desk.exchange.inject(kind, **options)
    shown = desk.post(file, "--retry-for", "0")
    if kind == "429":
        assert (shown.status, shown.document["nonceState"]) == (6, "not-admitted")
        assert desk.post(file).document["status"] == "confirmed"
        return
    assert (shown.status, shown.document["status"]) == (7, "unknown")
    assert shown.document["nonceState"] == "open"
    assert shown.document["account"] == ("shows" if landed else "otherwise")
    resolved = desk.resolve()
    assert resolved.status == (7 if landed else 0)
    assert desk.row().state is (NonceState.SPENT if landed else NonceState.SPENT_ACCEPTED)
    assert desk.accepted() == 1
    assert desk.post(file).document["status"] == ("in-effect" if landed else "confirmed")
    assert desk.accepted() == 1


def test_an_attempt_that_arrives_after_its_successor_is_a_harmless_duplicate(
    desk, hurry, wait_until
):
    hurry()
    desk.exchange.inject("stall", seconds=0.9)
    shown = desk.post(desk.signed_file())
    assert shown.document["status"] == "confirmed"
    wait_until(lambda: desk.requests() == 2)
    late = desk.exchange.journal.entries()[-1]
    assert (late.outcome.value, late.fault) == ("refused", "stall")
    assert "duplicate nonce" in late.sentence
    assert desk.accepted() == 1


def test_the_other_recorded_way_to_say_ok_is_understood(desk):
    desk.exchange.inject("named-ok")
    assert desk.post(desk.signed_file()).document["status"] == "confirmed"
    assert desk.requests() == 1


def test_a_429_is_waited_out_as_long_as_it_asks(desk):
    def sleep(seconds):
        desk.naps.append(seconds)
        desk.time += round(seconds * 1000)

    desk.machine = replace(desk.machine, sleep=sleep)
    desk.exchange.inject("429", seconds=9)
    assert desk.post(desk.signed_file()).document["status"] == "confirmed"
    assert sum(desk.naps) == pytest.approx(9, abs=0.2)


def test_a_429_that_asks_for_longer_than_there_is_time_was_not_admitted(desk):
    desk.exchange.inject("429", seconds=45)
    shown = desk.post(desk.signed_file())
    assert (shown.status, shown.document["code"]) == (6, "rate-limited")
    assert desk.naps == []
    assert desk.requests() == 1


def test_pauses_grow_and_end_with_the_time_given_for_retries(desk):
    desk.exchange.inject("drop", count=50)
    shown = desk.post(desk.signed_file(), "--retry-for", "20")
    assert shown.status == 7
    assert desk.naps == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert desk.row().attempts == 6


def test_a_redirect_is_never_followed(desk):
    desk.exchange.inject("redirect", count=3)
    shown = desk.post(desk.signed_file(), "--retry-for", "2")
    assert shown.document["code"] == "redirected"
    assert {entry.outcome.value for entry in desk.exchange.journal.entries()} == {"not-executed"}


def test_a_422_of_the_exchange_is_a_refusal(desk):
    desk.exchange.inject("422")
    shown = desk.post(desk.signed_file())
    assert (shown.status, shown.document["code"]) == (6, "malformed")
    assert shown.document["status"] == "refused"


def test_a_refusal_is_rejected_with_code_advice_and_the_exchanges_own_answer(desk, action):
    file = desk.signed_file(action.leverage(40))
    # The position lowers what is allowed: the checks only warn of it.
    desk.exchange.open_position(desk.user.address, "BTC", "0.5")
    shown = desk.post(file)
    assert shown.status == 6
    assert shown.document["status"] == "refused"
    assert shown.document["code"] == "leverage-refused"
    assert shown.document["advice"]
    assert shown.document["exchange"] == {"status": "err", "response": "Invalid leverage value"}
    assert desk.naps == []


def test_a_refusal_after_the_nonce_was_taken_is_final_also_for_a_second_post(desk, action):
    file = desk.signed_file(action.leverage(40))
    desk.exchange.open_position(desk.user.address, "BTC", "0.5")
    assert desk.post(file).document["nonceState"] == "spent-refused"
    again = desk.post(file)
    assert (again.status, again.document["status"]) == (6, "refused")
    assert again.document["alreadyPosted"]
    assert desk.requests() == 1
    assert desk.resolve().document == []


def test_a_refusal_before_the_nonce_was_taken_is_not_repeated_by_resolve(desk):
    file = desk.signed_file()
    desk.exchange.inject("422")
    shown = desk.post(file)
    assert (shown.status, shown.document["nonceState"]) == (6, "not-admitted")
    assert shown.document["receipt"]["canLandUntil"] == desk.time + 3_600_000
    again = desk.resolve()
    assert (again.status, again.document[0]["held"]) == (6, "never-admitted")
    assert desk.requests() == 1
    assert "can still land until" in desk.run("resolve").stderr
    # Such reasons pass: a person may have it checked again and sent.
    assert desk.post(file).document["status"] == "confirmed"
    assert desk.accepted() == 1


def test_a_nonce_that_somebody_else_used_is_spent_and_nobody_knows_by_what(desk, action):
    nonce = desk.time - 5
    foreign = desk.sign(action.leverage(3), nonce=nonce)
    desk.exchange.act(foreign.body())
    shown = desk.post(desk.signed_file(action.leverage(8), nonce=nonce))
    assert (shown.status, shown.document["status"]) == (7, "unknown")
    assert (shown.document["nonceState"], shown.document["code"]) == ("spent", "nonce-used")
    assert desk.setting() == (True, 3)


def test_the_same_bytes_posted_elsewhere_count_as_a_used_nonce_on_our_first_attempt(desk):
    payload = desk.sign()
    desk.exchange.act(payload.body())
    shown = desk.post(desk.save(payload))
    assert (shown.status, shown.document["code"]) == (7, "nonce-used")
    assert shown.document["status"] == "in-effect"


def test_a_request_limit_of_the_address_is_waited_out(desk):
    desk.exchange._venue.request_cap = 0
    desk.exchange.act(desk.sign(nonce=desk.time - 9).body())
    before = desk.accepted()
    file = desk.signed_file()
    shown = desk.post(file, "--retry-for", "0")
    assert (shown.status, shown.document["code"]) == (6, "address-rate-limited")
    assert desk.accepted() == before
    desk.time += 10_001
    assert desk.post(file).document["status"] == "confirmed"


def test_a_leverage_too_low_for_the_collateral_is_refused_by_the_exchange_alone(desk, action):
    desk.exchange.open_position(desk.user.address, "BTC", "1")
    shown = desk.post(desk.signed_file(action.leverage(1)))
    assert (shown.status, shown.document["code"]) == (6, "margin-insufficient")


@pytest.mark.parametrize("micro_usd", [5_000_000, -1_000_000], ids=["added", "removed"])
def test_isolated_margin_is_confirmed_by_the_balance_of_the_position(desk, action, micro_usd):
    desk.exchange.act(desk.sign(action.leverage(5, cross=False), nonce=desk.time - 9).body())
    desk.exchange.open_position(desk.user.address, "BTC", "0.01")
    desk.exchange.act(desk.sign(action.margin(50_000_000), nonce=desk.time - 8).body())
    shown = desk.post(desk.signed_file(action.margin(micro_usd)))
    assert shown.document["status"] == "confirmed"
    receipt = shown.document["receipt"]
    moved = float(receipt["after"]["rawUsd"]) - float(receipt["before"]["rawUsd"])
    assert moved == pytest.approx(micro_usd / 1e6)


def test_margin_whose_answer_got_lost_shows_in_the_balance_and_stays_open(desk, action):
    desk.exchange.act(desk.sign(action.leverage(5, cross=False), nonce=desk.time - 9).body())
    desk.exchange.open_position(desk.user.address, "BTC", "0.01")
    desk.exchange.inject("lose-answer")
    shown = desk.post(desk.signed_file(action.margin(5_000_000)), "--retry-for", "0")
    assert (shown.status, shown.document["status"]) == (7, "unknown")
    assert (shown.document["nonceState"], shown.document["account"]) == ("open", "shows")
    resolved = desk.resolve()
    assert (resolved.status, resolved.document[0]["status"]) == (7, "in-effect")


def test_a_top_up_is_confirmed_by_the_balance(desk, action):
    asset = desk.reader().market_by_name("HYPE").asset
    desk.exchange.act(
        desk.sign(action.leverage(8, asset=asset, cross=False), nonce=desk.time - 9).body()
    )
    desk.exchange.open_position(desk.user.address, "HYPE", "10")
    shown = desk.post(desk.signed_file(action.top_up("2.5", asset=asset)))
    assert shown.document["status"] == "confirmed"
