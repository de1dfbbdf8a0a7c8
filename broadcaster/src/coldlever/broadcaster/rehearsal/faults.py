"""Faults: what can go wrong between a client and the exchange, played on request.

The HTTP side of each kind is in `coldlever.broadcaster.rehearsal.serve.transmission`.
"""

from __future__ import annotations

import enum
import threading
from dataclasses import dataclass, replace

from coldlever.shared.errors import InputRefused

EXCHANGE_PATH = "/exchange"
INFO_PATH = "/info"
MAX_SECONDS = 600.0
MAX_COUNT = 1_000_000


class FaultKind(enum.Enum):
    """What goes wrong."""

    LOSE_ANSWER = "lose-answer"  # executed, then the connection closes without a byte
    DROP = "drop"  # the connection closes before anything is executed
    DELAY = "delay"  # executed at once, answered late
    STALL = "stall"  # executed late, then answered
    RATE_LIMIT = "429"  # with Retry-After
    SERVER_ERROR = "500"
    BAD_GATEWAY = "502"  # with an HTML body, like the two below
    UNAVAILABLE = "503"
    GATEWAY_TIMEOUT = "504"
    TRUNCATE = "truncate"  # less is sent than Content-Length says
    CUT = "cut"  # the length is right, the JSON ends half-way
    HTML = "html"  # HTTP 200 with a page instead of JSON
    WRONG_SHAPE = "wrong-shape"  # HTTP 200 with JSON of another shape
    NAMED_OK = "named-ok"  # the other recorded way to say ok, named after the action
    REDIRECT = "redirect"
    UNPROCESSABLE = "422"
    FLOOD = "flood"  # an answer of several MiB


# The others keep the request from the engine unless told otherwise.
_EXECUTED = frozenset(
    {
        FaultKind.LOSE_ANSWER,
        FaultKind.DELAY,
        FaultKind.STALL,
        FaultKind.TRUNCATE,
        FaultKind.CUT,
        FaultKind.NAMED_OK,
        FaultKind.FLOOD,
    }
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that waits for its requests.

    Args:
        kind: what goes wrong.
        path: requests to which path, "/exchange" or "/info".
        count: for how many requests.
        seconds: how long a delay or a stall takes; what Retry-After says.
        executed: whether the request still reaches the engine. None: as the kind usually goes;
            True with "502" is a gateway that fails after the exchange accepted.

    Raises:
        InputRefused: ``rehearsal-fault``, a value out of range, or ``executed`` is False for a
            kind that distorts the exchange's own answer.
    """

    kind: FaultKind
    path: str = EXCHANGE_PATH
    count: int = 1
    seconds: float = 1.0
    executed: bool | None = None

    def __post_init__(self) -> None:
        if self.path not in (EXCHANGE_PATH, INFO_PATH):
            raise InputRefused(
                "rehearsal-fault", f"faults happen on {EXCHANGE_PATH} or {INFO_PATH}"
            )
        if not 1 <= self.count <= MAX_COUNT:
            raise InputRefused("rehearsal-fault", f"a count goes from 1 to {MAX_COUNT}")
        if not 0 <= self.seconds <= MAX_SECONDS:
            raise InputRefused("rehearsal-fault", f"seconds go from 0 to {MAX_SECONDS:g}")
        if self.executed is False and self.kind in _EXECUTED:
            raise InputRefused(
                "rehearsal-fault", f'"{self.kind.value}" needs an answer of the exchange'
            )

    @property
    def executes(self) -> bool:
        """Whether the request reaches the engine."""
        return self.kind in _EXECUTED if self.executed is None else self.executed


class FaultQueue:
    """Faults in the order they were asked for; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let ``fault`` happen to the next requests on its path that no earlier fault takes."""
        with self._lock:
            self._waiting.append(fault)

    def take(self, path: str) -> Fault | None:
        """The fault for the request that just came in on ``path``, or None."""
        with self._lock:
            for place, fault in enumerate(self._waiting):
                if fault.path == path:
                    if fault.count > 1:
                        self._waiting[place] = replace(fault, count=fault.count - 1)
                    else:
                        del self._waiting[place]
                    return fault
            return None

    def clear(self) -> None:
        """Call off all waiting faults."""
        with self._lock:
            self._waiting.clear()
