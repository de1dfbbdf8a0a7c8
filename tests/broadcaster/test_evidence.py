"""Never more certain than the evidence: what was told too surely once."""

from __future__ import annotations

import pytest

from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger.store import Ledger
from coldlever.broadcaster.venue.client import Answer, ExchangeApi, NoAnswer

LOST = NoAnswer("timed-out", "no answer within the time limit")


def err(sentence: str) -> Answer:
    return Answer(200, b'{"status":"err","response":"%s"}' % sentence.encode(), None)


@pytest.fixture
def scripted(monkeypatch):
    """Plays an exchange that answers posts as written; a callable acts first."""

    def play(*replies):
        script = iter(replies)

        def reply(_api, _body):
            one = next(script)
            return one() if callable(one) else one

        monkeypatch.setattr(ExchangeApi, "post", reply)

    return play


@pytest.fixture
def isolated(desk, action):
    desk.exchange.act(desk.sign(action.leverage(5, cross=False), nonce=desk.time - 9).body())
    desk.exchange.open_position(desk.user.address, "BTC", "0.01")


def test_a_refused_margin_change_with_a_lost_answer_is_not_confirmed(
    desk, action, isolated, scripted
):
    """It was refused after admission, so its repetition is a duplicate."""
    scripted(LOST, err("Invalid nonce: duplicate nonce 5"))
    shown = desk.post(desk.signed_file(action.margin(5_000_000)))
    assert (shown.status, shown.document["status"]) == (7, "unknown")
    assert (shown.document["nonceState"], shown.document["account"]) == ("spent", "unclear")


def test_a_payload_that_another_action_with_the_nonce_displaced_is_not_accepted(
    desk, action, scripted
):
    nonce = desk.time

    def displace():
        desk.exchange.act(desk.sign(action.leverage(3), nonce=nonce).body())
        return err(f"Invalid nonce: duplicate nonce {nonce}")

    scripted(LOST, displace)
    shown = desk.post(desk.signed_file(action.leverage(8), nonce=nonce))
    assert (shown.status, shown.document["status"]) == (7, "unknown")
    assert (shown.document["nonceState"], shown.document["account"]) == ("spent", "otherwise")


def test_a_payload_that_landed_from_another_state_folder_is_not_refused(desk):
    file = desk.signed_file()
    here, desk.state = desk.state, desk.folder / "elsewhere"
    assert desk.post(file).document["status"] == "confirmed"
    desk.state = here
    shown = desk.post(file)
    assert (shown.status, shown.document["status"]) == (7, "in-effect")
    assert shown.document["account"] == "in-force", "it was so before, as far as this ledger saw"
    assert desk.accepted() == 1


def test_what_shows_in_the_account_does_not_settle_a_payload_that_can_still_land(
    desk, action, scripted
):
    """Somebody set the same by other means; these bytes never landed."""

    def meanwhile():
        desk.exchange.act(desk.sign(action.leverage(8), nonce=desk.time - 5).body())
        return LOST

    scripted(meanwhile)
    shown = desk.post(desk.signed_file(action.leverage(8)), "--retry-for", "0")
    assert (shown.status, shown.document["status"]) == (7, "unknown")
    assert (shown.document["nonceState"], shown.document["account"]) == ("open", "shows")
    assert shown.document["receipt"]["canLandUntil"] == desk.time + 3_600_000
    assert "can still land until" in desk.run("history").stderr


def test_words_that_nobody_knows_are_no_refusal_and_nothing_is_sent_after_them(
    desk, action, scripted
):
    words = "Busy; the action may still be included in a block."
    scripted(err(words))
    file = desk.signed_file(action.leverage(8))
    shown = desk.post(file)
    assert (shown.status, shown.document["status"]) == (7, "unknown")
    assert shown.document["nonceState"] == "open"
    assert shown.document["sentence"] == words
    for again in (desk.resolve().document[0], desk.post(file).document):
        assert (again["nonceState"], again["held"]) == ("open", "unknown-words")
    assert desk.row().attempts == 1


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, b"Failed to parse the request body as JSON"),
        (415, b"Expected request with `Content-Type: application/json`"),
        (422, b"Failed to deserialize the JSON body into the target type"),
    ],
)
def test_what_the_exchange_could_not_read_was_refused_and_admitted_nothing(
    desk, scripted, status, words
):
    scripted(Answer(status, words, None))
    shown = desk.post(desk.signed_file())
    assert (shown.status, shown.document["status"]) == (6, "refused")
    assert (shown.document["nonceState"], shown.document["code"]) == ("not-admitted", "malformed")


def test_resolve_sends_nothing_that_was_never_sent_over_a_newer_change(desk, action, monkeypatch):
    """2x, asked for later and in force, became 30x."""

    def die(*_arguments):
        raise KeyboardInterrupt

    old = desk.signed_file(action.leverage(30), name="old.json")
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "begin_attempt", die)
        assert desk.post(old).status == 130
    assert desk.post(desk.signed_file(action.leverage(2), name="new.json")).status == 0
    shown = desk.resolve()
    assert (shown.status, shown.document[0]["nonceState"]) == (7, "unsent")
    assert desk.setting() == (True, 2)
    told = desk.post(old).document
    assert told["receipt"]["before"]["leverage"] == 2, "checked, asked for, and read anew"


@pytest.mark.parametrize("by", ["us", "others"])
def test_resolve_does_not_repeat_a_lost_change_over_a_newer_one(desk, action, by):
    desk.exchange.inject("drop")
    old = desk.signed_file(action.leverage(30), name="old.json")
    assert desk.post(old, "--retry-for", "0").status == 7
    if by == "us":
        new = desk.signed_file(action.leverage(2), name="new.json")
        assert desk.post(new, *desk.in_spite()).status == 0
    else:
        desk.exchange.act(desk.sign(action.leverage(2)).body())
    for shown in (desk.resolve().document[0], desk.post(old).document):
        assert (shown["nonceState"], shown["held"]) == ("open", "market-changed")
    assert desk.setting() == (True, 2)


def test_a_nonce_below_the_floor_was_never_used(desk, scripted):
    scripted(LOST, err(f"Invalid nonce: nonce too low {desk.time} < {desk.time + 1}"))
    shown = desk.post(desk.signed_file(nonce=desk.time))
    assert (shown.status, shown.document["nonceState"]) == (6, "dead")


def test_a_nonce_that_fell_out_of_the_window_may_have_been_used(desk, scripted):
    nonce = desk.time

    def much_later():
        desk.time += 2 * 86_400_000
        return err(f"Invalid nonce: nonce too low {nonce} < {nonce + 1}")

    scripted(LOST, much_later)
    shown = desk.post(desk.signed_file(nonce=nonce, expires_after=None))
    assert (shown.status, shown.document["nonceState"]) == (7, "open")


def test_a_later_payload_for_the_market_supersedes_what_was_not_read_before(
    desk, action, monkeypatch
):
    first = desk.signed_file(action.leverage(5), name="first.json")
    with monkeypatch.context() as patch:
        patch.setattr("coldlever.broadcaster.post.account.Account.now", lambda *_: None)
        assert desk.post(first).document["account"] == "not-read"
    latest = desk.time + 200
    for value, nonce in ((6, desk.time + 100), (7, latest)):
        desk.post(desk.signed_file(action.leverage(value), name=f"{value}.json", nonce=nonce))
    shown = desk.resolve()
    assert (shown.status, shown.document[0]["status"]) == (0, "accepted")
    assert shown.document[0]["account"] == "superseded"
    assert shown.document[0]["supersededBy"] == latest
    rows = desk.run("history", "--json").document
    assert [one["supersededBy"] for one in rows].count(None) == 2
    (old,) = [one for one in rows if one["reading"] == "superseded"]
    assert old["supersededBy"] == latest
    told = f"a later payload for the same market was sent: nonce {latest}"
    assert told in desk.run("post", first).stderr


def test_a_later_payload_that_was_refused_supersedes_nothing(desk, action, monkeypatch, scripted):
    first = desk.signed_file(action.leverage(5), name="first.json")
    with monkeypatch.context() as patch:
        patch.setattr("coldlever.broadcaster.post.account.Account.now", lambda *_: None)
        assert desk.post(first).document["account"] == "not-read"
    scripted(err("Invalid leverage value"))
    desk.post(desk.signed_file(action.leverage(6), name="second.json"))
    desk.exchange.act(desk.sign(action.leverage(2)).body())
    (shown,) = desk.resolve().document
    assert (shown["status"], shown["account"]) == ("accepted", "otherwise")
    assert shown["supersededBy"] is None


def test_a_payload_recorded_and_never_admitted_is_checked_again_before_it_is_sent(desk, scripted):
    scripted(err(f"Must deposit before performing actions. User: {desk.user.address.lower}"))
    file = desk.signed_file()
    shown = desk.post(file)
    assert (shown.status, shown.document["nonceState"]) == (6, "not-admitted")
    found = {one["code"]: one for one in desk.check(file).document["checks"]}
    assert found["nonce-unused"]["warning"]
    desk.time += 3_600_000
    late = desk.post(file)
    assert (late.status, late.document["code"]) == (4, "expired")
    assert desk.row().state is NonceState.NOT_ADMITTED
    desk.time += 60_001
    ended = desk.resolve()
    assert (ended.status, ended.document[0]["status"]) == (6, "refused")
    assert ended.document[0]["nonceState"] == "lapsed"


def test_what_was_never_sent_from_here_may_have_landed_from_elsewhere(desk, monkeypatch, scripted):
    """So its end makes it lapsed, not dead, and a probe tells."""

    def die(*_arguments):
        raise KeyboardInterrupt

    file = desk.signed_file()
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "begin_attempt", die)
        assert desk.post(file).status == 130
    here, desk.state = desk.state, desk.folder / "elsewhere"
    assert desk.post(file).document["status"] == "confirmed"
    desk.state = here
    desk.time += 3_600_000 + 60_001
    shown = desk.resolve()
    assert (shown.status, shown.document[0]["status"]) == (4, "withdrawn")
    assert shown.document[0]["nonceState"] == "lapsed"
    scripted(err("Invalid nonce: duplicate nonce 5"))
    probed = desk.resolve("--nonce", str(desk.row().key.nonce), "--probe").document[0]
    assert (probed["nonceState"], probed["status"]) == ("spent", "in-effect")
