"""Revoking: a noop with the same nonce, a row beside the original, and what either answer proves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from coldlever.broadcaster.fate import Event, NonceState
from coldlever.broadcaster.ledger.store import Ledger
from coldlever.broadcaster.venue.client import Answer, ExchangeApi, NoAnswer
from coldlever.shared.action.what import What

pytestmark = pytest.mark.both_engines

LOST = NoAnswer("timed-out", "no answer within the time limit")
OK = Answer(200, b'{"status":"ok","response":{"type":"default"}}', None)
NOOP = {"type": "noop"}


def err(sentence: str) -> Answer:
    return Answer(200, b'{"status":"err","response":"%s"}' % sentence.encode(), None)


DUPLICATE = err("Invalid nonce: duplicate nonce 5")
RATE = Answer(429, b"null", None)


@pytest.fixture
def scripted(monkeypatch):
    """Plays an exchange that answers posts as written, and counts what was asked of it."""
    sent = []

    def play(*replies):
        script = iter(replies)

        def reply(_api, body):
            sent.append(json.loads(body)["action"]["type"])
            return next(script)

        monkeypatch.setattr(ExchangeApi, "post", reply)
        return sent

    return play


@pytest.fixture
def original(desk, action):
    return desk.sign(action.leverage(8), nonce=desk.time + 1)


@pytest.fixture
def file(desk, original):
    return desk.save(original, name="original.json")


@pytest.fixture
def noop(desk, original):
    """The signed revocation of the original, in a file."""
    signed = desk.sign(NOOP, nonce=original.signable.nonce, expires_after=None)
    return desk.save(signed, name="noop.json")


def states(desk) -> dict[str, str]:
    ledger = desk.ledger()
    try:
        return {row.key.what.value: row.state.value for row in ledger.rows()}
    finally:
        ledger.close()


@pytest.fixture
def die(monkeypatch):
    """Ends the command where the ledger would note that sending begins."""

    def before(run):
        def stop(*_arguments):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "begin_attempt", stop)
            assert run().status == 130

    return before


def test_what_no_ledger_knows_is_revoked_and_can_land_no_more(desk, file, noop, original):
    shown = desk.post(noop)
    assert shown.status == 0, shown.stdout
    told = shown.document
    assert (told["what"], told["status"], told["nonceState"]) == (
        "revocation",
        "accepted",
        "spent-accepted",
    )
    assert told["killed"] is None
    assert (told["receipt"]["what"], told["receipt"]["coin"]) == ("revocation", None)
    again = desk.post(file)
    assert (again.status, again.document["code"]) == (4, "nonce-revoked")
    assert "draft the request again" in again.document["error"]["remedy"]
    assert desk.requests() == 1
    assert "duplicate nonce" in str(desk.exchange.act(original.body()))


def test_check_says_what_a_revocation_kills_and_that_the_original_is_revoked(desk, file, noop, die):
    die(lambda: desk.post(file))
    shown = desk.check(noop)
    assert shown.status == 0
    found = {one["code"]: one["detail"] for one in shown.document["checks"]}
    assert found["revocation"] == "kills a payload for BTC that is unsent"
    assert set(found).isdisjoint({"market", "leverage", "margin-mode", "position", "change"})
    assert (shown.document["what"], shown.document["complete"]) == ("revocation", True)
    assert desk.check(noop, "--offline").status == 0
    assert desk.post(noop).status == 0
    refused = desk.check(file).document
    (failed,) = [one for one in refused["checks"] if one["ok"] is False]
    assert (failed["code"], failed["error"]) == ("nonce-unused", "nonce-revoked")


def test_what_was_recorded_and_never_sent_is_dead_once_its_revocation_is_accepted(
    desk, file, noop, die
):
    die(lambda: desk.post(file))
    told = desk.post(noop).document
    assert told["status"] == "accepted"
    assert (told["killed"]["status"], told["killed"]["nonceState"]) == ("withdrawn", "dead")
    assert told["killed"]["receipt"]["code"] == "nonce-revoked"
    assert states(desk) == {"payload": "dead", "revocation": "spent-accepted"}
    assert desk.resolve().document == []
    again = desk.post(file)
    assert (again.status, again.document["code"]) == (4, "nonce-revoked")
    assert desk.requests() == 1


def test_what_was_lost_and_never_arrived_is_dead_once_its_revocation_is_accepted(desk, file, noop):
    desk.exchange.inject("drop")
    assert desk.post(file, "--retry-for", "0").status == 7
    told = desk.post(noop).document
    assert (told["status"], told["killed"]["status"]) == ("accepted", "refused")
    assert states(desk) == {"payload": "dead", "revocation": "spent-accepted"}
    assert desk.setting() == (True, 20)


def test_a_revocation_that_comes_too_late_confirms_nothing_and_reads_the_account(desk, file, noop):
    """The original had landed while its answer got lost."""
    desk.exchange.inject("lose-answer")
    assert desk.post(file, "--retry-for", "0").status == 7
    shown = desk.post(noop)
    told = shown.document
    assert (shown.status, told["status"], told["nonceState"]) == (7, "unknown", "spent")
    assert (told["killed"]["status"], told["killed"]["account"]) == ("in-effect", "shows")
    assert states(desk) == {"payload": "spent", "revocation": "spent"}
    text = desk.run("post", noop).stderr
    assert "not sent again: this revocation was handed to the exchange before" in text
    assert "IN-EFFECT" in text
    assert desk.requests() == 2


def test_what_was_refused_before_the_nonce_is_revoked(desk, file, noop, scripted):
    scripted(RATE, OK)
    shown = desk.post(file, "--retry-for", "0")
    assert (shown.status, shown.document["nonceState"]) == (6, "not-admitted")
    assert "revoke --nonce" in shown.document["remedy"]
    assert desk.post(noop).status == 0
    assert states(desk) == {"payload": "dead", "revocation": "spent-accepted"}


def test_a_lost_answer_leaves_a_revocation_open_and_resolve_sends_the_same_again(
    desk, file, noop, scripted
):
    sent = scripted(LOST, LOST, OK)
    assert desk.post(file, "--retry-for", "0").status == 7
    shown = desk.post(noop, "--retry-for", "0")
    assert (shown.status, shown.document["nonceState"]) == (7, "open")
    assert shown.document["killed"]["nonceState"] == "open"
    assert "resolve" in shown.document["remedy"]
    held = desk.post(file)
    assert (held.status, held.document["held"], held.document["nonceState"]) == (
        7,
        "revoked",
        "open",
    )
    done = desk.resolve()
    assert (done.status, [one["what"] for one in done.document]) == (0, ["revocation"])
    assert done.document[0]["killed"]["nonceState"] == "dead"
    assert sent == ["updateLeverage", "noop", "noop"]


def test_a_duplicate_after_a_lost_answer_leaves_open_which_of_the_two_it_was(
    desk, file, noop, scripted
):
    scripted(LOST, LOST, DUPLICATE)
    assert desk.post(file, "--retry-for", "0").status == 7
    assert desk.post(noop, "--retry-for", "0").status == 7
    done = desk.resolve()
    assert (done.status, done.document[0]["status"]) == (7, "unknown")
    assert states(desk) == {"payload": "spent", "revocation": "spent"}


def test_a_revocation_refused_before_the_nonce_blocks_and_is_posted_again(
    desk, file, noop, scripted
):
    sent = scripted(LOST, RATE, OK)
    assert desk.post(file, "--retry-for", "0").status == 7
    shown = desk.post(noop, "--retry-for", "0")
    assert (shown.status, shown.document["status"]) == (6, "refused")
    assert shown.document["killed"]["nonceState"] == "open", "it can land all the same"
    left = {one["what"]: one for one in desk.resolve().document}
    assert (left["revocation"]["held"], left["payload"]["held"]) == ("never-admitted", "revoked")
    assert desk.post(noop).status == 0
    assert sent == ["updateLeverage", "noop", "noop"]
    assert states(desk) == {"payload": "dead", "revocation": "spent-accepted"}


def test_a_nonce_below_the_floor_was_never_used_and_nothing_lands_with_it(
    desk, file, noop, scripted
):
    scripted(LOST, err(f"Invalid nonce: nonce too low 5 < {desk.time}"))
    assert desk.post(file, "--retry-for", "0").status == 7
    shown = desk.post(noop)
    assert (shown.status, shown.document["nonceState"]) == (6, "dead")
    assert states(desk) == {"payload": "dead", "revocation": "dead"}


def test_what_was_accepted_is_not_revoked(desk, file, noop):
    assert desk.post(file).status == 0
    refused = desk.post(noop)
    assert (refused.status, refused.document["code"]) == (4, "nothing-to-revoke")
    assert "accepted" in refused.document["error"]["message"]
    assert desk.run("revoke", file, "--json").error == "nothing-to-revoke"
    assert desk.requests() == 1
    assert states(desk) == {"payload": "spent-accepted"}


@pytest.mark.parametrize("sentence", ["Invalid leverage value", "Action already expired"])
def test_what_was_refused_for_good_is_not_revoked(desk, file, noop, scripted, sentence):
    sent = scripted(err(sentence))
    assert desk.post(file).status == 6
    assert desk.post(noop).document["code"] == "nothing-to-revoke"
    assert sent == ["updateLeverage"]


@pytest.mark.file_ledger
def test_from_a_state_folder_that_does_not_know_it_the_original_is_killed(
    desk, file, noop, original
):
    desk.exchange.inject("drop")
    assert desk.post(file, "--retry-for", "0").status == 7
    here, desk.state = desk.state, desk.folder / "elsewhere"
    assert desk.run("revoke", file, "--json").document["kills"].startswith("BTC = asset 3")
    assert desk.run("revoke", "--nonce", str(original.signable.nonce), "--json").error == (
        "nonce-unknown"
    )
    assert desk.post(noop).status == 0
    desk.state = here
    done = desk.resolve()
    assert (done.status, done.document[0]["status"]) == (7, "unknown")
    assert done.document[0]["nonceState"] == "spent"
    assert desk.setting() == (True, 20)


def test_posting_a_revocation_twice_sends_it_once(desk, noop):
    assert desk.post(noop).status == 0
    again = desk.post(noop)
    assert (again.status, again.document["alreadyPosted"]) == (0, True)
    assert desk.requests() == 1


def test_a_revocation_recorded_and_never_sent_blocks_its_original(desk, file, noop, die):
    """Killed between the row and the post."""
    die(lambda: desk.post(file))
    die(lambda: desk.post(noop))
    assert states(desk) == {"payload": "unsent", "revocation": "unsent"}
    refused = desk.post(file)
    assert (refused.status, refused.document["code"]) == (4, "nonce-revoked")
    left = {one["what"]: one["held"] for one in desk.resolve().document}
    assert left == {"revocation": "never-admitted", "payload": "never-admitted"}
    assert desk.requests() == 0
    assert desk.post(noop).status == 0
    assert states(desk) == {"payload": "dead", "revocation": "spent-accepted"}


def test_a_probe_of_what_was_revoked_sends_nothing(desk, action, scripted):
    payload = desk.sign(action.leverage(8), nonce=desk.time + 1, expires_after=desk.time + 60_000)
    sent = scripted(LOST, LOST)
    assert desk.post(desk.save(payload), "--retry-for", "0").status == 7
    nonce = payload.signable.nonce
    noop = desk.save(desk.sign(NOOP, nonce=nonce, expires_after=None), name="noop.json")
    assert desk.post(noop, "--retry-for", "0").status == 7
    desk.time += 200_000
    refused = desk.run("resolve", "--nonce", str(nonce), "--probe", "--json")
    assert sent == ["updateLeverage", "noop"], refused.stdout
    assert (refused.status, refused.error) == (4, "nonce-revoked")


def test_nobody_is_told_to_probe_what_was_revoked(desk, action, scripted):
    payload = desk.sign(action.leverage(8), nonce=desk.time + 1, expires_after=desk.time + 60_000)
    scripted(LOST, RATE)
    assert desk.post(desk.save(payload), "--retry-for", "0").status == 7
    noop = desk.sign(NOOP, nonce=payload.signable.nonce, expires_after=None)
    assert desk.post(desk.save(noop, name="noop.json"), "--retry-for", "0").status == 6
    desk.time += 200_000
    told = {one["what"]: one for one in desk.resolve().document}
    assert (told["payload"]["nonceState"], told["payload"]["held"]) == ("lapsed", None)


def test_a_revocation_lapses_with_the_window(desk, noop, scripted):
    scripted(LOST)
    assert desk.post(noop, "--retry-for", "0").status == 7
    desk.time += 2 * 86_400_000 + 120_000
    done = desk.resolve().document[0]
    assert (done["nonceState"], done["status"]) == ("lapsed", "unknown")
    assert desk.resolve().document == []


def test_every_place_that_tells_of_open_bytes_offers_to_revoke_them(desk, file, scripted):
    scripted(LOST)
    shown = desk.run("post", file, "--yes", "--retry-for", "0")
    offer = "revoke --nonce"
    assert offer in shown.stderr
    assert offer in desk.run("history").stderr
    (listed,) = desk.run("history", "--json").document
    assert offer in listed["remedy"]
    assert listed["what"] == "payload"


def test_history_shows_which_row_is_the_revocation(desk, file, noop, die):
    die(lambda: desk.post(file))
    assert desk.post(noop).status == 0
    lines = desk.run("history").stderr
    assert "accepted  spent-accepted revocation" in lines
    assert "withdrawn dead           BTC" in lines
    assert '{"type": "noop"}' in lines
    kinds = [one["what"] for one in desk.run("history", "--json").document]
    assert sorted(kinds) == ["payload", "revocation"]


def test_a_revocation_of_a_batch_is_a_batch(desk, action):
    payloads = [desk.sign(action.leverage(value)) for value in (3, 4)]
    told = desk.run("revoke", desk.save(*payloads), "--json").document
    assert [one["request"]["nonce"] for one in told] == [one.signable.nonce for one in payloads]


def test_the_request_of_a_revocation_is_a_noop_that_names_its_signer(desk, file, original, die):
    die(lambda: desk.post(file))
    out = desk.folder / "kill.json"
    nonce = original.signable.nonce
    shown = desk.run("revoke", "--nonce", str(nonce), "--out", str(out), "--json")
    assert shown.status == 0, shown.stderr
    written = json.loads(out.read_text())
    assert written == shown.document["request"]
    assert written == {
        "network": "testnet",
        "action": NOOP,
        "nonce": nonce,
        "expiresAfter": None,
        "vaultAddress": None,
        "signer": desk.user.address.checksummed,
        "kills": {
            "action": action_of(original),
            "expiresAfter": original.signable.expires_after,
            "vaultAddress": None,
        },
    }
    assert len(shown.document["checkWords"].split()) == 16
    assert desk.requests() == 0


def action_of(payload):
    return payload.signable.action.to_wire()


@pytest.mark.parametrize("arguments", [(), ("--nonce", "5", "{file}")])
def test_a_revocation_is_of_a_file_or_a_nonce(desk, file, arguments):
    told = desk.run("revoke", *(one.format(file=file) for one in arguments), "--json")
    assert (told.status, told.error) == (2, "one-payload")


def test_a_revocation_is_not_revoked(desk, noop):
    assert desk.run("revoke", noop, "--json").error == "nothing-to-revoke"


def test_a_tampered_payload_is_not_taken_for_a_revocation(desk, original):
    wire = original.to_wire()
    wire["payload"]["action"]["leverage"] = 9
    assert desk.run("revoke", desk.save(wire), "--json").status == 4


def test_two_networks_with_one_nonce_are_told_apart(desk, file, original, die):
    die(lambda: desk.post(file))
    ledger = desk.ledger()
    (row,) = ledger.rows()
    ledger.reserve(replace(row, key=replace(row.key, venue="testnet")))
    ledger.close()
    nonce = str(original.signable.nonce)
    assert desk.run("revoke", "--nonce", nonce, "--json").error == "nonce-ambiguous"
    one = desk.run("revoke", "--nonce", nonce, "--network", "testnet", "--api-url", desk.url)
    assert one.status == 0


@pytest.mark.invented_ledger
def test_an_answer_that_accepts_the_original_tells_its_revocation(desk, file, noop, scripted, die):
    """It was on its way while the revocation was recorded."""
    ledger = desk.ledger()
    scripted(LOST)
    assert desk.post(file, "--retry-for", "0").status == 7
    die(lambda: desk.post(noop))
    (row,) = [one for one in ledger.rows() if one.key.what is What.PAYLOAD]
    ledger.record_answer(
        row,
        NonceState.SPENT_ACCEPTED,
        desk.time,
        event=Event.ACCEPTED,
        code="confirmed",
        sentence="ok",
        answer=OK.body if hasattr(OK, "body") else b"",
    )
    ledger.close()
    assert states(desk) == {"payload": "spent-accepted", "revocation": "dead"}
    told = desk.post(noop)
    assert (told.status, told.document["status"]) == (4, "withdrawn")


def test_what_lands_while_its_revocation_is_checked_is_not_revoked(desk, file, noop):
    """In one batch: both pass their checks, and the first is accepted."""
    batch = desk.save(
        *(json.loads(Path(one).read_text()) for one in (file, noop)), name="both.json"
    )
    shown = desk.post(batch)
    first, second = shown.document
    assert first["status"] == "confirmed"
    assert (second["what"], second["status"], second["code"]) == (
        "revocation",
        "not-posted",
        "nothing-to-revoke",
    )
    assert shown.status == 4
    assert desk.requests() == 1


def test_what_stands_behind_its_revocation_in_a_batch_is_not_sent(desk, file, noop):
    batch = desk.save(
        *(json.loads(Path(one).read_text()) for one in (noop, file)), name="both.json"
    )
    shown = desk.post(batch)
    assert [one["status"] for one in shown.document] == ["accepted", "not-posted"]
    assert shown.document[1]["code"] == "nonce-revoked"
    assert desk.requests() == 1


def test_posting_a_settled_revocation_again_tells_what_became_of_its_original(
    desk, file, noop, die
):
    die(lambda: desk.post(file))
    assert desk.post(noop).status == 0
    again = desk.post(noop).document
    assert (again["alreadyPosted"], again["killed"]["nonceState"]) == (True, "dead")
    assert (
        "what it kills (BTC): dead: it never landed and never can (WITHDRAWN)"
        in desk.run("post", noop).stderr
    )
