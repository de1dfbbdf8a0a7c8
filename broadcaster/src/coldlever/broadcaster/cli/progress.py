"""How far a batch has come, and what it waits for, on a terminal."""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

import click

# Shorter waits would only flicker.
_WORTH_TELLING_S = 1.0


class Progress:
    """Tells nothing; `progress` makes one that does.

    Args:
        bar: click's, or None. Used by several threads.
    """

    def __init__(self, bar: Any = None) -> None:
        self._bar = bar
        self._lock = threading.Lock()

    def step(self) -> None:
        """One payload more is done."""
        if self._bar is not None:
            with self._lock:
                self._bar.label = "posting"
                self._bar.update(1)

    def waits(self, seconds: float) -> None:
        """It waits for the exchange's limit."""
        if self._bar is not None and seconds >= _WORTH_TELLING_S:
            with self._lock:
                waiting = f"waiting {math.ceil(seconds)} s for the exchange's limit"
                self._bar.label = f"posting, {waiting}"
                self._bar.render_progress()


@contextmanager
def progress(count: int, *, quiet: bool) -> Iterator[Progress]:
    """A progress bar for a batch; nothing for one payload, on a pipe or when quiet."""
    if quiet or count <= 1 or sys.stderr is None or not sys.stderr.isatty():
        yield Progress()
        return
    stream = cast("TextIO", _Fading(sys.stderr))
    with click.progressbar(length=count, label="posting", file=stream, show_pos=True) as bar:
        yield Progress(bar)


class _Fading:
    """A terminal that may be closed meanwhile: progress is worth no outcome."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()
