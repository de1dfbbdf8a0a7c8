"""Nonces, expiry and the limit per address."""

from __future__ import annotations

import pytest

BTC = 3
OK = {"status": "ok", "response": {"type": "default"}}
DAY = 86_400_000
# The window ends this much further in than documented.
MARGIN = 120_000


def test_the_same_payload_twice_is_a_duplicate(scene, act):
    body = scene.body(act.leverage(BTC, 10))
    assert scene.send(body) == OK
    assert scene.send(body) == {
        "status": "err",
        "response": f"Invalid nonce: duplicate nonce {body['nonce']}",
    }


def test_an_older_nonce_than_the_last_one_is_fine_as_long_as_it_is_new(scene, act):
    for nonce in (scene.time, scene.time - 500, scene.time - 1):
        assert scene.act(act.leverage(BTC, 10), nonce=nonce) == OK


def test_nonces_belong_to_the_signer_and_not_to_the_account(scene, act):
    scene.exchange.add_agent(scene.user.address, scene.agent.address)
    for signer in (scene.user, scene.agent):
        assert scene.act(act.leverage(BTC, 10), by=signer, nonce=scene.time) == OK


def test_below_the_100th_highest_nonce_a_new_one_is_too_low_and_a_used_one_a_duplicate(scene, act):
    first = scene.time - 10_000
    for step in range(101):
        assert scene.act({"type": "noop"}, nonce=first + 2 * step) == OK
    floor = first + 2
    for nonce in (first - 1, first + 1):
        refusal = scene.refusal(act.leverage(BTC, 10), nonce=nonce)
        assert refusal == f"Invalid nonce: nonce too low {nonce} < {floor}"
    for nonce in (first, floor):
        refusal = scene.refusal(act.leverage(BTC, 10), nonce=nonce)
        assert refusal == f"Invalid nonce: duplicate nonce {nonce}"
    assert scene.act(act.leverage(BTC, 10), nonce=floor + 1) == OK


def test_nonces_older_than_the_window_count_for_the_floor_no_longer(scene, act):
    old = scene.time
    for step in range(100):
        assert scene.act({"type": "noop"}, nonce=old + step) == OK
    scene.time += 2 * DAY
    assert scene.act({"type": "noop"}, nonce=scene.time - 2 * DAY + MARGIN + 1) == OK


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (-2 * DAY + MARGIN, "too low {} < {}"),
        (DAY - MARGIN, "too high {} > {}"),
        (-30 * DAY, "too low {} < {}"),
        (2**62, "too high {} > {}"),
    ],
)
def test_a_nonce_outside_the_window_is_refused(scene, act, offset, words):
    nonce = scene.time + offset
    end = scene.time + (DAY - MARGIN if offset > 0 else -2 * DAY + MARGIN)
    for _ in range(2):
        refusal = scene.refusal(act.leverage(BTC, 10), nonce=nonce)
        assert refusal == "Invalid nonce: nonce " + words.format(nonce, end)
    assert not any(entry.admitted for entry in scene.exchange.journal.entries())


@pytest.mark.parametrize("offset", [-2 * DAY + MARGIN + 1, DAY - MARGIN - 1])
def test_the_edges_of_the_window_are_accepted(scene, act, offset):
    assert scene.act(act.leverage(BTC, 10), nonce=scene.time + offset) == OK


def test_noop_uses_up_its_nonce(scene, act):
    assert scene.act({"type": "noop"}, nonce=scene.time) == OK
    assert "duplicate" in scene.refusal(act.leverage(BTC, 10), nonce=scene.time)


def test_a_refusal_by_a_rule_uses_up_the_nonce(scene, act):
    body = scene.body(act.leverage(BTC, 999))
    assert scene.send(body)["response"] == "Invalid leverage value"
    assert "duplicate" in scene.send(body)["response"]


@pytest.mark.parametrize(
    "action",
    [{"type": "noop"}, {"type": "updateLeverage", "asset": 3, "isCross": True, "leverage": 999}],
)
def test_an_expired_action_is_refused_for_that_and_uses_up_its_nonce(scene, action):
    body = scene.body(action, expires_after=scene.time, nonce=scene.time)
    scene.time += 1
    assert scene.send(body) == {"status": "err", "response": "Action already expired"}
    assert scene.exchange.journal.entries()[-1].admitted
    assert scene.send(body) == {
        "status": "err",
        "response": f"Invalid nonce: duplicate nonce {body['nonce']}",
    }
    assert not scene.exchange.journal.entries()[-1].admitted


def test_an_action_is_good_until_its_expiry(scene, act):
    assert scene.act(act.leverage(BTC, 10), expires_after=scene.time) == OK


def test_an_expired_action_costs_five_requests(scene, act):
    scene.act(act.leverage(BTC, 10), expires_after=scene.time - 1)
    scene.act(act.leverage(BTC, 10))
    limit = scene.ask(type="userRateLimit", user=scene.user.address.lower)
    assert limit == {
        "cumVlm": "0.0",
        "nRequestsUsed": 6,
        "nRequestsCap": 10_000,
        "nRequestsSurplus": 0,
    }


def test_beyond_the_limit_per_address_one_request_passes_in_ten_seconds(make_scene, act):
    scene = make_scene(request_cap=2)
    for _ in range(3):
        assert scene.act(act.leverage(BTC, 10)) == OK
    assert scene.refusal(act.leverage(BTC, 10)).startswith(
        "Too many cumulative requests sent (4 > 2) for cumulative volume traded $0.00."
    )
    scene.time += 10_000
    assert scene.act(act.leverage(BTC, 10)) == OK
