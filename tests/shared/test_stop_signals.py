"""Being asked to stop: when it is heard, when it waits, and what was ignored stays ignored."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from coldlever.shared.cli.stop_signals import holding, interruptible

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_they_end_a_block_as_the_keyboard_does(number):
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interruptible():
        send(number)
    assert signal.getsignal(number) is before


def stop_while_cleaning_up(steps: list[str]) -> None:
    with interruptible():
        try:
            send(signal.SIGTERM)
        finally:
            send(signal.SIGTERM)
            send(signal.SIGHUP)
            steps.append("cleaned up")


def test_the_way_out_is_not_interrupted():
    steps = []
    with pytest.raises(KeyboardInterrupt):
        stop_while_cleaning_up(steps)
    assert steps == ["cleaned up"]


@pytest.mark.parametrize("number", STOPS)
def test_what_is_held_is_noted_and_breaks_nothing(number):
    with holding() as stop:
        assert not stop.is_made
        send(number)
        send(number)
        assert stop.is_made


@pytest.mark.parametrize("number", STOPS)
def test_what_heeds_it_is_ended_once(number):
    with holding() as stop:
        with pytest.raises(KeyboardInterrupt), stop.heeding():
            send(number)
        send(number)
        assert stop.is_made


def test_after_what_heeds_it_it_waits_again():
    with holding() as stop:
        with stop.heeding():
            pass
        send(signal.SIGTERM)
    assert stop.is_made


@pytest.mark.parametrize("keep", [interruptible, holding])
def test_what_was_ignored_stays_ignored(keep):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with keep():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_another_thread_leaves_the_signals_alone():
    before, seen = signal.getsignal(signal.SIGTERM), []

    def work() -> None:
        with interruptible(), holding() as stop, stop.heeding():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
