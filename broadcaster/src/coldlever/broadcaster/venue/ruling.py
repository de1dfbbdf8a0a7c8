"""The exchange's answers to a post, as evidence with a stable code and advice.

The rule that carries the trust: an answer counts as a refusal only when it is one, word for word,
that is known to be; anything else leaves open whether the payload landed.
"""

from __future__ import annotations

from dataclasses import dataclass

from coldlever.broadcaster.fate import Event
from coldlever.broadcaster.venue.answer import Answer, NoAnswer
from coldlever.broadcaster.venue.sentences import find_sentence
from coldlever.shared.errors import ColdleverError
from coldlever.shared.printable import printable
from coldlever.shared.reading import JsonValue, loads

_OK = 200
_TOO_MANY = 429
# What the exchange says, in its own words, before it has read an action at all.
_UNREADABLE = {
    400: "Failed to parse the request body as JSON",
    415: "Expected request with `Content-Type: application/json`",
    422: "Failed to deserialize the JSON body into the target type",
}
# A tuple, because what is looked up in it comes from outside and need not be hashable.
_SUCCESS_TYPES = ("default", "updateLeverage", "updateIsolatedMargin", "topUpIsolatedOnlyMargin")
# More of an answer is not worth keeping: the longest known one has 200 bytes.
MAX_KEPT_BYTES = 1 << 14
_ADDRESS_LIMIT_PAUSE_S = 10.0


@dataclass(frozen=True, slots=True)
class Ruling:
    """One classified answer.

    Args:
        event: what it tells about the payload.
        code: stable identifier.
        sentence: the exchange's words or ours, escaped for display.
        advice: what to do, where there is something.
        answer: the answer's bytes as they came, at most 16 KiB; None without an answer.
        may_repeat: whether the same bytes may be sent again without asking anybody.
        retry_after: seconds to wait before that, where asked for.
    """

    event: Event
    code: str
    sentence: str
    advice: str | None = None
    answer: bytes | None = None
    may_repeat: bool = False
    retry_after: float | None = None


def classify(reply: Answer | NoAnswer) -> Ruling:
    """Say what one reply to a post means, by itself."""
    if isinstance(reply, NoAnswer):
        return Ruling(Event.NO_ANSWER, reply.code, reply.reason, may_repeat=True)
    kept = reply.body[:MAX_KEPT_BYTES]
    text = printable(kept.decode("utf-8", "replace"))
    if reply.status == _TOO_MANY:
        return Ruling(
            Event.REFUSED_BEFORE,
            "rate-limited",
            "the exchange limits this address's requests",
            "wait a minute, then `post` it again",
            kept,
            may_repeat=True,
            retry_after=reply.retry_after,
        )
    own_words = _UNREADABLE.get(reply.status)
    if own_words is not None and reply.body.startswith(own_words.encode()):
        return Ruling(
            Event.REFUSED_BEFORE,
            "malformed",
            f"the exchange could not read the body: {text}",
            "update coldlever, then draft and sign again",
            kept,
        )
    if reply.status != _OK:
        return Ruling(
            Event.NO_ANSWER,
            "redirected" if reply.status // 100 == 3 else "exchange-unavailable",  # noqa: PLR2004
            f"HTTP {reply.status} instead of an answer",
            answer=kept,
            may_repeat=True,
        )
    return _classify_document(reply.body, kept, text)


def read_answer(answer: bytes) -> JsonValue:
    """An answer as JSON where it is JSON, as text otherwise."""
    try:
        return loads(answer, "answer")
    except ColdleverError:
        return answer.decode("utf-8", "replace")


def _classify_document(body: bytes, kept: bytes, text: str) -> Ruling:
    document = read_answer(body)
    if isinstance(document, dict) and document.get("status") == "ok":
        if _is_success(document.get("response")):
            return Ruling(Event.ACCEPTED, "accepted", "accepted by the exchange", answer=kept)
    elif isinstance(document, dict) and document.get("status") == "err":
        sentence = document.get("response")
        if isinstance(sentence, str):
            return _classify_sentence(sentence, kept)
    return Ruling(
        Event.NO_ANSWER,
        "answer-unreadable",
        f"the exchange's answer has no known form: {text}",
        answer=kept,
        may_repeat=True,
    )


def _is_success(response: JsonValue) -> bool:
    """``{"type": "default"}``, or the older shape with a status in its data."""
    if not isinstance(response, dict) or response.get("type") not in _SUCCESS_TYPES:
        return False
    data = response.get("data")
    return data is None or (isinstance(data, dict) and data.get("status") == "success")


def _classify_sentence(sentence: str, kept: bytes) -> Ruling:
    shown = printable(sentence)
    known = find_sentence(sentence)
    if known is None:
        return Ruling(
            Event.NO_ANSWER,
            "exchange-refused",
            shown,
            "these are the exchange's own words, and coldlever does not know them: they may mean "
            "that it landed",
            kept,
        )
    return Ruling(
        known.event,
        known.code,
        shown,
        known.advice,
        kept,
        may_repeat=known.may_repeat,
        retry_after=_ADDRESS_LIMIT_PAUSE_S if known.may_repeat else None,
    )
