"""What goes wrong on request."""

from __future__ import annotations

import http.client
import json

import pytest
import requests

from coldlever.broadcaster.rehearsal import Fault, FaultKind, RehearsalServer
from coldlever.shared.errors import InputRefused

OK = {"status": "ok", "response": {"type": "default"}}
BTC = 3


def test_an_answer_is_lost_after_the_action_was_executed(live, act):
    live.scene.exchange.inject("lose-answer")
    body = live.scene.body(act.leverage(BTC, 10))
    with pytest.raises(requests.ConnectionError):
        live.post("/exchange", body)
    assert live.scene.exchange.setting(live.scene.user.address, "BTC").value == 10
    assert "duplicate nonce" in live.post("/exchange", body).json()["response"]
    assert live.outcomes() == [("accepted", "lose-answer"), ("refused", None)]


def test_a_connection_drops_before_the_action_is_executed(live, act):
    live.scene.exchange.inject("drop")
    body = live.scene.body(act.leverage(BTC, 10))
    with pytest.raises(requests.ConnectionError):
        live.post("/exchange", body)
    assert live.post("/exchange", body).json() == OK
    assert live.outcomes() == [("not-executed", "drop"), ("accepted", None)]


@pytest.mark.parametrize("kind", ["delay", "stall"])
def test_an_answer_comes_late(live, act, kind):
    live.scene.exchange.inject(kind, seconds=2.5)
    assert live.post("/exchange", live.scene.body(act.leverage(BTC, 10))).json() == OK
    assert live.naps == [2.5]


def test_a_delayed_action_counts_by_its_arrival_and_a_stalled_one_by_its_execution(make_scene, act):
    from coldlever.broadcaster.rehearsal.serve.transmission import Line
    from coldlever.broadcaster.rehearsal.serve.weights import WeightBudget

    outcomes = []
    for kind in ("delay", "stall"):
        scene = make_scene()
        scene.exchange.inject(kind, seconds=10)

        def sleep(seconds, scene=scene):
            scene.time += int(seconds * 1000)

        line = Line(scene.exchange, WeightBudget(None), sleep)
        body = scene.body(act.leverage(BTC, 10), expires_after=scene.time + 5_000)
        answer = line.carry(
            "/exchange", "application/json", json.dumps(body).encode(), "http://127.0.0.1/"
        )
        outcomes.append(json.loads(answer.body)["status"])
    assert outcomes == ["ok", "err"]


def test_latency_lies_half_before_and_half_behind_what_a_request_does(scene, act):
    naps = []

    def sleep(seconds):
        naps.append((seconds, len(scene.exchange.journal.entries())))

    server = RehearsalServer(scene.exchange, sleep=sleep, latency_s=0.3)
    with server, requests.Session() as session:
        session.post(server.url + "/exchange", json=scene.body(act.leverage(BTC, 10)), timeout=5)
        session.post(server.url + "/info", json={"type": "meta"}, timeout=5)
    assert naps == [(0.15, 0), (0.15, 1), (0.15, 1), (0.15, 1)]


@pytest.mark.parametrize(
    "case",
    [
        ("429", 429, "application/json"),
        ("500", 500, "application/json"),
        ("502", 502, "text/html; charset=utf-8"),
        ("503", 503, "text/html; charset=utf-8"),
        ("504", 504, "text/html; charset=utf-8"),
        ("422", 422, "text/plain; charset=utf-8"),
        ("html", 200, "text/html; charset=utf-8"),
        ("wrong-shape", 200, "application/json"),
        ("redirect", 307, "text/html; charset=utf-8"),
    ],
)
@pytest.mark.parametrize("executed", [None, True])
def test_another_answer_comes_with_or_without_execution(live, act, case, executed):
    kind, status, mime = case
    live.scene.exchange.inject(kind, seconds=3, executed=executed)
    answer = live.post("/exchange", live.scene.body(act.leverage(BTC, 10)))
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, mime)
    assert answer.headers.get("Retry-After") == ("3" if kind == "429" else None)
    assert ("<html>" in answer.text) is (kind in {"502", "503", "504", "html"})
    assert live.outcomes() == [("accepted" if executed else "not-executed", kind)]
    assert answer.headers["X-Coldlever-Rehearsal"] == "testnet"


def test_a_client_that_follows_a_redirect_is_caught(live, act):
    live.scene.exchange.inject("redirect", count=2)
    body = live.scene.body(act.leverage(BTC, 10))
    live.post("/exchange", body)
    assert live.outcomes() == [("not-executed", "redirect")]
    followed = live.session.post(live.server.url + "/exchange", json=body, timeout=5)
    assert followed.json() == OK, "the landing answers like the exchange, to tempt"
    assert ("redirect-followed", "redirect") in live.outcomes()
    assert live.scene.exchange.setting(live.scene.user.address, "BTC").value == 20


def test_a_truncated_answer_is_shorter_than_its_length(live, act):
    live.scene.exchange.inject("truncate")
    connection = http.client.HTTPConnection("127.0.0.1", live.server.port, timeout=5)
    body = json.dumps(live.scene.body(act.leverage(BTC, 10)))
    connection.request("POST", "/exchange", body, {"Content-Type": "application/json"})
    with pytest.raises(http.client.IncompleteRead):
        connection.getresponse().read()
    connection.close()
    assert live.outcomes() == [("accepted", "truncate")]


def test_a_cut_answer_ends_within_the_json(live, act):
    live.scene.exchange.inject("cut")
    answer = live.post("/exchange", live.scene.body(act.leverage(BTC, 10)))
    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_a_flood_is_valid_json_of_several_mebibytes(live, act):
    live.scene.exchange.inject("flood")
    answer = live.post("/exchange", live.scene.body(act.leverage(BTC, 10)))
    assert len(answer.content) > 8 << 20
    assert answer.json() == OK


def test_the_other_way_to_say_ok_names_the_action(live, act):
    live.scene.exchange.inject("named-ok", count=2)
    answer = live.post("/exchange", live.scene.body(act.leverage(BTC, 10))).json()
    assert answer == {
        "status": "ok",
        "response": {"type": "updateLeverage", "data": {"status": "success"}},
    }
    refused = live.post("/exchange", live.scene.body(act.leverage(BTC, 99))).json()
    assert refused == {"status": "err", "response": "Invalid leverage value"}


def test_faults_take_requests_on_their_path_only_and_in_order(live, act):
    exchange = live.scene.exchange
    exchange.inject("502", path="/info", count=2)
    exchange.inject("429", path="/info")
    statuses = [live.post("/info", {"type": "exchangeStatus"}).status_code for _ in range(4)]
    assert statuses == [502, 502, 429, 200]
    assert live.post("/exchange", live.scene.body(act.leverage(BTC, 10))).json() == OK
    assert live.outcomes() == [("accepted", None)], "faults on /info are not in the log"


def test_info_answers_get_lost_and_cut_too(live):
    live.scene.exchange.inject("cut", path="/info")
    whole = live.post("/info", {"type": "nothing"})
    assert (
        whole.text == "Failed to deserialize the JSON body into the target type"[: len(whole.text)]
    )
    live.scene.exchange.inject("lose-answer", path="/info")
    with pytest.raises(requests.ConnectionError):
        live.post("/info", {"type": "meta"})


def test_waiting_faults_can_be_called_off(live, act):
    live.scene.exchange.inject("502", count=100)
    live.scene.exchange.faults.clear()
    assert live.post("/exchange", live.scene.body(act.leverage(BTC, 10))).json() == OK


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "meteor"},
        {"kind": "502", "path": "/rehearsal/log"},
        {"kind": "502", "count": 0},
        {"kind": "delay", "seconds": -1},
        {"kind": "delay", "seconds": 1e9},
        {"kind": "delay", "executed": False},
    ],
)
def test_faults_that_make_no_sense_are_refused(scene, options):
    with pytest.raises(InputRefused) as caught:
        scene.exchange.inject(**options)
    assert caught.value.code == "rehearsal-fault"


def test_every_kind_says_whether_the_request_reaches_the_engine():
    executed = {kind.value for kind in FaultKind if Fault(kind).executes}
    assert executed == {
        "lose-answer", "delay", "stall", "truncate", "cut", "named-ok", "flood",
    }  # fmt: skip
