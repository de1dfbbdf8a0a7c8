"""Answers: what goes back over HTTP, in the exchange's shapes."""

from __future__ import annotations

import json
from dataclasses import dataclass

from coldlever.broadcaster.rehearsal.act.journal import Entry, Outcome
from coldlever.broadcaster.rehearsal.reading import Malformed, NotJson

JSON = "application/json"
HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response.

    Args:
        status: HTTP status.
        body: the bytes after the headers.
        mime: content type.
        headers: further headers.
        sent: how many bytes of the body really get sent; None for all.
        lost: nothing is sent at all, the connection closes.
    """

    status: int
    body: bytes
    mime: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    sent: int | None = None
    lost: bool = False


def of_json(value: object, status: int = 200) -> Answer:
    """``value`` as compact JSON."""
    return Answer(status, json.dumps(value, separators=(",", ":")).encode())


ACCEPTED = of_json({"status": "ok", "response": {"type": "default"}})
# Observed, all three: each proves that nothing was admitted.
UNPROCESSABLE = Answer(422, Malformed.words.encode(), TEXT)
NOT_JSON = Answer(400, NotJson.words.encode(), TEXT)
NOT_DECLARED = Answer(415, b"Expected request with `Content-Type: application/json`", TEXT)
LOST = Answer(502, b"", TEXT, lost=True)


def too_many(seconds: int) -> Answer:
    """HTTP 429; clients of the exchange read ``null`` as its body."""
    return Answer(429, b"null", headers=(("Retry-After", str(seconds)),))


def of_problem(problem: Malformed) -> Answer:
    """The exchange's answer to a body it cannot read."""
    return NOT_JSON if isinstance(problem, NotJson) else UNPROCESSABLE


def of_entry(entry: Entry) -> Answer:
    """The exchange's answer to an action."""
    if entry.outcome is Outcome.MALFORMED:
        return NOT_JSON if entry.sentence == NotJson.words else UNPROCESSABLE
    if entry.outcome is Outcome.ACCEPTED:
        return ACCEPTED
    return of_json({"status": "err", "response": entry.sentence})
