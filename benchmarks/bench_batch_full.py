"""The whole batch of `bench_batch`: 1,000 changes over 50 markets, about two minutes."""

from __future__ import annotations

from benchmarks.bench_batch import measure
from benchmarks.row import Row


def rows() -> list[Row]:
    """Measure all of it."""
    return measure(1_000, 50, 180)
