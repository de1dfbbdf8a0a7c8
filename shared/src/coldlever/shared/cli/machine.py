"""What both command lines take from the machine they run on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping


def system_clock() -> int:
    """This machine's clock, ms since the epoch."""
    return time.time_ns() // 1_000_000


def environment() -> Mapping[str, str]:
    """The process environment."""
    return os.environ


def clock_of(machine: object) -> Callable[[], int]:
    """The clock of either side's `Machine`, for the commands that both have.

    Args:
        machine: the command line's object; None where nobody has made one.
    """
    clock: Callable[[], int] = getattr(machine, "clock", system_clock)
    return clock
