"""What both command lines take from the machine they run on."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping


def system_clock() -> int:
    """This machine's clock, ms since the epoch."""
    return time.time_ns() // 1_000_000


def environment() -> Mapping[str, str]:
    """The process environment."""
    return os.environ
