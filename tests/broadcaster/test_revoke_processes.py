# ruff: noqa: PLR0917 - a test's parameters are its fixtures
"""Revoking against a process that posts the original, and killed at every step."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from coldlever.broadcaster.post.lock import MarketLock

pytestmark = [pytest.mark.slow, pytest.mark.both_engines]

NOOP = {"type": "noop"}
# Arguments: module:Class.method, before or after, and then the command's own.
DYING = """
import importlib, os, signal, sys

target, when = sys.argv[1:3]
module, _, path = target.partition(":")
owner, _, name = path.partition(".")
owner = getattr(importlib.import_module(module), owner)
step = getattr(owner, name)

def dying(*arguments, **options):
    if when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    step(*arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(owner, name, dying)
from coldlever.broadcaster.cli import cli
cli.main(sys.argv[3:])
"""
STORE = "coldlever.broadcaster.ledger.store:Ledger."
SEND = "coldlever.broadcaster.venue.client:ExchangeApi.post"

# Target, when, the states it leaves (payload, revocation), and whether the noop has landed then.
STEPS = [
    pytest.param(STORE + "reserve", "after", "open", "unsent", 0, id="after the row"),
    pytest.param(STORE + "begin_attempt", "before", "open", "unsent", 0, id="before the attempt"),
    pytest.param(STORE + "begin_attempt", "after", "open", "open", 0, id="after the attempt"),
    pytest.param(SEND, "before", "open", "open", 0, id="before the bytes leave"),
    pytest.param(SEND, "after", "open", "open", 1, id="after the answer came"),
    pytest.param(STORE + "record_answer", "before", "open", "open", 1, id="before the answer"),
    pytest.param(
        STORE + "record_answer", "after", "dead", "spent-accepted", 1, id="after the answer"
    ),
]


@pytest.fixture
def files(desk, action):
    """The original and its revocation."""
    original = desk.sign(action.leverage(8), nonce=desk.time + 1)
    noop = desk.sign(NOOP, nonce=original.signable.nonce, expires_after=None)
    return desk.save(original, name="original.json"), desk.save(noop, name="noop.json")


def states(desk) -> dict[str, str]:
    ledger = desk.ledger()
    try:
        return {row.key.what.value: row.state.value for row in ledger.rows()}
    finally:
        ledger.close()


def die_while_posting(desk, file: str, target: str, when: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DYING, target, when, *desk.arguments("post", file, "--yes")],
        env={**os.environ, "HOME": str(desk.folder)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


@pytest.mark.parametrize(("target", "when", "payload", "revocation", "landed"), STEPS)
@pytest.mark.file_ledger
def test_a_revocation_killed_on_the_way_is_finished_and_its_original_never_lands(
    desk, files, target, when, payload, revocation, landed
):
    original, noop = files
    desk.exchange.inject("drop")
    assert desk.post(original, "--retry-for", "0").status == 7
    die_while_posting(desk, noop, target, when)
    assert states(desk) == {"payload": payload, "revocation": revocation}
    assert desk.accepted() == landed
    # Whatever happens next, the original is not sent.
    asked = desk.requests()
    assert desk.post(original).status in (4, 7)
    assert desk.requests() == asked
    desk.resolve()
    desk.post(noop)
    # After a lost answer of the noop's own a duplicate tells no more than that the nonce is gone.
    is_certain = landed == 0 or revocation == "spent-accepted"
    assert states(desk) == (
        {"payload": "dead", "revocation": "spent-accepted"}
        if is_certain
        else {"payload": "spent", "revocation": "spent"}
    )
    assert (desk.accepted(), desk.setting()) == (1, (True, 20))


def test_a_revocation_killed_before_its_row_leaves_everything_as_it_was(desk, files):
    original, noop = files
    desk.exchange.inject("drop")
    assert desk.post(original, "--retry-for", "0").status == 7
    die_while_posting(desk, noop, STORE + "reserve", "before")
    assert states(desk) == {"payload": "open"}
    assert desk.resolve().status == 0
    assert desk.setting() == (True, 8)


def test_a_post_and_a_revocation_at_once_send_nothing_twice(desk, files):
    for turn in range(3):
        original, noop = files if turn == 0 else fresh(desk, turn)
        posted, revoked = (desk.spawn("post", one, "--json") for one in (original, noop))
        of_post, of_noop = desk.finish(posted), desk.finish(revoked)
        assert desk.accepted() == turn + 1, "one of the two, and never both"
        if of_noop.status == 0:
            assert of_post.document["code"] == "nonce-revoked"
            assert of_post.status == 4
        else:
            assert (of_post.status, of_post.document["status"]) == (0, "confirmed")
            assert of_noop.status in (4, 6)
            assert of_noop.document["nonceState"] != "spent"


def fresh(desk, turn: int) -> tuple[str, str]:
    value = {"type": "updateLeverage", "asset": 3, "isCross": True, "leverage": 8 + turn}
    original = desk.sign(value, nonce=desk.time + 1 + turn)
    noop = desk.sign(NOOP, nonce=original.signable.nonce, expires_after=None)
    names = (f"original{turn}.json", f"noop{turn}.json")
    return desk.save(original, name=names[0]), desk.save(noop, name=names[1])


def test_two_revocations_of_one_payload_at_once_are_one(desk, files):
    _, noop = files
    both = [desk.spawn("post", noop, "--json") for _ in range(2)]
    shown = [desk.finish(process) for process in both]
    assert [one.status for one in shown] == [0, 0], [one.stdout for one in shown]
    assert desk.requests() == 1


def test_a_post_that_is_being_repeated_stops_once_its_revocation_is_recorded(
    desk, files, wait_until
):
    """It gets no answer; the revocation waits for it and goes on."""
    original, noop = files
    desk.exchange.inject("drop", count=6)
    posting = desk.spawn("post", original, "--json", "--retry-for", "60")
    wait_until(lambda: desk.requests() >= 1)
    revoking = desk.spawn("post", noop, "--json", "--retry-for", "60")
    of_post, of_noop = desk.finish(posting), desk.finish(revoking)
    assert (of_post.status, of_post.document["nonceState"]) == (7, "open")
    assert (of_noop.status, of_noop.document["killed"]["nonceState"]) == (0, "dead")
    assert states(desk) == {"payload": "dead", "revocation": "spent-accepted"}
    assert desk.setting() == (True, 20)


@pytest.mark.file_ledger
def test_a_revocation_waits_for_who_sends_the_original_and_blocks_meanwhile(desk, files):
    original, noop = files
    desk.exchange.inject("drop")
    assert desk.post(original, "--retry-for", "0").status == 7
    ledger = desk.ledger()
    (row,) = ledger.rows()
    with MarketLock(desk.state / "locks", lambda _: None).held(row.place):
        shown = desk.post(noop)
    assert (shown.status, shown.error) == (8, "payload-busy")
    assert ledger.is_revoked(row.key)
    ledger.close()
    assert desk.requests() == 1
    assert desk.post(original).document["held"] == "revoked"
    assert desk.post(noop).status == 0
