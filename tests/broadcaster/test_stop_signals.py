"""SIGTERM and SIGHUP at any moment: as Ctrl-C, with everything told and every receipt written."""

from __future__ import annotations

import importlib
import json
import os
import pty
import signal
import subprocess
import sys

import pytest

from coldlever.broadcaster.cli.batch import Batch
from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger.store import Ledger
from coldlever.broadcaster.venue.client import ExchangeApi

STOPS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture
def sent_at(monkeypatch):
    """Sends this process a signal at the n-th call of something, or after it."""

    def arrange(number, owner, name: str, which: int = 1, *, is_after: bool = False):
        step, calls = getattr(owner, name), []

        def wrapped(*arguments, **options):
            calls.append(1)
            if not is_after and len(calls) == which:
                os.kill(os.getpid(), number)
            done = step(*arguments, **options)
            if is_after and len(calls) == which:
                os.kill(os.getpid(), number)
            return done

        monkeypatch.setattr(owner, name, wrapped)

    return arrange


@pytest.fixture
def batch(desk, action) -> str:
    return desk.save(*[desk.sign(action.leverage(value)) for value in (3, 4, 5)])


def statuses(shown) -> list[str]:
    return [one["status"] for one in shown.document]


@pytest.mark.parametrize("number", STOPS)
def test_post_tells_and_files_what_became_of_each(desk, batch, sent_at, tmp_path, number):
    sent_at(number, ExchangeApi, "post", 2, is_after=True)
    receipt = tmp_path / "receipt.json"
    shown = desk.post(batch, "--receipt", str(receipt))
    assert shown.status == 130
    assert statuses(shown) == ["accepted", "unknown", "not-posted"]
    assert [one["status"] for one in json.loads(receipt.read_text())] == ["accepted"]
    states = [one["nonceState"] for one in desk.resolve().document]
    assert states == ["spent-accepted", "spent"]
    assert desk.accepted() == 2


def test_between_two_payloads_it_waits_for_the_next_and_sends_none(desk, batch, sent_at):
    sent_at(signal.SIGTERM, Batch, "_work", 1, is_after=True)
    shown = desk.post(batch)
    assert shown.status == 130
    assert statuses(shown) == ["accepted", "not-posted", "not-posted"]
    assert shown.document[1]["code"] == "not-reached"
    assert desk.accepted() == 1


def test_when_all_is_done_it_comes_too_late_to_count(desk, batch, sent_at):
    sent_at(signal.SIGTERM, Batch, "_work", 3, is_after=True)
    shown = desk.post(batch)
    assert shown.status == 0
    assert statuses(shown) == ["accepted", "accepted", "confirmed"]


@pytest.mark.parametrize("second", STOPS)
def test_a_second_signal_while_the_receipt_is_written_does_not_lose_it(
    desk, batch, sent_at, tmp_path, second
):
    sent_at(signal.SIGTERM, ExchangeApi, "post", 3)
    post_command = importlib.import_module("coldlever.broadcaster.cli.post")
    sent_at(second, post_command, "write_document")
    sent_at(second, post_command, "emit_json")
    receipt = tmp_path / "receipt.json"
    shown = desk.post(batch, "--receipt", str(receipt))
    assert shown.status == 130
    assert statuses(shown) == ["accepted", "accepted", "unknown"]
    assert len(json.loads(receipt.read_text())) == 2


def test_during_the_checks_nothing_has_been_recorded(desk, batch, sent_at):
    sent_at(signal.SIGTERM, ExchangeApi, "info", 3)
    shown = desk.post(batch)
    assert (shown.status, shown.error) == (130, "interrupted")
    assert desk.run("history", "--json").document == []


@pytest.mark.parametrize("number", STOPS)
def test_resolve_tells_what_it_finished(desk, action, sent_at, number):
    for asset in (0, 3, 4):
        desk.exchange.inject("drop")
        desk.post(desk.signed_file(action.leverage(5, asset=asset)), "--retry-for", "0")
        desk.time += 1
    sent_at(number, Ledger, "record_answer", 2)
    shown = desk.resolve()
    assert shown.status == 130
    assert statuses(shown) == ["confirmed", "unknown"]
    assert [one["nonceState"] for one in desk.resolve().document] == ["spent", "spent-accepted"]
    assert desk.accepted() == 3


@pytest.mark.slow
@pytest.mark.parametrize("number", STOPS)
def test_a_process_that_waits_for_an_answer_is_ended_in_order(
    desk, batch, wait_until, tmp_path, number
):
    desk.exchange.inject("delay", seconds=30)
    receipt = tmp_path / "receipt.json"
    process = desk.spawn("post", batch, "--json", "--receipt", str(receipt), "--keep-going")
    wait_until(lambda: desk.accepted() == 1)
    process.send_signal(number)
    shown = desk.finish(process)
    assert shown.status == 130, shown.stderr
    assert statuses(shown) == ["unknown", "not-posted", "not-posted"]
    assert shown.document[0]["code"] == "interrupted"
    assert desk.row().state is NonceState.OPEN
    assert "Traceback" not in shown.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", ["check", "draft", "market"])
def test_every_command_that_waits_ends_with_130(desk, batch, wait_until, command):
    before = desk.requests()
    desk.exchange.inject("delay", path="/info", seconds=30)
    arguments = {
        "check": [batch],
        "draft": [
            "--coin",
            "BTC",
            "--leverage",
            "3",
            "--cross",
            "--account",
            desk.user.address.checksummed,
        ],
        "market": [],
    }[command]
    process = desk.spawn(command, *arguments, "--json")
    wait_until(lambda: not desk.exchange.faults._waiting)
    process.send_signal(signal.SIGTERM)
    shown = desk.finish(process)
    assert (shown.status, shown.error) == (130, "interrupted")
    assert desk.requests() == before


@pytest.mark.slow
def test_a_terminal_that_is_closed_half_way_loses_no_receipt(desk, batch, wait_until, tmp_path):
    """Its signal comes, and nothing can be shown any more."""
    receipt = tmp_path / "receipt.json"
    desk.exchange.inject("named-ok")
    desk.exchange.inject("delay", seconds=30)
    ours, theirs = pty.openpty()
    arguments = desk.arguments("post", batch, "--yes", "--receipt", str(receipt), "--keep-going")
    process = subprocess.Popen(
        [sys.executable, "-m", "coldlever.broadcaster", *arguments],
        stdin=theirs, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    try:
        wait_until(lambda: desk.accepted() == 2)
    finally:
        os.close(ours)
        process.send_signal(signal.SIGHUP)
    assert process.wait(timeout=20) == 130
    assert [one["status"] for one in json.loads(receipt.read_text())] == ["accepted"]
    states = [one["nonceState"] for one in desk.run("history", "--json").document]
    assert states == ["open", "spent-accepted"]
