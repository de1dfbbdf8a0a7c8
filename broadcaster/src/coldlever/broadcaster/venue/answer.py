"""What comes back for a request: an answer, or none and why."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """The exchange answered.

    Args:
        status: HTTP status.
        body: the whole body, at most 1 MiB.
        retry_after: seconds asked for with ``Retry-After``, or None.
    """

    status: int
    body: bytes
    retry_after: float | None


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """No complete answer arrived.

    Args:
        code: stable identifier of what happened.
        reason: one sentence.
    """

    code: str
    reason: str


LATE = NoAnswer("timed-out", "the answer did not end within the time limit")
