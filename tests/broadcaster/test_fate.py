"""What became of a payload: every state with every event, every verdict with its exit status."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldlever.broadcaster.fate import (
    Event,
    NonceState,
    Reading,
    Verdict,
    exit_status,
    states,
    verdict_of,
)
from coldlever.broadcaster.fate import after as learn

# Columns: what is learnt, in the order of Event; rows: what was known. "." is no change.
EVENTS = list(Event)
TABLE = """
unsent         open spent-accepted not-admitted spent-refused spent dead dead   dead  spent
open           .    spent-accepted .            spent-refused spent dead lapsed dead  spent
not-admitted   open spent-accepted .            spent-refused spent dead dead   dead  spent
spent-accepted .    .              .            spent         .     .    .      spent .
spent-refused  .    spent          .            .             .     .    .      .     .
spent          .    spent-accepted .            spent-refused .     .    .      dead  .
dead           .    spent-accepted .            .             .     .    .      .     .
lapsed         .    spent-accepted .            spent-refused spent dead .      dead  spent
legacy         .    .              .            .             .     .    .      .     .
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]
CASES = [
    (NonceState(known), event, NonceState(known if then == "." else then))
    for known, *cells in ROWS
    for event, then in zip(EVENTS, cells, strict=True)
]


def test_the_table_names_every_state_with_every_event():
    assert {(known, event) for known, event, _ in CASES} == {
        (state, event) for state in NonceState for event in Event
    }


@pytest.mark.parametrize(
    ("known", "event", "then"), CASES, ids=[f"{k.value}+{e.value}" for k, e, _ in CASES]
)
def test_what_is_known_and_what_is_learnt_give_what_is_known_then(known, event, then):
    assert learn(known, event) is then


ANSWERS = [
    Event.NO_ANSWER,
    Event.ACCEPTED,
    Event.REFUSED_BEFORE,
    Event.REFUSED_AFTER,
    Event.DUPLICATE,
    Event.TOO_LOW,
]


@given(st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=6))
def test_nothing_but_an_answer_that_says_so_makes_it_accepted(answers):
    state = NonceState.UNSENT
    for answer in answers:
        state = learn(state, answer)
    if state is NonceState.SPENT_ACCEPTED:
        assert Event.ACCEPTED in answers
    if Event.NO_ANSWER in answers:
        assert state is not NonceState.NOT_ADMITTED


@given(st.lists(st.sampled_from(EVENTS), max_size=8))
def test_what_can_no_longer_land_never_can_again(events):
    state = NonceState.UNSENT
    for event in events:
        then = learn(state, event)
        assert state.can_land or not then.can_land
        state = then


SENT = 1
VERDICTS = [
    (NonceState.SPENT_ACCEPTED, "shows in-force", SENT, Verdict.CONFIRMED, 0),
    (
        NonceState.SPENT_ACCEPTED,
        "otherwise not-read superseded unclear",
        SENT,
        Verdict.ACCEPTED,
        0,
    ),
    (NonceState.SPENT, "shows in-force", SENT, Verdict.IN_EFFECT, 7),
    (NonceState.SPENT, "otherwise not-read superseded unclear", SENT, Verdict.UNKNOWN, 7),
    (NonceState.SPENT_REFUSED, "", SENT, Verdict.REFUSED, 6),
    (NonceState.NOT_ADMITTED, "", SENT, Verdict.REFUSED, 6),
    (NonceState.DEAD, "", SENT, Verdict.REFUSED, 6),
    (NonceState.DEAD, "", 0, Verdict.WITHDRAWN, 4),
    (NonceState.UNSENT, "", 0, Verdict.UNKNOWN, 7),
    (NonceState.OPEN, "", SENT, Verdict.UNKNOWN, 7),
    (NonceState.LAPSED, "", SENT, Verdict.UNKNOWN, 7),
    (NonceState.LEGACY, "", SENT, Verdict.UNKNOWN, 7),
]


@pytest.mark.parametrize(("state", "readings", "attempts", "verdict", "status"), VERDICTS)
def test_the_verdict_follows_from_the_nonce_and_the_account(
    state, readings, attempts, verdict, status
):
    """An empty list of readings stands for all of them."""
    for reading in map(Reading, readings.split() or [one.value for one in Reading]):
        assert verdict_of(state, reading, attempts) is verdict
    assert exit_status(verdict) == status


def test_the_verdicts_cover_every_state_and_every_reading():
    named = {
        (state, reading)
        for state, readings, *_ in VERDICTS
        for reading in readings.split() or [one.value for one in Reading]
    }
    assert named == {(state, one.value) for state in NonceState for one in Reading}


def test_judging_needs_nothing_but_enumerations():
    folder = Path(states.__file__).parent
    for path in folder.glob("[!_]*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert [alias.name for alias in node.names] == ["enum"]
            if isinstance(node, ast.ImportFrom):
                assert node.module == "__future__" or node.module.startswith(
                    "coldlever.broadcaster.fate."
                )
