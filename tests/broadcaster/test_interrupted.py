"""Ctrl-C at any moment: what is known is told, and what may have landed is left to `resolve`."""

from __future__ import annotations

import pytest

from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger.store import Ledger
from coldlever.broadcaster.venue.client import ExchangeApi


def interrupt(*_arguments, **_options):
    raise KeyboardInterrupt


@pytest.fixture
def interrupted_at(monkeypatch):
    """Presses Ctrl-C at the n-th call of a method."""

    def press(owner, name: str, which: int = 1):
        step = getattr(owner, name)
        calls = []

        def wrapped(*arguments, **options):
            calls.append(1)
            if len(calls) == which:
                raise KeyboardInterrupt
            return step(*arguments, **options)

        monkeypatch.setattr(owner, name, wrapped)

    return press


def test_the_person_is_told_that_it_may_have_landed(desk, interrupted_at):
    interrupted_at(Ledger, "record_answer")
    shown = desk.run("post", desk.signed_file())
    assert shown.status == 130
    assert "NOT FINISHED" in shown.stderr
    assert "it may have landed" in shown.stderr
    assert "resolve" in shown.stderr
    assert desk.accepted() == 1
    assert desk.row().state is NonceState.OPEN


def test_the_outcomes_so_far_are_told_and_the_rest_is_not_reached(desk, action, interrupted_at):
    interrupted_at(ExchangeApi, "post", 2)
    batch = desk.save(*[desk.sign(action.leverage(value)) for value in (3, 4, 5)])
    shown = desk.post(batch, "--keep-going")
    assert shown.status == 130
    assert [one["status"] for one in shown.document] == ["confirmed", "unknown", "not-posted"]
    assert shown.document[1]["code"] == "interrupted"
    assert shown.document[1]["error"]["exitStatus"] == 130
    assert desk.resolve().document[0]["status"] == "confirmed"
    assert desk.setting() == (True, 4)


def test_before_anything_was_sent_it_is_a_plain_interruption(desk, interrupted_at):
    interrupted_at(ExchangeApi, "info")
    shown = desk.post(desk.signed_file())
    assert (shown.status, shown.error) == (130, "interrupted")
    assert desk.run("history", "--json").document == []


def test_resolve_tells_what_it_finished_and_leaves_the_rest_open(desk, action, interrupted_at):
    for asset in (0, 3, 4):
        desk.exchange.inject("drop")
        desk.post(desk.signed_file(action.leverage(5, asset=asset)), "--retry-for", "0")
        desk.time += 1
    interrupted_at(ExchangeApi, "post", 2)
    shown = desk.resolve()
    assert shown.status == 130
    assert [one["status"] for one in shown.document] == ["confirmed", "unknown"]
    assert shown.document[1]["code"] == "interrupted"
    assert [one["status"] for one in desk.resolve().document] == ["confirmed", "confirmed"]
    assert desk.accepted() == 3


def test_resolve_tells_people_too(desk, interrupted_at):
    desk.exchange.inject("drop")
    desk.post(desk.signed_file(), "--retry-for", "0")
    interrupted_at(ExchangeApi, "post")
    shown = desk.run("resolve")
    assert shown.status == 130
    assert "NOT FINISHED: interrupted" in shown.stderr


def test_a_defect_while_one_is_posted_does_not_hide_the_others(desk, action, monkeypatch):
    record, calls = Ledger.record_answer, []

    def break_down(*arguments, **options):
        calls.append(1)
        if len(calls) == 2:
            raise TypeError("a defect")
        return record(*arguments, **options)

    monkeypatch.setattr(Ledger, "record_answer", break_down)
    shown = desk.post(desk.save(*[desk.sign(action.leverage(value)) for value in (3, 4, 5)]))
    assert shown.status == 1
    assert [one["status"] for one in shown.document] == ["accepted", "unknown", "not-posted"]
    assert shown.document[1]["code"] == "internal-error"
    # Its row was durable before it left, so nothing is lost.
    assert [one["nonceState"] for one in desk.resolve().document] == ["spent"]
    assert desk.accepted() == 2


def test_a_defect_while_one_is_resolved_does_not_hide_the_others(desk, action, monkeypatch):
    for asset in (0, 3):
        desk.exchange.inject("drop")
        desk.post(desk.signed_file(action.leverage(5, asset=asset)), "--retry-for", "0")
        desk.time += 1
    begin, calls = Ledger.begin_attempt, []

    def break_down(*arguments, **options):
        calls.append(1)
        if len(calls) == 1:
            raise TypeError("a defect")
        return begin(*arguments, **options)

    monkeypatch.setattr(Ledger, "begin_attempt", break_down)
    shown = desk.resolve()
    assert shown.status == 1
    assert [one["code"] for one in shown.document] == ["internal-error", "accepted"]
