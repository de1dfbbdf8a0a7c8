"""The post killed at every point between record and receipt; `resolve` finishes it.

The killed process runs the real command; the test alone wraps one of its steps.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from coldlever.broadcaster.ledger.store import State

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
BEGIN = "coldlever.broadcaster.ledger.store:Ledger.begin_attempt"
SEND = "coldlever.broadcaster.venue.client:ExchangeApi.post"
SETTLE = "coldlever.broadcaster.ledger.store:Ledger.settle"
READ_BACK = "coldlever.broadcaster.post.poster:Poster._look"

RECORDED = [
    pytest.param(RESERVE, "after", 1, State.RESERVED, id="after the reservation"),
    pytest.param(BEGIN, "before", 1, State.RESERVED, id="before the attempt is recorded"),
    pytest.param(BEGIN, "after", 1, State.POSTING, id="after the attempt is recorded"),
    pytest.param(SEND, "before", 1, State.POSTING, id="before the bytes leave"),
    pytest.param(SEND, "after", 1, State.POSTING, id="after the answer came"),
    pytest.param(SETTLE, "before", 1, State.POSTING, id="before the answer is recorded"),
    pytest.param(SETTLE, "after", 1, State.ACCEPTED, id="after the answer is recorded"),
    pytest.param(READ_BACK, "before", 1, State.ACCEPTED, id="before reading back"),
    pytest.param(READ_BACK, "after", 1, State.ACCEPTED, id="after reading back"),
    pytest.param(SETTLE, "before", 2, State.ACCEPTED, id="before the confirmation is recorded"),
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


@pytest.mark.parametrize(("target", "when", "which", "left"), RECORDED)
def test_a_post_killed_on_the_way_is_finished_by_resolve_and_lands_once(
    desk, target, when, which, left
):
    file = desk.signed_file()
    die_while_posting(desk, file, target, when, which)
    assert desk.row().state is left
    shown = desk.finish(desk.spawn("resolve", "--json"))
    assert shown.status == 0, shown.stderr
    assert [result["status"] for result in shown.document] == ["confirmed"]
    assert desk.accepted() == 1
    assert desk.setting() == (True, 10)
    assert desk.row().state is State.CONFIRMED


def test_a_post_killed_before_it_is_recorded_has_sent_nothing_and_can_be_posted(desk):
    file = desk.signed_file()
    die_while_posting(desk, file, RESERVE, "before", 1)
    assert desk.requests() == 0
    assert desk.finish(desk.spawn("resolve", "--json")).document == []
    assert desk.post(file).document["status"] == "confirmed"
    assert desk.accepted() == 1


def test_a_post_killed_after_its_confirmation_leaves_nothing_open(desk):
    file = desk.signed_file()
    die_while_posting(desk, file, SETTLE, "after", 2)
    assert desk.row().state is State.CONFIRMED
    assert desk.finish(desk.spawn("resolve", "--json")).document == []
    again = desk.post(file).document
    assert again["alreadyPosted"]
    assert desk.requests() == 1


@pytest.mark.parametrize("fault", ["lose-answer", "drop", "502"])
def test_a_post_killed_after_a_fault_on_the_line_is_finished_and_lands_once(desk, fault):
    file = desk.signed_file()
    desk.exchange.inject(fault)
    die_while_posting(desk, file, SETTLE, "after", 1)
    assert desk.row().state is State.UNKNOWN
    assert desk.finish(desk.spawn("resolve", "--json")).document[0]["status"] == "confirmed"
    assert desk.accepted() == 1


def test_posting_the_file_again_after_the_crash_finishes_it_as_well(desk):
    file = desk.signed_file()
    die_while_posting(desk, file, SEND, "after", 1)
    assert desk.post(file).document["status"] == "confirmed"
    assert desk.accepted() == 1


def test_resolve_killed_on_its_way_is_finished_by_the_next_resolve(desk):
    file = desk.signed_file()
    die_while_posting(desk, file, BEGIN, "after", 1)
    command = desk.arguments("resolve")
    done = subprocess.run(
        [sys.executable, "-c", DYING, SEND, "after", "1", *command], check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    assert desk.resolve().document[0]["status"] == "confirmed"
    assert desk.accepted() == 1
    assert desk.row().attempts == 3
