"""Nonces, expiry and the limit per address."""

from __future__ import annotations

import pytest

BTC = 3
OK = {"status": "ok", "response": {"type": "default"}}
DAY = 86_400_000


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


def test_a_full_set_of_100_forgets_its_lowest_nonce_and_refuses_lower_ones(scene, act):
    first = scene.time - 10_000
    for step in range(101):
        assert scene.act({"type": "noop"}, nonce=first + 2 * step) == OK
    # The first nonce has dropped out of the set, so the second one is the floor now.
    floor = first + 2
    for nonce in (first, first + 1):
        refusal = scene.refusal(act.leverage(BTC, 10), nonce=nonce)
        assert refusal == f"Invalid nonce: nonce too low {nonce} < {floor}"
    assert scene.act(act.leverage(BTC, 10), nonce=floor + 1) == OK


@pytest.mark.parametrize(
    ("offset", "words"),
    [(-2 * DAY, "too low"), (DAY, "too high"), (-30 * DAY, "too low"), (2**62, "too high")],
)
def test_a_nonce_outside_the_window_is_refused(scene, act, offset, words):
    refusal = scene.refusal(act.leverage(BTC, 10), nonce=scene.time + offset)
    assert refusal.startswith(f"Invalid nonce: nonce {words} {scene.time + offset} ")


@pytest.mark.parametrize("offset", [-2 * DAY + 1, DAY - 1])
def test_the_edges_of_the_window_are_accepted(scene, act, offset):
    assert scene.act(act.leverage(BTC, 10), nonce=scene.time + offset) == OK


def test_noop_uses_up_its_nonce(scene, act):
    assert scene.act({"type": "noop"}, nonce=scene.time) == OK
    assert "duplicate" in scene.refusal(act.leverage(BTC, 10), nonce=scene.time)


def test_a_refusal_by_a_rule_uses_up_the_nonce(scene, act):
    body = scene.body(act.leverage(BTC, 999))
    assert scene.send(body)["response"] == "Invalid leverage value"
    assert "duplicate" in scene.send(body)["response"]


def test_an_expired_action_is_refused_and_keeps_its_nonce(scene, act):
    body = scene.body(act.leverage(BTC, 10), expires_after=scene.time, nonce=scene.time)
    scene.time += 1
    assert scene.send(body) == {"status": "err", "response": "Action already expired"}
    assert scene.act(act.leverage(BTC, 10), nonce=scene.time - 1) == OK


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
