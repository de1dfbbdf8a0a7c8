"""Children: the commands that are run and killed, forked in a nursery or started from nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_NURSERY = Path(__file__).with_name("nursery.py")
_START = (sys.executable, "-P", "-m", "coldlever.broadcaster")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended.

    Args:
        status: exit status, or minus the signal that ended it.
        stdout: what it had printed by then.
        stderr: the same, for people.
        seconds: how long it lived.
    """

    status: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def was_killed(self) -> bool:
        return self.status == -signal.SIGKILL


class Trap:
    """Kills one child at a moment of the stage; never after it is known to have ended.

    Args:
        moment: which, in the words of `crash.stage`.
        delay_s: how long after it, seconds.
    """

    def __init__(self, moment: str, delay_s: float) -> None:
        self._moment = moment
        self._delay_s = delay_s
        self._lock = threading.Lock()
        self._child: int | None = None
        self._timer: threading.Timer | None = None

    def arm(self, child: int) -> None:
        with self._lock:
            self._child = child

    def disarm(self) -> None:
        with self._lock:
            self._child, timer = None, self._timer
        if timer is not None:
            timer.cancel()
            timer.join()

    def spring(self, moment: str) -> None:
        """Called at every moment of the stage, from any thread."""
        if moment != self._moment:
            return
        if self._delay_s <= 0:
            self._kill()
            return
        with self._lock:
            if self._child is None or self._timer is not None:
                return
            self._timer = threading.Timer(self._delay_s, self._kill)
        self._timer.start()

    def _kill(self) -> None:
        with self._lock:
            if self._child is not None:
                os.kill(self._child, signal.SIGKILL)
                self._child = None


class Nursery:
    """A process that forks children one after the other.

    Args:
        sabotage: a wrong rule for all of them, in the words of `crash.nursery`.
    """

    def __init__(self, sabotage: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_NURSERY), sabotage],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._began = 0.0
        self._paths = (Path(), Path())

    def begin(self, words: Sequence[str], folder: Path, name: str, kill_after: float | None) -> int:
        """Fork a child and let it run; returns its process id."""
        self._paths = (folder / f"{name}.out", folder / f"{name}.err")
        for path in self._paths:
            path.write_bytes(b"")
        out, err = map(str, self._paths)
        order = {"words": list(words), "out": out, "err": err, "killAfter": kill_after}
        self._began = time.monotonic()
        orders = _open_pipe(self._process.stdin)
        orders.write(json.dumps(order) + "\n")
        orders.flush()
        return int(_open_pipe(self._process.stdout).readline())

    def end(self) -> Ended:
        """Wait for the child."""
        status = int(_open_pipe(self._process.stdout).readline())
        out, err = (path.read_text("utf-8", "replace") for path in self._paths)
        return Ended(status, out, err, time.monotonic() - self._began)

    def close(self) -> None:
        """Send it home."""
        _open_pipe(self._process.stdin).close()
        self._process.wait()
        _open_pipe(self._process.stdout).close()


def _open_pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def run_from_nothing(words: Sequence[str], kill_after: float) -> Ended:
    """Start an interpreter of its own and kill it, perhaps before it has read a line of ours."""
    began = time.monotonic()
    with subprocess.Popen(
        [*_START, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=kill_after)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
    return Ended(process.returncode, out, err, time.monotonic() - began)
