"""What stays open, how it ends, and how it is listed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger.store import Ledger
from coldlever.broadcaster.rehearsal import Outcome
from coldlever.broadcaster.venue.client import Answer, ExchangeApi, NoAnswer
from coldlever.shared.action.setting import Setting


@pytest.fixture
def blind(desk):
    """Lets the next post end with no answer and nothing to read back."""

    def post(file: str, fault: str) -> None:
        desk.exchange.inject(fault)
        shown = desk.post(file, "--retry-for", "0")
        assert shown.document["status"] == "unknown"
        assert shown.status == 7

    return post


@pytest.fixture
def landed_unseen(desk):
    """A post that landed while its answer got lost."""

    def post(file: str) -> None:
        desk.exchange.inject("lose-answer")
        assert desk.post(file, "--retry-for", "0").status == 7
        assert desk.accepted() == 1

    return post


def test_a_duplicate_after_a_lost_answer_is_in_effect_and_no_more(desk, landed_unseen):
    landed_unseen(desk.signed_file())
    shown = desk.resolve()
    assert shown.status == 7
    assert shown.document[0]["status"] == "in-effect"
    assert (shown.document[0]["nonceState"], shown.document[0]["account"]) == ("spent", "shows")
    assert "duplicate nonce" in shown.document[0]["exchange"]["response"]
    assert desk.accepted() == 1
    assert desk.resolve().document == []


def test_what_has_expired_lapses_and_nothing_is_sent(desk, blind):
    file = desk.signed_file(expires_after=desk.time + 60_000)
    blind(file, "drop")
    asked = desk.requests()
    desk.time += 60_001
    early = desk.resolve()
    assert (early.status, early.document[0]["nonceState"]) == (7, "open")
    assert early.document[0]["held"] == "expired-just-now"
    desk.time += 60_000
    shown = desk.resolve()
    assert (shown.status, shown.document[0]["status"]) == (7, "unknown")
    assert shown.document[0]["nonceState"] == "lapsed"
    assert shown.document[0]["held"] == "to-be-probed"
    assert desk.resolve().document == []
    assert desk.post(file).status == 7
    assert desk.requests() == asked


@pytest.fixture
def probe(desk):
    def send():
        return desk.resolve("--nonce", str(desk.row().key.nonce), "--probe")

    return send


def test_a_probe_tells_that_it_never_arrived(desk, blind, probe):
    blind(desk.signed_file(expires_after=desk.time + 60_000), "drop")
    desk.time += 120_001
    desk.resolve()
    shown = probe()
    assert (shown.status, shown.document[0]["status"]) == (6, "refused")
    assert shown.document[0]["nonceState"] == "spent-refused"
    assert shown.document[0]["code"] == "expired"
    assert shown.document[0]["receipt"]["basis"]
    assert desk.accepted() == 0


@pytest.mark.parametrize("answer", ["duplicate", "expired", "lost", "unknown agent"])
def test_a_probe_says_no_more_than_its_answer(desk, blind, probe, monkeypatch, answer):
    blind(desk.signed_file(expires_after=desk.time + 60_000), "drop")
    desk.time += 120_001
    replies = {
        "duplicate": (b"Invalid nonce: duplicate nonce 5", "spent", 7),
        "expired": (b"Action already expired", "spent-refused", 6),
        "lost": (None, "lapsed", 7),
        "unknown agent": (b"User or API Wallet 0x12 does not exist.", "lapsed", 7),
    }
    words, state, status = replies[answer]
    body = b'{"status":"err","response":"%s"}' % (words or b"")
    reply = NoAnswer("timed-out", "no") if words is None else Answer(200, body, None)
    monkeypatch.setattr(ExchangeApi, "post", lambda *_: reply)
    shown = probe()
    assert (shown.status, shown.document[0]["nonceState"]) == (status, state)


def test_a_probe_is_refused_while_it_could_land_or_would_tell_nothing(desk, blind, probe):
    blind(desk.signed_file(expires_after=desk.time + 60_000), "drop")
    assert probe().error == "not-to-probe"
    desk.time += 60_000 + 60_000
    assert probe().error == "not-to-probe"
    desk.time += 2 * 86_400_000
    assert probe().error == "not-to-probe"
    assert desk.requests() == 1


def test_a_probe_is_for_what_is_in_doubt_alone(desk, probe):
    desk.post(desk.signed_file())
    desk.time += 2 * 3_600_000
    assert probe().error == "not-to-probe"
    assert desk.requests() == 1


def test_without_expiry_it_lapses_two_days_after_its_nonce(desk, blind):
    blind(desk.signed_file(expires_after=None), "drop")
    desk.time += 2 * 86_400_000 + 60_000
    desk.exchange.inject("drop")
    assert desk.resolve("--retry-for", "0").document[0]["nonceState"] == "open"
    desk.time += 2
    shown = desk.resolve()
    assert shown.document[0]["nonceState"] == "lapsed"
    assert shown.document[0]["held"] is None, "no probe would tell"


def test_a_person_ends_what_can_no_longer_land(desk, blind):
    file = desk.signed_file(expires_after=desk.time + 60_000)
    blind(file, "drop")
    nonce = str(desk.row().key.nonce)
    early = desk.resolve("--nonce", nonce, "--close")
    assert (early.status, early.error) == (4, "still-open")
    desk.time += 120_001
    closed = desk.resolve("--nonce", nonce, "--close")
    assert [result["nonceState"] for result in closed.document] == ["lapsed"]
    assert closed.status == 0
    assert desk.resolve().document == []
    again = desk.post(file)
    assert (again.status, again.document["status"]) == (7, "unknown")
    assert desk.accepted() == 0


@pytest.mark.parametrize(
    ("ending", "sentence"), [("replaced", "Must deposit"), ("removed", "does not exist")]
)
def test_an_api_wallet_that_ended_after_its_attempt_landed_is_no_refusal(
    desk, landed_unseen, key_of, ending, sentence
):
    desk.exchange.add_agent(desk.user.address, desk.agent.address)
    landed_unseen(desk.signed_file(by=desk.agent))
    if ending == "replaced":
        desk.exchange.add_agent(desk.user.address, key_of(9).address)
    else:
        desk.exchange.remove_agent(desk.user.address, desk.agent.address)
    shown = desk.resolve()
    assert (shown.status, shown.document[0]["status"]) == (7, "unknown")
    assert (shown.document[0]["nonceState"], shown.document[0]["account"]) == ("open", "shows")
    assert sentence in shown.document[0]["exchange"]["response"]


def test_a_refusal_after_an_attempt_that_never_arrived_counts_once_it_proves_that(
    desk, blind, action
):
    blind(desk.signed_file(action.leverage(40)), "drop")
    desk.exchange.open_position(desk.user.address, "BTC", "0.5")
    shown = desk.resolve()
    assert shown.status == 6
    assert shown.document[0]["code"] == "leverage-refused"


def test_a_refusal_whose_answer_got_lost_is_not_called_accepted(desk, action, monkeypatch):
    file = desk.signed_file(action.leverage(40))
    desk.exchange.inject("lose-answer")
    send = ExchangeApi.post

    def after_the_checks(api, body):
        if desk.exchange.position(desk.user.address, "BTC") is None:
            desk.exchange.open_position(desk.user.address, "BTC", "0.5")
        return send(api, body)

    monkeypatch.setattr(ExchangeApi, "post", after_the_checks)
    shown = desk.post(file)
    entries = desk.exchange.journal.entries()
    assert [entry.outcome for entry in entries] == [Outcome.REFUSED] * len(entries)
    assert entries[0].admitted
    assert (shown.document["status"], shown.document["nonceState"]) == ("unknown", "spent")


def test_an_accepted_change_that_does_not_show_is_accepted_and_told_so(desk, monkeypatch):
    seen = []
    send = ExchangeApi.post

    def undone(api, body):
        answer = send(api, body)
        desk.exchange.act(desk.sign(nonce=desk.time - 50).body())
        seen.append(answer)
        return answer

    file = desk.signed_file({"type": "updateLeverage", "asset": 3, "isCross": False, "leverage": 4})
    monkeypatch.setattr(ExchangeApi, "post", undone)
    shown = desk.post(file)
    assert (shown.status, shown.document["status"]) == (0, "accepted")
    assert shown.document["account"] == "otherwise"
    assert desk.naps == [0.5] * 5
    assert desk.resolve().document == []
    assert len(seen) == 1
    assert "the account is not as asked" in desk.run("post", file).stderr


def test_what_was_recorded_and_never_sent_is_never_sent_by_resolve(desk, monkeypatch):
    file = desk.signed_file(expires_after=desk.time + 60_000)

    def die(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("coldlever.broadcaster.ledger.store.Ledger.begin_attempt", die)
        assert desk.post(file).status == 130
    assert desk.row().state is NonceState.UNSENT
    shown = desk.resolve()
    assert (shown.status, shown.document[0]["status"]) == (7, "unknown")
    assert shown.document[0]["held"] == "never-admitted"
    assert "`post` its file" in desk.run("resolve").stderr
    desk.time += 120_001
    shown = desk.resolve()
    assert shown.status == 4
    assert (shown.document[0]["status"], shown.document[0]["nonceState"]) == ("withdrawn", "lapsed")
    assert desk.requests() == 0
    assert desk.post(file).document["status"] == "withdrawn"


def test_an_accepted_post_whose_reading_back_fails_is_finished_later(desk, monkeypatch):
    begin = Ledger.begin_attempt

    def begin_and_break(*arguments):
        desk.exchange.inject("502", path="/info", count=50)
        return begin(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "begin_attempt", begin_and_break)
        shown = desk.post(desk.signed_file())
    assert (shown.status, shown.document["status"]) == (0, "accepted")
    assert shown.document["receipt"]["after"] is None
    desk.exchange.faults.clear()
    assert desk.resolve().document[0]["status"] == "confirmed"
    assert desk.requests() == 1


def test_resolve_goes_on_from_the_oldest(desk, action):
    first = desk.signed_file(action.leverage(5), name="first.json")
    second = desk.signed_file(action.leverage(6, asset=4), name="second.json")
    for file in (first, second):
        desk.exchange.inject("drop")
        desk.post(file, "--retry-for", "0")
        desk.time += 1
    shown = desk.resolve().document
    assert [one["status"] for one in shown] == ["confirmed", "confirmed"]
    assert [one["receipt"]["coin"] for one in shown] == ["BTC", "ETH"]


def test_resolve_of_one_nonce_leaves_the_others_alone(desk, action, blind):
    blind(desk.signed_file(action.leverage(5), nonce=desk.time - 1, name="one.json"), "drop")
    second = action.leverage(6, asset=4)
    blind(desk.signed_file(second, nonce=desk.time - 2, name="two.json"), "drop")
    assert len(desk.resolve("--nonce", str(desk.time - 1)).document) == 1
    assert desk.accepted() == 1
    other = desk.resolve("--nonce", "77")
    assert (other.status, other.error) == (4, "nothing-open")


def test_closing_needs_a_nonce(desk):
    assert desk.resolve("--close").status == 2


def test_resolve_with_the_exchange_out_of_reach_stays_open(desk, blind, monkeypatch):
    blind(desk.signed_file(), "drop")
    monkeypatch.setattr(ExchangeApi, "post", lambda *_: NoAnswer("connection-lost", "gone"))
    shown = desk.resolve("--retry-for", "0")
    assert (shown.status, shown.document[0]["code"]) == (7, "connection-lost")


def test_a_venue_out_of_reach_does_not_keep_the_others_from_being_finished(desk, action, blind):
    blind(desk.signed_file(), "drop")
    ledger = desk.ledger()
    lost = replace(
        ledger.rows()[0],
        key=replace(desk.row().key, venue="testnet@http://127.0.0.1:9"),
        url="http://127.0.0.1:9",
        state=NonceState.UNSENT,
        attempts=0,
    )
    ledger.reserve(lost)
    ledger.begin_attempt(lost, 0)
    ledger.close()
    blind(desk.signed_file(action.leverage(5, asset=4)), "drop")
    shown = desk.resolve()
    assert shown.status == 8
    assert [one["status"] for one in shown.document] == ["confirmed", "unknown", "confirmed"]
    assert shown.document[1]["error"]["exitStatus"] == 8
    assert desk.accepted() == 2
    assert "NOT FINISHED" in desk.run("resolve").stderr


def test_a_market_with_a_treacherous_name_is_shown_escaped(desk, monkeypatch):
    blank = desk.reader()._read_meta(0)
    evil = {asset: replace(one, coin=f"{one.coin}\x1b[2J") for asset, one in blank.items()}
    with monkeypatch.context() as patch:
        patch.setattr("coldlever.broadcaster.venue.exchange.Exchange._read_meta", lambda *_: evil)
        patch.setattr(
            "coldlever.broadcaster.venue.exchange.Exchange._read_setting",
            lambda *_: (Setting(is_cross=True, leverage=20), None),
        )
        told = desk.run("post", desk.signed_file()).stderr
    assert "BTC\\u{001b}[2J" in told
    assert "\x1b" not in told + desk.run("history").stderr


def test_a_file_with_a_treacherous_name_is_shown_escaped(desk):
    shown = desk.run("check", desk.signed_file(name="a\x1b[2Jb.json"))
    assert shown.status == 0
    assert "\x1b" not in shown.stderr


def test_history_lists_the_latest_first_as_receipts(desk, action):
    for value in (3, 4):
        desk.post(desk.signed_file(action.leverage(value), name=f"{value}.json"))
        desk.time += 1
    shown = desk.run("history", "--json")
    listed = [one["payload"]["action"]["leverage"] for one in shown.document]
    assert listed == [4, 3]
    assert {one["kind"] for one in shown.document} == {"coldlever/receipt"}
    assert len(desk.run("history", "--limit", "1", "--json").document) == 1
    assert desk.run("history", "--state", "open", "--json").document == []
    assert len(desk.run("history", "--state", "spent-accepted", "--json").document) == 2


def test_history_for_people_tells_state_action_and_sentence(desk):
    assert "nothing has been posted" in desk.run("history").stderr
    desk.post(desk.signed_file())
    shown = desk.run("history")
    assert shown.stdout == ""
    assert "confirmed" in shown.stderr
    assert json.dumps("updateLeverage") in shown.stderr


def test_resolve_for_people_names_what_it_works_on(desk, blind):
    assert "nothing is open" in desk.run("resolve").stderr
    blind(desk.signed_file(), "drop")
    desk.exchange.inject("drop")
    shown = desk.run("resolve", "--retry-for", "0")
    assert shown.status == 7
    assert "sign no new request" in shown.stderr
    assert "CONFIRMED" in desk.run("resolve").stderr
    assert desk.exchange.journal.count(Outcome.ACCEPTED) == 1
