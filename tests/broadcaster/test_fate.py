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
unsent         open spent-accepted not-admitted spent-refused spent dead lapsed dead  spent
open           .    spent-accepted .            spent-refused spent dead lapsed dead  spent
not-admitted   open spent-accepted .            spent-refused spent dead lapsed dead  spent
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


NEVER, TOLD, LOST = (0, 0), (1, 0), (2, 1)  # attempts, and those without an answer
# An empty list of readings stands for all of them.
VERDICTS = [
    (NonceState.SPENT_ACCEPTED, "shows in-force", TOLD, Verdict.CONFIRMED),
    (NonceState.SPENT_ACCEPTED, "otherwise not-read superseded unclear", TOLD, Verdict.ACCEPTED),
    (NonceState.SPENT, "shows in-force", LOST, Verdict.IN_EFFECT),
    (NonceState.SPENT, "otherwise not-read superseded unclear", LOST, Verdict.UNKNOWN),
    (NonceState.SPENT_REFUSED, "", LOST, Verdict.REFUSED),
    (NonceState.NOT_ADMITTED, "", TOLD, Verdict.REFUSED),
    (NonceState.DEAD, "", LOST, Verdict.REFUSED),
    (NonceState.DEAD, "", NEVER, Verdict.WITHDRAWN),
    (NonceState.UNSENT, "", NEVER, Verdict.UNKNOWN),
    (NonceState.OPEN, "", LOST, Verdict.UNKNOWN),
    (NonceState.LAPSED, "", LOST, Verdict.UNKNOWN),
    (NonceState.LAPSED, "", TOLD, Verdict.REFUSED),
    (NonceState.LAPSED, "", NEVER, Verdict.WITHDRAWN),
    (NonceState.LEGACY, "", TOLD, Verdict.UNKNOWN),
]
STATUS = {"confirmed": 0, "accepted": 0, "in-effect": 7, "refused": 6, "withdrawn": 4, "unknown": 7}


@pytest.mark.parametrize(("state", "readings", "counts", "verdict"), VERDICTS)
def test_the_verdict_follows_from_the_nonce_and_the_account(state, readings, counts, verdict):
    for reading in map(Reading, readings.split() or [one.value for one in Reading]):
        assert verdict_of(state, reading, *counts) is verdict


def test_every_verdict_has_its_exit_status():
    assert {one.value: exit_status(one) for one in Verdict} == STATUS


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
