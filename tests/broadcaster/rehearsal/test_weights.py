"""Rate limits per client."""

from __future__ import annotations

import requests

from coldlever.broadcaster.rehearsal import RehearsalServer
from coldlever.broadcaster.rehearsal.serve.weights import WeightBudget, info_weight


def test_requests_weigh_what_the_documentation_says():
    weights = {
        kind: info_weight(kind)
        for kind in ("exchangeStatus", "clearinghouseState", "allMids", "userRole", "meta", None)
    }
    assert weights == {
        "exchangeStatus": 2, "clearinghouseState": 2, "allMids": 2, "userRole": 60, "meta": 20, None: 20,
    }  # fmt: skip


def test_weight_comes_back_after_a_minute():
    budget = WeightBudget(100)
    assert budget.spend(60, 0) == 0
    assert budget.spend(40, 30_000) == 0
    assert budget.spend(1, 30_000) == 30
    assert budget.spend(61, 30_000) == 60
    assert budget.spend(60, 59_999) == 1
    assert budget.spend(60, 60_000) == 0
    assert budget.spend(1, 60_000) == 30


def test_a_request_heavier_than_the_limit_never_passes():
    assert WeightBudget(10).spend(60, 0) == 60


def test_without_a_limit_everything_passes():
    budget = WeightBudget(None)
    assert all(budget.spend(1_000, 0) == 0 for _ in range(100))


def test_a_shifted_clock_gives_no_weight_back_and_takes_none(scene):
    with RehearsalServer(scene.exchange, weight_limit=4) as server, requests.Session() as session:
        status = {"type": "exchangeStatus"}

        def code():
            return session.post(server.url + "/info", json=status, timeout=5).status_code

        assert code() == 200
        scene.exchange.shift_clock(120_000)
        assert code() == 200
        assert code() == 429
        scene.exchange.shift_clock(-120_000)
        scene.time += 60_000
        assert code() == 200


def test_beyond_the_limit_the_answer_is_429_and_nothing_is_executed(scene, act):
    with RehearsalServer(scene.exchange, weight_limit=81) as server, requests.Session() as session:
        role = {"type": "userRole", "user": scene.user.address.lower}
        assert session.post(server.url + "/info", json=role, timeout=5).status_code == 200
        assert (
            session.post(server.url + "/info", json={"type": "meta"}, timeout=5).status_code == 200
        )
        first, second = scene.body(act.leverage(3, 10)), scene.body(act.leverage(3, 11))
        assert session.post(server.url + "/exchange", json=first, timeout=5).status_code == 200
        answer = session.post(server.url + "/exchange", json=second, timeout=5)
        assert (answer.status_code, answer.text) == (429, "null")
        assert answer.headers["Retry-After"] == "60"
        assert session.post(server.url + "/info", json=role, timeout=5).status_code == 429
        scene.time += 60_000
        assert session.post(server.url + "/exchange", json=second, timeout=5).status_code == 200
    outcomes = [(entry.outcome.value, entry.fault) for entry in scene.exchange.journal.entries()]
    assert outcomes == [("accepted", None), ("not-executed", "rate-limit"), ("accepted", None)]
