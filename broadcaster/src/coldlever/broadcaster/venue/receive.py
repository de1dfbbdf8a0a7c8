"""Reading an answer off the connection, bounded and not unpacked; and what went wrong with it."""

from __future__ import annotations

from collections.abc import Callable

import requests
import urllib3.exceptions

from coldlever.broadcaster.venue.answer import LATE, Answer, NoAnswer
from coldlever.shared.printable import printable

MAX_ANSWER_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 16
_MAX_RETRY_AFTER_S = 60.0
# The first that fits wins.
_FAILURES: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    ((requests.exceptions.SSLError,), "tls-failed", "the TLS connection failed"),
    (
        (requests.exceptions.ConnectTimeout,),
        "connect-failed",
        "no connection within the time limit",
    ),
    (
        (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError),
        "timed-out",
        "no answer within the time limit",
    ),
    ((requests.exceptions.ConnectionError,), "connection-lost", "the connection failed"),
)


def no_answer(error: Exception, *, is_late: bool) -> NoAnswer:
    """What a failed request is told as: bytes may have left, so it is no answer, nothing else.

    Args:
        error: what ended it.
        is_late: whether that was the deadline.
    """
    if is_late and not isinstance(error, requests.exceptions.ConnectTimeout):
        return LATE
    for kinds, code, sentence in _FAILURES:
        if isinstance(error, kinds):
            return NoAnswer(code, f"{sentence} ({_cause(error)})")
    return NoAnswer("answer-broken", f"the answer broke off ({_cause(error)})")


def collect(response: requests.Response, is_late: Callable[[], bool]) -> Answer | NoAnswer:
    """Read an answer to its end, as far as it may go.

    Args:
        response: not read yet.
        is_late: whether its time is up.
    """
    encoding = response.headers.get("Content-Encoding", "identity")
    if encoding.strip().lower() != "identity":
        return NoAnswer(
            "answer-unreadable", f"the answer is packed ({printable(encoding, limit=40)})"
        )
    chunks: list[bytes] = []
    size = 0
    # read1 returns what has arrived. The usual way to read waits until a chunk is full, and a
    # server that drips would never let it come back to the clock.
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=False):
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            return NoAnswer("answer-too-large", f"the answer exceeds {MAX_ANSWER_BYTES} bytes")
        if is_late():
            return LATE
    return Answer(response.status_code, b"".join(chunks), _retry_after(response))


def _retry_after(response: requests.Response) -> float | None:
    text = response.headers.get("Retry-After", "")
    # The other form, an HTTP date, is not worth a clock comparison: the default wait serves.
    return min(float(text), _MAX_RETRY_AFTER_S) if text.isdecimal() and len(text) < 7 else None  # noqa: PLR2004


def _cause(error: BaseException) -> str:
    """The innermost reason, without the library's object addresses."""
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__ or error
    return printable(type(error).__name__, limit=60)
