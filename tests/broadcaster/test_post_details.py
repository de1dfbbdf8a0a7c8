"""Where a post could wait for ever, repeat a refusal, act on old checks or mislead its reader."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger.store import Ledger
from coldlever.broadcaster.post.poster import Poster
from coldlever.broadcaster.venue.client import Answer, ExchangeApi
from coldlever.broadcaster.venue.exchange import Exchange


def test_a_gateway_that_wants_to_be_called_again_at_once_is_not_called_for_ever(desk):
    desk.exchange.inject("429", seconds=0, count=1000)
    shown = desk.post(desk.signed_file(), "--retry-for", "20")
    assert (shown.status, shown.document["code"]) == (6, "rate-limited")
    assert desk.naps == [0.5, 1.0, 2.0, 4.0, 8.0]


def test_the_time_that_attempts_take_counts_towards_the_time_for_retries(desk):
    desk.machine = replace(desk.machine, monotonic=lambda: 7.0 * desk.requests())
    desk.exchange.inject("drop", count=50)
    shown = desk.post(desk.signed_file(), "--retry-for", "20")
    assert shown.status == 7
    assert desk.naps == [0.5, 1.0]


def test_a_refusal_after_an_unanswered_attempt_is_not_repeated(desk, monkeypatch):
    desk.exchange.add_agent(desk.user.address, desk.agent.address)
    file = desk.signed_file(by=desk.agent)
    refusal = b'{"status":"err","response":"A sentence nobody has heard before."}'
    replies = iter([Answer(502, b"", None), *[Answer(200, refusal, None)] * 9])
    monkeypatch.setattr(ExchangeApi, "post", lambda *_: next(replies))
    shown = desk.post(file)
    assert (shown.status, shown.document["code"]) == (7, "exchange-refused")
    assert desk.resolve().document[0]["held"] == "unknown-words"
    assert shown.document["sentence"] == "A sentence nobody has heard before."
    assert desk.row().attempts == 2


def test_a_refusal_before_admission_says_nothing_about_an_earlier_attempt(desk, action):
    desk.exchange.inject("lose-answer")
    desk.exchange.inject("422")
    shown = desk.post(desk.signed_file())
    assert (shown.status, shown.document["status"]) == (7, "unknown")
    assert (shown.document["nonceState"], shown.document["code"]) == ("open", "malformed")
    assert desk.row().attempts == 2
    assert desk.accepted() == 1


def test_a_refusal_after_admission_proves_that_no_earlier_attempt_was_admitted(desk, action):
    file = desk.signed_file(action.leverage(40))
    desk.exchange.open_position(desk.user.address, "BTC", "0.5")
    desk.exchange.inject("drop")
    shown = desk.post(file)
    assert (shown.status, shown.document["status"]) == (6, "refused")
    assert shown.document["nonceState"] == "spent-refused"
    assert "order in which" in shown.document["receipt"]["basis"]


def test_a_payload_that_another_process_takes_up_during_the_checks_is_joined(desk, monkeypatch):
    file = desk.signed_file()
    role = Exchange.role

    def meanwhile(exchange, address):
        monkeypatch.setattr(Exchange, "role", role)
        desk.post(file)
        return role(exchange, address)

    monkeypatch.setattr(Exchange, "role", meanwhile)
    shown = desk.post(file)
    assert (shown.status, shown.document["status"]) == (0, "confirmed")
    assert shown.document["alreadyPosted"]
    assert desk.requests() == 1


def test_one_left_open_by_another_process_during_the_checks_is_gone_on_with(desk, monkeypatch):
    file = desk.signed_file()
    role = Exchange.role

    def meanwhile(exchange, address):
        monkeypatch.setattr(Exchange, "role", role)
        desk.exchange.inject("drop")
        desk.post(file, "--retry-for", "0")
        return role(exchange, address)

    monkeypatch.setattr(Exchange, "role", meanwhile)
    assert desk.post(file).document["status"] == "confirmed"
    assert desk.accepted() == 1


def test_what_expires_while_the_person_thinks_is_not_sent(desk):
    def think(_prompt):
        desk.time += 3_600_000
        return "yes"

    desk.sit_down(think)
    shown = desk.run("post", desk.signed_file())
    assert shown.status == 4
    assert "expired" in shown.stderr
    assert desk.requests() == 0


def test_several_payloads_are_posted_only_when_their_number_is_typed(desk):
    files = [desk.signed_file(name="a.json"), desk.signed_file(name="b.json")]
    answers = iter(["yes", "yes 3", "yes 2"])
    desk.sit_down(lambda _prompt: next(answers))
    for expected in (5, 5, 0):
        assert desk.run("post", *files).status == expected
        assert (desk.requests() == 0) is (expected == 5)


def test_words_and_answer_are_the_same_before_and_after_posting(desk):
    file, told = desk.signed_file(), ["--challenge", "able acid also apex"]
    checked = desk.check(file, *told).document
    posted, again = (desk.post(file, *told).document for _ in range(2))
    for one in (posted, again):
        assert one["challenge"] == checked["challenge"]
        assert one["checkWords"] == one["receipt"]["checkWords"] == checked["checkWords"]


def test_with_keep_going_nobody_is_asked_when_nothing_can_be_posted(desk, action):
    desk.sit_down(lambda _: pytest.fail("asked"))
    shown = desk.run("post", desk.signed_file(action.leverage(50)), "--keep-going")
    assert shown.status == 4


def test_people_see_that_a_payload_is_gone_on_with(desk):
    file = desk.signed_file()
    desk.exchange.inject("drop")
    desk.post(file, "--retry-for", "0")
    shown = desk.run("post", file)
    assert "an earlier run left it open" in shown.stderr
    assert "CONFIRMED" in shown.stderr


def test_a_used_nonce_in_a_batch_is_one_failed_check_among_the_others(desk, action):
    nonce = desk.time
    desk.post(desk.signed_file(action.leverage(5), nonce=nonce))
    batch = desk.save(desk.sign(action.leverage(6), nonce=nonce), desk.sign(action.leverage(7)))
    shown = desk.post(batch, "--keep-going")
    assert [one["status"] for one in shown.document] == ["not-posted", "confirmed"]
    assert shown.document[0]["error"]["code"] == "nonce-used"


def test_an_earlier_payload_of_the_market_that_is_still_open_is_pointed_out(desk, action):
    desk.exchange.inject("drop")
    desk.post(desk.signed_file(action.leverage(5), name="first.json"), "--retry-for", "0")
    nonce = desk.row().key.nonce

    def change(asset: int) -> dict:
        file = desk.signed_file(action.leverage(6, asset=asset), name="second.json")
        return desk.check(file).document["checks"][-1]

    found = change(3)
    assert (found["ok"], found["error"]) == (False, "older-open")
    assert f"nonce {nonce}" in found["detail"]
    assert "resolve" in found["remedy"]
    assert f"--after-open {nonce}" in found["remedy"]
    assert change(4)["ok"], "another market is not concerned"
    again = desk.check(str(desk.folder / "first.json")).document["checks"][-1]
    assert again["ok"], "it does not stand in its own way"
    desk.resolve()
    assert change(3)["ok"]


def test_a_drafter_is_told_of_an_open_payload_too(desk, action):
    desk.exchange.inject("drop")
    desk.post(desk.signed_file(action.leverage(5)), "--retry-for", "0")
    arguments = ("--coin", "BTC", "--leverage", "6", "--cross", "--account")
    shown = desk.run("draft", *arguments, desk.user.address.lower, "--json")
    assert "still open" in shown.document["checks"][-1]["detail"]


def test_a_master_that_is_multi_sig_signs_for_its_sub_account_no_more(desk, key_of):
    sub = key_of(7).address
    desk.exchange.add_sub_account(desk.user.address, sub)
    assert desk.check(desk.signed_file(vault=sub)).status == 0
    desk.exchange.set_multi_sig(desk.user.address, [key_of(8).address, key_of(9).address], 2)
    shown = desk.check(desk.signed_file(vault=sub))
    errors = [one.get("error") for one in shown.document["checks"]]
    assert "multi-sig" in errors


def test_a_standing_that_cannot_be_read_before_the_post_only_weakens_the_proof(desk, monkeypatch):
    batch = desk.save(desk.sign(), desk.sign())
    take_up = Poster._take_up

    def blind(poster, cleared):
        poster._exchange._cache.clear()
        desk.exchange.inject("502", path="/info")
        return take_up(poster, cleared)

    monkeypatch.setattr(Poster, "_take_up", blind)
    shown = desk.post(batch)
    assert [one["status"] for one in shown.document] == ["accepted", "confirmed"]
    first, second = (one["receipt"]["before"] for one in shown.document)
    assert first is None
    assert second["inferred"], "what the first left is known by its answer alone"


def test_rows_of_one_venue_share_the_weight_budget(desk, action, monkeypatch):
    made = []
    from coldlever.broadcaster.cli import context

    client = context._client
    monkeypatch.setattr(context, "_client", lambda *both: made.append(both) or client(*both))
    for value in (3, 4, 5):
        desk.exchange.inject("drop")
        desk.post(desk.signed_file(action.leverage(value)), "--retry-for", "0", *desk.in_spite())
        desk.time += 1
    made.clear()
    assert len(desk.resolve().document) == 3
    assert len(made) == 1


def test_a_row_in_the_state_of_an_earlier_attempt_is_counted_on(desk, monkeypatch):
    begin = Ledger.begin_attempt

    def die(ledger, *arguments):
        begin(ledger, *arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "begin_attempt", die)
        assert desk.post(desk.signed_file()).status == 130
    assert desk.row().state is NonceState.OPEN
    assert desk.resolve().document[0]["receipt"]["attempts"] == 2


def test_without_a_file_the_usage_is_explained(desk):
    shown = desk.post()
    assert (shown.status, shown.error) == (2, "file-missing")


def test_on_a_terminal_a_batch_shows_its_progress(desk, monkeypatch):
    terminal = SimpleNamespace(isatty=lambda: True, write=sys.stderr.write, flush=sys.stderr.flush)
    place = SimpleNamespace(stdin=None, stderr=terminal, exit=sys.exit)
    monkeypatch.setattr("coldlever.broadcaster.cli.progress.sys", place)
    labels = []
    from coldlever.broadcaster.cli.progress import click

    bar = click.progressbar

    def noted(**options):
        labels.append(options["label"])
        return bar(**{**options, "file": None})

    monkeypatch.setattr(click, "progressbar", noted)
    shown = desk.run("post", desk.save(desk.sign(), desk.sign()))
    assert (shown.status, labels) == (0, ["posting"])


def test_resolve_finds_what_another_process_settled_while_it_waited(desk, monkeypatch):
    desk.exchange.inject("drop")
    file = desk.signed_file()
    desk.post(file, "--retry-for", "0")
    locked = Poster._locked

    def late(poster, action_hash):
        monkeypatch.setattr(Poster, "_locked", locked)
        desk.post(file)
        return locked(poster, action_hash)

    monkeypatch.setattr(Poster, "_locked", late)
    shown = desk.resolve()
    assert shown.document[0]["status"] == "confirmed"
    assert shown.document[0]["alreadyPosted"]
    assert desk.accepted() == 1


def test_a_lock_that_the_system_refuses_is_the_environments_fault(desk, monkeypatch):
    def refuse(*_arguments):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("coldlever.broadcaster.post.lock.fcntl.flock", refuse)
    shown = desk.post(desk.signed_file())
    assert (shown.status, shown.error) == (8, "system-error")
    assert desk.requests() == 0


def test_people_see_the_setting_that_is_in_force_and_the_one_before(desk, action):
    shown = desk.run("post", desk.signed_file(action.leverage(7, cross=False)))
    assert "in force now: isolated 7x (before: cross 20x)" in shown.stderr
    assert "the exchange accepted it" in shown.stderr
    assert "the account shows the change" in shown.stderr


def test_what_no_answer_will_settle_any_more_names_the_way_to_end_it(desk):
    desk.exchange.inject("drop")
    desk.post(desk.signed_file(expires_after=desk.time + 60_000), "--retry-for", "0")
    desk.time += 120_001
    shown = desk.run("resolve")
    assert f"resolve --nonce {desk.row().key.nonce} --probe" in shown.stderr
    assert "can still land" not in shown.stderr


def test_a_closed_payload_is_told_to_people(desk):
    desk.exchange.inject("drop")
    desk.post(desk.signed_file(expires_after=desk.time + 60_000), "--retry-for", "0")
    desk.time += 10 * 60_000
    shown = desk.run("resolve", "--nonce", str(desk.row().key.nonce), "--close")
    assert shown.status == 0
    assert "lapsed: it can land no more" in shown.stderr
