"""The command `post`: once, in order, nothing while a check fails, and a receipt."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from coldlever.broadcaster.ledger.store import Ledger
from coldlever.broadcaster.rehearsal.state.sentences import Refused
from coldlever.shared.errors import EnvironmentFault


@pytest.fixture
def batch(desk, action):
    """A batch of leverages on BTC; a too high one is refused by a check."""

    def make(*values: int) -> str:
        return desk.save(*[desk.sign(action.leverage(value)) for value in values])

    return make


def statuses(shown) -> list[str]:
    return [one["status"] for one in shown.document]


def test_posting_a_file_twice_posts_it_once(desk):
    file = desk.signed_file()
    first, second = desk.post(file), desk.post(file)
    assert (first.status, second.status) == (0, 0)
    assert not first.document["alreadyPosted"]
    assert second.document["alreadyPosted"]
    assert second.document["status"] == "confirmed"
    assert desk.requests() == 1


def test_a_second_post_after_expiry_still_tells_the_first_outcome(desk):
    file = desk.signed_file()
    desk.post(file)
    desk.time += 3 * 86_400_000
    assert desk.post(file).document["status"] == "confirmed"
    assert desk.requests() == 1


def test_a_bare_body_is_posted_with_its_network_named(desk):
    payload = desk.sign()
    file = desk.save(payload.body_wire())
    shown = desk.post(file)
    assert (shown.status, shown.error) == (3, "network-missing")
    assert desk.post(file, "--network", "testnet").document["status"] == "confirmed"
    assert desk.post(desk.save(payload, name="again.json")).document["alreadyPosted"]


def test_another_action_with_a_posted_nonce_is_refused_without_a_word_to_the_exchange(desk, action):
    nonce = desk.time
    desk.post(desk.signed_file(action.leverage(5), nonce=nonce))
    shown = desk.post(desk.signed_file(action.leverage(6), nonce=nonce))
    assert (shown.status, shown.error) == (4, "nonce-used")
    assert desk.requests() == 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"expires_after": 1}, "expired"),
        ({"nonce": 1}, "nonce-window"),
        ({"action": {"type": "updateLeverage", "asset": 3, "isCross": True, "leverage": 41}}, None),
    ],
)
def test_nothing_is_sent_or_recorded_while_a_check_fails(desk, options, code):
    shown = desk.post(desk.signed_file(**options))
    assert shown.status == 4
    assert shown.document["status"] == "not-posted"
    assert shown.document["code"] == (code or "leverage-too-high")
    assert shown.error == shown.document["code"]
    assert desk.requests() == 0
    assert desk.run("history", "--json").document == []


def test_a_failing_check_is_told_to_people_with_its_remedy(desk):
    shown = desk.run("post", desk.signed_file(expires_after=1))
    assert shown.stdout == ""
    assert "FAIL" in shown.stderr
    assert "remedy:" in shown.stderr
    assert "NOT POSTED" in shown.stderr


def test_a_confirmed_post_is_told_to_people(desk):
    shown = desk.run("post", desk.signed_file())
    assert (shown.status, shown.stdout) == (0, "")
    assert "CONFIRMED: BTC" in shown.stderr
    assert "Check words" in shown.stderr
    again = desk.run("post", desk.signed_file(name="other.json"), desk.save(desk.sign()))
    assert "CONFIRMED" in again.stderr
    repeated = desk.run("post", str(desk.folder / "signed.json"))
    assert "not sent again" in repeated.stderr


def test_an_unknown_sentence_of_the_exchange_reaches_the_person_escaped(desk, monkeypatch):
    words = "A new rule \x1b[31mof theirs\u202e."

    def refuse(*_arguments):
        raise Refused(words)

    monkeypatch.setattr("coldlever.broadcaster.rehearsal.act.rules.apply", refuse)
    shown = desk.post(desk.signed_file())
    assert (shown.status, shown.document["code"]) == (7, "exchange-refused")
    assert shown.document["nonceState"] == "open"
    assert shown.document["sentence"] == "A new rule \\u{001b}[31mof theirs\\u{202e}."
    assert shown.document["exchange"]["response"] == words
    told = desk.run("post", str(desk.folder / "signed.json")).stderr
    assert "A new rule" in told
    assert "\x1b" not in told


def test_a_batch_is_posted_in_order(desk, batch):
    shown = desk.post(batch(3, 5, 4))
    assert shown.status == 0
    assert statuses(shown) == ["accepted", "accepted", "confirmed"]
    nonces = [entry.nonce for entry in desk.exchange.journal.entries()]
    assert nonces == sorted(nonces)
    assert desk.setting() == (True, 4)


def test_nothing_of_a_batch_is_sent_while_one_of_it_fails_a_check(desk, batch):
    shown = desk.post(batch(3, 50, 4))
    assert shown.status == 4
    assert statuses(shown) == ["not-posted"] * 3
    assert [one["code"] for one in shown.document] == [
        "not-reached",
        "leverage-too-high",
        "not-reached",
    ]
    assert desk.requests() == 0
    people = desk.run("post", str(desk.folder / "signed.json"))
    assert "not-reached" in people.stderr


def test_keep_going_posts_what_passes_its_checks(desk, batch):
    shown = desk.post(batch(3, 50, 4), "--keep-going")
    assert shown.status == 4
    assert statuses(shown) == ["accepted", "not-posted", "confirmed"]


@pytest.mark.parametrize(
    ("options", "rest"),
    [((), ["not-posted"] * 2), (("--keep-going",), ["accepted", "confirmed"])],
)
def test_a_refusal_stops_the_batch_unless_told_otherwise(desk, batch, options, rest):
    desk.exchange.inject("422")
    shown = desk.post(batch(3, 4, 5), *options)
    assert shown.status == 6
    assert statuses(shown) == ["refused", *rest]


def test_the_most_worrying_outcome_decides_the_exit_status(desk, batch):
    desk.exchange.inject("drop")
    shown = desk.post(batch(3, 50), "--keep-going", "--retry-for", "0")
    assert statuses(shown) == ["unknown", "not-posted"]
    assert shown.status == 7


def test_posting_a_stopped_batch_again_goes_on_where_it_stopped(desk, batch):
    file = batch(3, 4, 5)
    desk.exchange.inject("drop")
    assert desk.post(file, "--retry-for", "0").status == 7
    assert statuses(desk.post(file)) == ["confirmed", "accepted", "confirmed"]
    assert desk.accepted() == 3


def test_the_same_payload_twice_in_a_batch_is_sent_once(desk):
    payload = desk.sign()
    shown = desk.post(desk.save(payload, payload))
    assert statuses(shown) == ["confirmed", "confirmed"]
    assert [one["alreadyPosted"] for one in shown.document] == [False, True]
    assert desk.requests() == 1


def test_what_expires_while_the_batch_is_under_way_is_not_sent(desk, action, monkeypatch):
    early = desk.sign(action.leverage(5))
    file = desk.save(early, desk.sign(action.leverage(6), expires_after=desk.time + 20_000))
    reserve = Ledger.reserve

    def slow(ledger, row):
        desk.time += 60_000
        reserve(ledger, row)

    monkeypatch.setattr(Ledger, "reserve", slow)
    shown = desk.post(file)
    assert statuses(shown) == ["confirmed", "not-posted"]
    assert shown.document[1]["code"] == "expired"
    assert desk.requests() == 1


def test_a_failing_ledger_stops_the_run_and_the_outcomes_so_far_are_told(desk, batch, monkeypatch):
    record = Ledger.record_answer

    def fail_later(ledger, row, *arguments, **options):
        if desk.requests() > 1:
            raise EnvironmentFault("ledger-unusable", "the disk is full")
        return record(ledger, row, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "record_answer", fail_later)
        shown = desk.post(batch(3, 4, 5), "--keep-going")
    assert shown.status == 8
    assert statuses(shown) == ["accepted", "unknown", "not-posted"]
    assert desk.resolve().document[0]["status"] == "in-effect"
    assert desk.accepted() == 2


def test_a_batch_without_expiries_is_posted_too(desk):
    pair = [desk.sign(expires_after=None) for _ in range(2)]
    assert statuses(desk.post(desk.save(*pair))) == ["accepted", "confirmed"]


def test_several_files_are_one_run(desk, action):
    files = [desk.signed_file(action.leverage(n), name=f"{n}.json") for n in (2, 3)]
    assert statuses(desk.post(*files)) == ["accepted", "confirmed"]


def test_the_receipt_is_written_private_and_not_over_another_file(desk):
    receipt = desk.folder / "receipt.json"
    file = desk.signed_file()
    desk.post(file, "--receipt", str(receipt))
    assert stat.S_IMODE(receipt.stat().st_mode) == 0o600
    document = json.loads(receipt.read_text())
    assert (document["kind"], document["status"]) == ("coldlever/receipt", "confirmed")
    assert document["before"]["leverage"] == 20
    assert document["after"]["leverage"] == 10
    shown = desk.post(file, "--receipt", str(receipt))
    assert (shown.status, shown.error) == (2, "output-exists")
    assert desk.post(file, "--receipt", str(receipt), "--force").status == 0


def test_an_existing_receipt_file_is_noticed_before_anything_is_sent(desk):
    receipt = desk.folder / "receipt.json"
    receipt.write_text("mine")
    assert desk.post(desk.signed_file(), "--receipt", str(receipt)).status != 0
    assert desk.requests() == 0
    assert receipt.read_text() == "mine"


@pytest.mark.parametrize(("answer", "status", "sent"), [("no", 5, 0), ("yes", 0, 1)])
def test_a_person_at_the_terminal_has_the_last_word(desk, answer, status, sent):
    desk.sit_down(lambda _: answer)
    assert desk.run("post", desk.signed_file()).status == status
    assert desk.requests() == sent


def test_an_unreachable_exchange_is_the_environments_fault_and_nothing_is_recorded(desk):
    file = desk.signed_file()
    desk.url = "http://127.0.0.1:9"
    shown = desk.post(file)
    assert shown.status == 8
    assert shown.error in ("connection-lost", "connect-failed")
    assert desk.run("history", "--json").document == []


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", '{"kind": "coldlever/signed"}'])
def test_a_file_that_is_no_signed_payload_is_refused(desk, content):
    file = Path(desk.folder / "odd.json")
    file.write_text(content)
    shown = desk.post(str(file))
    assert shown.status == 3
    assert shown.error
