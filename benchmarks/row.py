"""One line of the table, and timing that a noisy machine does not spoil."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement.

    Args:
        what: what was measured.
        measured: the number with its unit, or why there is none.
        target: what it should be; empty where nothing was promised.
        met: whether it is; None where nothing was promised or measured.
    """

    what: str
    measured: str
    target: str = ""
    met: bool | None = None


def seconds_each(work: Callable[[], object], repeats: int) -> float:
    """Seconds that one call takes, over ``repeats`` calls."""
    started = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - started) / repeats


def paired(
    ours: Callable[[], object],
    peer: Callable[[], object],
    *,
    our_repeats: int,
    peer_repeats: int,
    rounds: int = 15,
) -> tuple[float, float, float]:
    """Time two pieces of work in turn.

    Returns:
        Median seconds of ours and of the peer, and the median of ours / peer round by round.
    """
    mine, theirs = [], []
    for _ in range(rounds):
        mine.append(seconds_each(ours, our_repeats))
        theirs.append(seconds_each(peer, peer_repeats))
    ratios = [a / b for a, b in zip(mine, theirs, strict=True)]
    return statistics.median(mine), statistics.median(theirs), statistics.median(ratios)


def micro(seconds: float) -> str:
    """Microseconds in words."""
    return f"{seconds * 1e6:.0f} us"


def milli(seconds: float) -> str:
    """Milliseconds in words."""
    return f"{seconds * 1e3:.1f} ms"
