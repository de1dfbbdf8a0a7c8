"""The post killed at every point between record and receipt; `resolve` finishes it.

The killed process runs the real command; the test alone wraps one of its steps.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from coldlever.broadcaster.fate import NonceState

pytestmark = pytest.mark.slow

# Arguments: module:Class.method, before or after, which call, and then the command's own.
DYING = """
import importlib, os, signal, sys

target, when, which = sys.argv[1:4]
module, _, path = target.partition(":")
owner, _, name = path.partition(".")
owner = getattr(importlib.import_module(module), owner)
step = getattr(owner, name)
calls = 0

def dying(*arguments, **options):
    global calls
    calls += 1
    if calls == int(which) and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = step(*arguments, **options)
    if calls == int(which):
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(owner, name, dying)
from coldlever.broadcaster.cli import cli
cli.main(sys.argv[4:])
"""

RESERVE = "coldlever.broadcaster.ledger.store:Ledger.reserve"
RECORD = "coldlever.broadcaster.ledger.store:Ledger.record_answer"
BEGIN = "coldlever.broadcaster.ledger.store:Ledger.begin_attempt"
SEND = "coldlever.broadcaster.venue.client:ExchangeApi.post"
SETTLE = "coldlever.broadcaster.ledger.store:Ledger.settle"
READ_BACK = "coldlever.broadcaster.post.account:Account.now"

# Target, when, the state it leaves, and what the exchange has accepted then.
RECORDED = [
    pytest.param(RESERVE, "after", "unsent", 0, id="after the reservation"),
    pytest.param(BEGIN, "before", "unsent", 0, id="before the attempt is recorded"),
    pytest.param(BEGIN, "after", "open", 0, id="after the attempt is recorded"),
    pytest.param(SEND, "before", "open", 0, id="before the bytes leave"),
    pytest.param(SEND, "after", "open", 1, id="after the answer came"),
    pytest.param(RECORD, "before", "open", 1, id="before the answer is recorded"),
    pytest.param(RECORD, "after", "spent-accepted", 1, id="after the answer is recorded"),
    pytest.param(READ_BACK, "before", "spent-accepted", 1, id="before reading back"),
    pytest.param(READ_BACK, "after", "spent-accepted", 1, id="after reading back"),
    pytest.param(SETTLE, "before", "spent-accepted", 1, id="before the reading is recorded"),
]


def die_while_posting(desk, file: str, target: str, when: str, which: int) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            DYING,
            target,
            when,
            str(which),
            *desk.arguments("post", file, "--yes"),
        ],
        env={**os.environ, "HOME": str(desk.folder)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


@pytest.mark.parametrize(("target", "when", "left", "landed"), RECORDED)
def test_a_post_killed_on_the_way_is_finished_and_lands_once(desk, target, when, left, landed):
    file = desk.signed_file()
    die_while_posting(desk, file, target, when, 1)
    assert desk.row().state.value == left
    assert desk.accepted() == landed
    shown = desk.finish(desk.spawn("resolve", "--json"))
    if left == "unsent":
        # Nothing was ever sent: that takes the checks, and somebody who wants it.
        assert (shown.status, shown.document[0]["held"]) == (7, "never-admitted")
        assert desk.requests() == 0
        assert desk.post(file).document["status"] == "confirmed"
    elif left == "open" and landed:
        assert (shown.status, shown.document[0]["status"]) == (7, "in-effect")
    else:
        assert (shown.status, shown.document[0]["status"]) == (0, "confirmed")
    assert desk.accepted() == 1
    assert desk.setting() == (True, 10)


def test_a_post_killed_before_it_is_recorded_has_sent_nothing_and_can_be_posted(desk):
    file = desk.signed_file()
    die_while_posting(desk, file, RESERVE, "before", 1)
    assert desk.requests() == 0
    assert desk.finish(desk.spawn("resolve", "--json")).document == []
    assert desk.post(file).document["status"] == "confirmed"
    assert desk.accepted() == 1


def test_a_post_killed_after_its_confirmation_leaves_nothing_open(desk):
    file = desk.signed_file()
    die_while_posting(desk, file, SETTLE, "after", 1)
    assert desk.row().state is NonceState.SPENT_ACCEPTED
    assert desk.finish(desk.spawn("resolve", "--json")).document == []
    again = desk.post(file).document
    assert again["alreadyPosted"]
    assert desk.requests() == 1


@pytest.mark.parametrize(
    ("fault", "status"), [("lose-answer", "in-effect"), ("drop", "confirmed"), ("502", "confirmed")]
)
def test_a_post_killed_after_a_fault_on_the_line_is_finished_and_lands_once(desk, fault, status):
    file = desk.signed_file()
    desk.exchange.inject(fault)
    die_while_posting(desk, file, RECORD, "after", 1)
    assert desk.row().state is NonceState.OPEN
    assert desk.finish(desk.spawn("resolve", "--json")).document[0]["status"] == status
    assert desk.accepted() == 1


def test_posting_the_file_again_after_the_crash_finishes_it_as_well(desk):
    file = desk.signed_file()
    die_while_posting(desk, file, SEND, "after", 1)
    assert desk.post(file).document["status"] == "in-effect"
    assert desk.accepted() == 1


def test_resolve_killed_on_its_way_is_finished_by_the_next_resolve(desk):
    file = desk.signed_file()
    die_while_posting(desk, file, BEGIN, "after", 1)
    command = desk.arguments("resolve")
    done = subprocess.run(
        [sys.executable, "-c", DYING, SEND, "after", "1", *command], check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    assert desk.resolve().document[0]["status"] == "in-effect"
    assert desk.accepted() == 1
    assert desk.row().attempts == 3
