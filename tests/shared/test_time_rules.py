"""Time rules of nonces and expiries, at their edges."""

import pytest

from coldlever.shared.action.time_rules import (
    NONCE_FUTURE_MS,
    NONCE_PAST_MS,
    NONCE_SET_SIZE,
    expiry_problem,
    nonce_floor_problem,
    nonce_window_problem,
)

NOW = 1_795_340_000_000


@pytest.mark.parametrize("offset", [0, 1, -1, 1 - NONCE_PAST_MS, NONCE_FUTURE_MS - 1])
def test_a_nonce_inside_the_window_is_fine(offset):
    assert nonce_window_problem(NOW + offset, NOW) is None


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (-NONCE_PAST_MS, "lies 2 d in the past; the exchange takes at most 2 days"),
        (-NONCE_PAST_MS - 3_600_000, "lies 2 d 1 h in the past"),
        (NONCE_FUTURE_MS, "lies 1 d in the future; the exchange takes at most 1 day"),
        (-NOW, "in the past"),
    ],
)
def test_a_nonce_on_or_beyond_the_edge_is_not(offset, words):
    problem = nonce_window_problem(NOW + offset, NOW)
    assert (problem.code, problem.exit_status) == ("nonce-window", 4)
    assert words in problem.message
    assert problem.remedy is not None


def test_the_floor_exists_only_once_a_hundred_nonces_are_known():
    highest = range(1_000, 1_000 + NONCE_SET_SIZE)
    assert nonce_floor_problem(1, highest[1:]) is None
    assert nonce_floor_problem(1_001, highest) is None
    for nonce in (1_000, 999, 0):
        problem = nonce_floor_problem(nonce, list(reversed(highest)))
        assert problem.code == "nonce-too-low"
        assert "1000, the lowest of the signer" in problem.message


def test_an_expiry_must_leave_more_than_the_margin():
    assert expiry_problem(None, NOW, 5_000) is None
    assert expiry_problem(NOW + 5_001, NOW, 5_000) is None
    assert "expires at" in expiry_problem(NOW + 5_000, NOW, 5_000).message
    assert "in 1 ms; at least 5 s must remain" in expiry_problem(NOW + 1, NOW, 5_000).message


@pytest.mark.parametrize("ago", [0, 1, 86_400_000])
def test_an_expired_action_says_since_when(ago):
    problem = expiry_problem(NOW - ago, NOW, 0)
    assert (problem.code, problem.exit_status) == ("expired", 4)
    assert problem.message.startswith("it expired at ")
    assert problem.message.endswith(" ago")
