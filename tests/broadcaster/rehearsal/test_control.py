"""Arranging a scene over HTTP."""

from __future__ import annotations

import pytest

OK = {"status": "ok", "response": {"type": "default"}}
DONE = {"ok": True}
BTC = 3


def control(live, path, body):
    return live.post("/rehearsal/" + path, body)


def test_a_whole_cast_is_arranged_and_acts(live, act):
    scene = live.scene
    master, stranger = scene.user.address.lower, scene.stranger.address.lower
    for path, body in [
        ("account", {"account": stranger, "usd": "2500.5"}),
        ("agent", {"master": master, "agent": scene.agent.address.lower, "name": "desk", "validUntil": scene.time}),
        ("vault", {"leader": master, "vault": scene.vault.lower, "name": "alpha", "usd": 7}),
        ("subaccount", {"master": master, "subAccount": scene.sub.lower}),
    ]:  # fmt: skip
        answer = control(live, path, body)
        assert (answer.status_code, answer.json()) == (200, DONE)
    assert (
        live.post(
            "/exchange", scene.body(act.leverage(BTC, 5), by=scene.agent, vault=scene.sub)
        ).json()
        == OK
    )
    assert live.post("/exchange", scene.body(act.leverage(BTC, 5), by=scene.stranger)).json() == OK
    state = live.post("/info", {"type": "clearinghouseState", "user": stranger}).json()
    assert state["withdrawable"] == "2500.5"
    details = live.post("/info", {"type": "vaultDetails", "vaultAddress": scene.vault.lower}).json()
    assert details["name"] == "alpha"


def test_an_unnamed_agent_without_end_is_the_default(live):
    scene = live.scene
    body = {"master": scene.user.address.lower, "agent": scene.agent.address.lower}
    assert control(live, "agent", body).json() == DONE
    assert (
        live.post("/info", {"type": "extraAgents", "user": scene.user.address.lower}).json() == []
    )
    role = live.post("/info", {"type": "userRole", "user": scene.agent.address.lower}).json()
    assert role["role"] == "agent"


def test_positions_open_and_close_and_prices_move(live):
    user = live.scene.user.address
    assert control(live, "mark", {"coin": "BTC", "markPx": "90000"}).json() == DONE
    body = {"account": user.lower, "coin": "BTC", "szi": "-0.1", "entryPx": "89000"}
    assert control(live, "position", body).json() == DONE
    position = live.scene.exchange.position(user, "BTC")
    assert (str(position.szi), str(position.entry_px)) == ("-0.1", "89000")
    assert (
        control(live, "position", {"account": user.lower, "coin": "BTC", "szi": 0}).json() == DONE
    )
    assert live.scene.exchange.position(user, "BTC") is None
    assert live.scene.usd() == 9_900
    assert (
        control(live, "position", {"account": user.lower, "coin": "BTC", "szi": 0.5}).json() == DONE
    )


def test_a_multi_sig_account_is_made(live):
    scene = live.scene
    body = {
        "user": scene.user.address.lower,
        "authorizedUsers": [scene.agent.address.lower],
        "threshold": 1,
    }
    assert control(live, "multisig", body).json() == DONE
    signers = live.post(
        "/info", {"type": "userToMultiSigSigners", "user": scene.user.address.lower}
    )
    assert signers.json()["threshold"] == 1


def test_an_agent_is_removed(live, act):
    scene = live.scene
    body = {"master": scene.user.address.lower, "agent": scene.agent.address.lower}
    assert control(live, "agent", body).json() == DONE
    removed = live.session.delete(live.server.url + "/rehearsal/agent", json=body, timeout=5)
    assert removed.json() == DONE
    assert "does not exist" in scene.refusal(act.leverage(BTC, 5), by=scene.agent)


def test_an_abstraction_is_chosen(live):
    body = {"account": live.scene.user.address.lower, "abstraction": "unifiedAccount"}
    assert control(live, "abstraction", body).json() == DONE
    asked = {"type": "userAbstraction", "user": body["account"]}
    assert live.post("/info", asked).json() == "unifiedAccount"
    refused = control(live, "abstraction", {**body, "abstraction": "none"})
    assert refused.json()["code"] == "rehearsal-account"


def test_its_clock_is_shifted_for_answers_headers_and_rules(live, act):
    scene = live.scene
    body = scene.body(act.leverage(BTC, 5), expires_after=scene.time + 30_000)
    assert control(live, "clock", {"shiftMs": 90_000}).json() == DONE
    status = live.post("/info", {"type": "exchangeStatus"})
    assert status.json()["time"] == scene.time + 90_000
    assert status.headers["Date"] == "Sun, 22 Nov 2026 09:34:50 GMT"
    assert live.post("/exchange", body).json()["response"] == "Action already expired"
    assert control(live, "clock", {"shiftMs": -90_000}).json() == DONE
    assert live.post("/info", {"type": "exchangeStatus"}).json()["time"] == scene.time - 90_000
    assert control(live, "clock", {"shiftMs": 10**12}).json()["code"] == "out-of-range"


def test_faults_are_asked_for_and_called_off(live, act):
    assert control(live, "fault", {"kind": "502"}).json() == DONE
    assert (
        control(
            live,
            "fault",
            {"kind": "429", "count": 2, "seconds": 1.5, "path": "/exchange", "executed": True},
        ).json()
        == DONE
    )
    body = live.scene.body(act.leverage(BTC, 10))
    assert live.post("/exchange", body).status_code == 502
    answer = live.post("/exchange", body)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    assert live.session.delete(live.server.url + "/rehearsal/fault", timeout=5).json() == DONE
    assert "duplicate" in live.post("/exchange", body).json()["response"]
    assert live.outcomes() == [("not-executed", "502"), ("accepted", "429"), ("refused", None)]


def test_the_log_is_shown_and_cleared(live, act):
    live.post("/exchange", live.scene.body(act.leverage(BTC, 99)))
    (entry,) = live.session.get(live.server.url + "/rehearsal/log", timeout=5).json()
    assert entry["outcome"] == "refused"
    assert entry["sentence"] == "Invalid leverage value"
    assert entry["signer"] == live.scene.user.address.lower
    assert entry["time"] == live.scene.time
    assert live.session.delete(live.server.url + "/rehearsal/log", timeout=5).json() == DONE
    assert live.outcomes() == []


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("account", {}, "missing-key"),
        ("account", {"account": "0x12"}, "bad-address"),
        ("account", {"account": "0x" + "12" * 20, "usd": "much"}, "bad-decimal"),
        ("account", {"account": "0x" + "12" * 20, "usd": "Infinity"}, "bad-decimal"),
        ("account", {"account": "0x" + "12" * 20, "usd": True}, "wrong-type"),
        ("account", {"account": "0x" + "12" * 20, "usd": "-1"}, "rehearsal-account"),
        ("account", {"account": "0x" + "12" * 20, "more": 1}, "unknown-key"),
        ("position", {"account": "0x" + "12" * 20, "coin": "BTC", "szi": "1"}, "rehearsal-account"),
        ("mark", {"coin": "GONE", "markPx": "1"}, "rehearsal-market"),
        ("mark", {"coin": "BTC", "markPx": None}, "wrong-type"),
        ("fault", {"kind": "meteor"}, "rehearsal-fault"),
        ("fault", {"kind": "502", "count": 0}, "out-of-range"),
        ("fault", {"kind": "502", "executed": 1}, "wrong-type"),
        ("fault", [], "wrong-type"),
    ],
)
def test_a_mistake_is_explained(live, path, body, code):
    answer = control(live, path, body)
    assert answer.status_code == 400
    assert answer.json()["code"] == code
    assert answer.json()["message"]
