"""Transmission: the way of a request through rate limit and faults to the exchange and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from coldlever.broadcaster.rehearsal.act import Answer, Outcome, answers
from coldlever.broadcaster.rehearsal.act.answers import HTML
from coldlever.broadcaster.rehearsal.ask import info
from coldlever.broadcaster.rehearsal.exchange import RehearsalExchange
from coldlever.broadcaster.rehearsal.faults import EXCHANGE_PATH, Fault, FaultKind
from coldlever.broadcaster.rehearsal.reading import an_object, load_object
from coldlever.broadcaster.rehearsal.serve.weights import EXCHANGE_WEIGHT, WeightBudget, info_weight

LANDING_PATH = "/rehearsal/landing"
FLOOD_BYTES = 8 << 20
_GATEWAY_WORDS = {
    FaultKind.BAD_GATEWAY: (502, "Bad Gateway"),
    FaultKind.UNAVAILABLE: (503, "Service Temporarily Unavailable"),
    FaultKind.GATEWAY_TIMEOUT: (504, "Gateway Time-out"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """The line between clients and one exchange.

    Args:
        exchange: whom it leads to.
        budget: weight that clients may spend per minute.
        sleep: waits for some seconds.
        latency_s: how long each request and its answer take together, seconds.
    """

    exchange: RehearsalExchange
    budget: WeightBudget
    sleep: Callable[[float], None]
    latency_s: float = 0.0

    def carry(self, path: str, mime: str, body: bytes, base_url: str) -> Answer:
        """Answer one POST.

        Args:
            path: "/exchange" or "/info".
            mime: the body's media type without parameters, lower-case, "" when not given.
            body: the request's body.
            base_url: where this exchange lives, for redirects.
        """
        self._travel()
        answer = self._deliver(path, mime, body, base_url)
        self._travel()
        return answer

    def _travel(self) -> None:
        # Half of the latency lies before what a request does, half behind it.
        if self.latency_s:
            self.sleep(self.latency_s / 2)

    def _deliver(self, path: str, mime: str, body: bytes, base_url: str) -> Answer:
        if not _is_json(mime):
            if path == EXCHANGE_PATH:
                sentence = answers.NOT_DECLARED.body.decode()
                self.exchange.note(Outcome.MALFORMED, sentence=sentence)
            return answers.NOT_DECLARED
        fault = self.exchange.faults.take(path)
        if fault is not None:
            return self._play(fault, path, body, base_url)
        weight = EXCHANGE_WEIGHT if path == EXCHANGE_PATH else info_weight(info.kind_of(body))
        wait = self.budget.spend(weight, self.exchange.machine_now())
        if wait:
            if path == EXCHANGE_PATH:
                self.exchange.note(Outcome.NOT_EXECUTED, "rate-limit")
            return answers.too_many(wait)
        return self._reach(path, body, None)

    def _reach(self, path: str, body: bytes, fault: Fault | None) -> Answer:
        if path == EXCHANGE_PATH:
            return self.exchange.act(body, fault=None if fault is None else fault.kind.value)
        return self.exchange.ask(body)

    def _play(self, fault: Fault, path: str, body: bytes, base_url: str) -> Answer:
        if fault.kind is FaultKind.STALL:
            self.sleep(fault.seconds)
        answer = answers.ACCEPTED
        if fault.executes:
            answer = self._reach(path, body, fault)
        elif path == EXCHANGE_PATH:
            self.exchange.note(Outcome.NOT_EXECUTED, fault.kind.value)
        if fault.kind is FaultKind.DELAY:
            self.sleep(fault.seconds)
        return _distort(fault, answer, body, base_url)


def _is_json(mime: str) -> bool:
    # Observed: another type, or none, is HTTP 415. A guess: "application/…+json" counts as JSON.
    family, _, kind = mime.partition("/")
    return family == "application" and (kind == "json" or kind.endswith("+json"))


def _distort(fault: Fault, answer: Answer, body: bytes, base_url: str) -> Answer:
    """What arrives instead of ``answer``."""
    kind = fault.kind
    if kind in _GATEWAY_WORDS:
        status, words = _GATEWAY_WORDS[kind]
        return Answer(status, _page(f"{status} {words}"), HTML)
    half = len(answer.body) // 2
    distorted = {
        FaultKind.LOSE_ANSWER: answers.LOST,
        FaultKind.DROP: answers.LOST,
        FaultKind.RATE_LIMIT: answers.too_many(math.ceil(fault.seconds)),
        FaultKind.SERVER_ERROR: Answer(500, b"null"),
        FaultKind.TRUNCATE: replace(answer, sent=half),
        FaultKind.CUT: replace(answer, body=answer.body[:half]),
        FaultKind.HTML: Answer(200, _page("Please wait"), HTML),
        FaultKind.WRONG_SHAPE: answers.of_json(["status", "ok"]),
        FaultKind.REDIRECT: Answer(
            307, b"", HTML, headers=(("Location", base_url.rstrip("/") + LANDING_PATH),)
        ),
        FaultKind.UNPROCESSABLE: answers.UNPROCESSABLE,
    }.get(kind)
    if distorted is not None:
        return distorted
    if kind is FaultKind.NAMED_OK and answer == answers.ACCEPTED:
        return _named_ok(body)
    if kind is FaultKind.FLOOD:
        # Leading white space is valid JSON, so only a client that counts bytes is safe.
        return replace(answer, body=b" " * FLOOD_BYTES + answer.body)
    return answer


def _page(title: str) -> bytes:
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n"
        f"<body><center><h1>{title}</h1></center></body>\r\n</html>\r\n"
    ).encode()


def _named_ok(body: bytes) -> Answer:
    kind = an_object(load_object(body)["action"])["type"]
    return answers.of_json(
        {"status": "ok", "response": {"type": kind, "data": {"status": "success"}}}
    )
