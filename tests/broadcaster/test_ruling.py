"""The exchange's answers as evidence; a refusal only in whole sentences that are known to be one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldlever.broadcaster.fate import Event
from coldlever.broadcaster.venue.client import Answer, NoAnswer
from coldlever.broadcaster.venue.ruling import MAX_KEPT_BYTES, classify, read_answer

A = "0x" + "ab" * 20

TOO_LITTLE = (
    "position does not have sufficient margin available to decrease leverage. To decrease leverage,"
)

BEFORE, AFTER = Event.REFUSED_BEFORE, Event.REFUSED_AFTER

# Sentence, code, what it tells.
SENTENCES = [
    (f"User or API Wallet {A} does not exist.", "unknown-signer", BEFORE),
    (f"Must deposit before performing actions. User: {A}", "not-funded", BEFORE),
    ("Unable to recover signer.", "signature-refused", BEFORE),
    ("User has pending agent removal", "agent-removed", BEFORE),
    (f"Vault not registered: {A}", "unknown-vault", BEFORE),
    ("Invalid multi-sig outer signer", "multi-sig", BEFORE),
    ("Multi-sig required", "multi-sig", BEFORE),
    ("Invalid nonce: nonce too high 1791572677029 > 1791486156858", "nonce-refused", BEFORE),
    ("Invalid nonce: nonce too low 5 < 7", "nonce-refused", Event.TOO_LOW),
    ("Invalid nonce: duplicate nonce 1795340000000", "nonce-used", Event.DUPLICATE),
    ("Action already expired", "expired", AFTER),
    ("Invalid leverage value", "leverage-refused", AFTER),
    ("Cannot switch leverage type with open position.", "position-forbids-switch", AFTER),
    ("Cross margin is not allowed for this asset.", "cross-not-allowed", AFTER),
    (f"Cross {TOO_LITTLE} deposit more collateral.", "margin-insufficient", AFTER),
    (f"Isolated {TOO_LITTLE} add margin to the position.", "margin-insufficient", AFTER),
    (
        "Account does not have sufficient margin available for increase.",
        "margin-insufficient",
        AFTER,
    ),
    ("Position does not have sufficient margin for reduction.", "margin-insufficient", AFTER),
    ("Position does not use isolated margin.", "not-isolated", AFTER),
    ("Update to isolated margin cannot be zero.", "margin-zero", AFTER),
    ("Cannot update margin for empty position.", "no-position", AFTER),
    ("Asset not strict isolated", "not-strict-isolated", AFTER),
    (
        "Cannot remove isolated margin for this asset. To remove margin, reduce the position.",
        "margin-locked",
        AFTER,
    ),
]
UNREADABLE = {
    400: "Failed to parse the request body as JSON",
    415: "Expected request with `Content-Type: application/json`",
    422: "Failed to deserialize the JSON body into the target type",
}
TOO_MANY = (
    "Too many cumulative requests sent (10002 > 10000) for cumulative volume traded $0.00. "
    "Place taker orders to free up 1 request per USDC traded."
)


def refusal(sentence: str, status: int = 200) -> Answer:
    body = json.dumps({"status": "err", "response": sentence}).encode()
    return Answer(status, body, None)


def ok(response: object, status: int = 200) -> Answer:
    return Answer(status, json.dumps({"status": "ok", "response": response}).encode(), None)


@pytest.mark.parametrize("prefix", ["", "L1 error: "])
@pytest.mark.parametrize(("sentence", "code", "event"), SENTENCES, ids=lambda one: str(one)[:40])
def test_every_known_sentence_tells_something_with_a_code_and_advice(prefix, sentence, code, event):
    ruling = classify(refusal(prefix + sentence))
    assert (ruling.event, ruling.code) == (event, code)
    assert ruling.sentence == prefix + sentence
    assert ruling.advice
    assert not ruling.may_repeat
    assert read_answer(ruling.answer) == {"status": "err", "response": prefix + sentence}


@pytest.mark.parametrize(("sentence", "code", "event"), SENTENCES, ids=lambda one: str(one)[:40])
def test_a_sentence_that_merely_contains_known_words_is_unknown(sentence, code, event):
    bare = sentence.removesuffix(".")
    for other in (f"{bare}, but it may still be included in a block.", f"Perhaps: {bare}"):
        ruling = classify(refusal(other))
        assert (ruling.event, ruling.code) == (Event.NO_ANSWER, "exchange-refused")
        assert not ruling.may_repeat


@pytest.mark.parametrize("prefix", ["", "L1 error: "])
def test_the_request_limit_of_the_address_is_waited_out(prefix):
    ruling = classify(refusal(prefix + TOO_MANY))
    assert (ruling.event, ruling.code) == (BEFORE, "address-rate-limited")
    assert (ruling.may_repeat, ruling.retry_after) == (True, 10)
    assert ruling.sentence == prefix + TOO_MANY


def test_an_unknown_sentence_leaves_it_open_and_is_passed_on_escaped():
    plain = classify(refusal("Tuesdays are closed."))
    assert (plain.event, plain.code) == (Event.NO_ANSWER, "exchange-refused")
    assert plain.sentence == "Tuesdays are closed."
    assert not plain.may_repeat
    sly = classify(refusal("fine\x1b[2J \u202eok\nCONFIRMED"))
    assert sly.sentence == "fine\\u{001b}[2J \\u{202e}ok\\u{000a}CONFIRMED"
    assert read_answer(sly.answer)["response"] == "fine\x1b[2J \u202eok\nCONFIRMED"


@pytest.mark.parametrize(("status", "words"), UNREADABLE.items())
def test_what_the_exchange_could_not_read_was_not_admitted(status, words):
    ruling = classify(Answer(status, f"{words}: at line 1".encode(), None))
    assert (ruling.event, ruling.code) == (BEFORE, "malformed")
    assert not ruling.may_repeat
    for body in (b"", b"<html>", b"blocked. " + words.encode()):
        gateway = classify(Answer(status, body, None))
        assert (gateway.event, gateway.code) == (Event.NO_ANSWER, "exchange-unavailable")


def test_an_answer_is_kept_as_it_came_and_bounded():
    body = b'{"status": "err",\xff' + b"x" * 2 * MAX_KEPT_BYTES
    assert classify(Answer(200, body, None)).answer == body[:MAX_KEPT_BYTES]
    assert classify(Answer(502, body, None)).answer == body[:MAX_KEPT_BYTES]


@pytest.mark.parametrize(
    "response",
    [
        {"type": "default"},
        {"type": "default", "data": None},
        {"type": "updateLeverage", "data": {"status": "success"}},
        {"type": "updateIsolatedMargin", "data": {"status": "success"}},
        {"type": "topUpIsolatedOnlyMargin"},
    ],
)
def test_both_recorded_ways_to_say_ok_are_accepted(response):
    assert classify(ok(response)).event is Event.ACCEPTED


@pytest.mark.parametrize(
    "response",
    [
        None,
        "default",
        [],
        {},
        {"type": "order"},
        {"type": ["default"]},
        {"type": "updateLeverage", "data": {"status": "error"}},
        {"type": "updateLeverage", "data": "success"},
    ],
    ids=str,
)
def test_an_ok_of_another_form_is_unknown(response):
    outcome = classify(ok(response))
    assert (outcome.event, outcome.code) == (Event.NO_ANSWER, "answer-unreadable")


@pytest.mark.parametrize("status", [201, 400, 401, 403, 404, 500, 502, 503, 504])
def test_another_status_is_unknown_whatever_the_body_says(status):
    for answer in (refusal("Invalid leverage value", status), ok({"type": "default"}, status)):
        outcome = classify(answer)
        assert (outcome.event, outcome.code) == (Event.NO_ANSWER, "exchange-unavailable")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_unknown(status):
    assert classify(Answer(status, b"", None)).code == "redirected"


def test_a_429_says_how_long_to_wait():
    outcome = classify(Answer(429, b"null", 7.0))
    assert (outcome.event, outcome.code) == (BEFORE, "rate-limited")
    assert (outcome.may_repeat, outcome.retry_after) == (True, 7)


def test_no_answer_is_unknown_with_its_own_code():
    outcome = classify(NoAnswer("timed-out", "no answer within the time limit"))
    assert (outcome.event, outcome.code) == (Event.NO_ANSWER, "timed-out")
    assert outcome.answer is None
    assert outcome.may_repeat


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"status":"ok"',
        b'{"status":"err","response":{"type":"default"}}',
        b'{"status":"err","response":"a","response":"b"}',
        b'{"status":"ok","status":"err","response":"no"}',
        b'["ok"]',
        b"\xff\xfe",
        b"null",
        b'{"status":"err"}',
        b"[" * 100,
        b'\xef\xbb\xbf{"status":"err","response":"no"}',
    ],
)
def test_an_answer_without_a_known_form_is_unknown(body):
    outcome = classify(Answer(200, body, None))
    assert (outcome.event, outcome.code) == (Event.NO_ANSWER, "answer-unreadable")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["status", "response", "type", "data"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)
_answers = st.builds(
    Answer,
    st.sampled_from([200, 200, 200, 204, 301, 307, 400, 404, 415, 422, 429, 500, 502, 503]),
    st.binary(max_size=80)
    | _json.map(lambda value: json.dumps(value).encode())
    | st.builds(
        lambda status, response: json.dumps({"status": status, "response": response}).encode(),
        st.sampled_from(["ok", "err", "", None]),
        _json | st.sampled_from([sentence for sentence, *_ in SENTENCES]),
    )
    | st.just(b"Failed to deserialize the JSON body into the target type"),
    st.none() | st.floats(0, 60),
)


@given(_answers)
def test_refused_only_for_a_whole_sentence_or_in_the_venues_own_words(answer):
    outcome = classify(answer)
    assert outcome.sentence.isascii()
    assert outcome.sentence.isprintable()
    if outcome.event not in (Event.NO_ANSWER, Event.ACCEPTED) and answer.status != 429:
        if answer.status == 200:
            document = json.loads(answer.body)
            assert document["status"] == "err"
            assert document["response"] in [sentence for sentence, *_ in SENTENCES]
        else:
            assert answer.body.startswith(UNREADABLE[answer.status].encode())
    if outcome.event is Event.ACCEPTED:
        assert answer.status == 200
        assert json.loads(answer.body)["status"] == "ok"


@given(st.builds(NoAnswer, st.text(max_size=9), st.text(max_size=9)))
def test_no_answer_is_never_more_than_unknown(reply):
    assert classify(reply).event is Event.NO_ANSWER
