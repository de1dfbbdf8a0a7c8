"""The exchange's answers as codes with advice; a refusal only in the exchange's own words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldlever.broadcaster.venue.client import Answer, NoAnswer
from coldlever.broadcaster.venue.verdict import Verdict, classify

A = "0x" + "ab" * 20

TOO_LITTLE = (
    "position does not have sufficient margin available to decrease leverage. To decrease leverage,"
)

# Sentence, code, whether it proves that no earlier attempt with the same bytes landed.
SENTENCES = [
    (f"User or API Wallet {A} does not exist.", "unknown-signer", False),
    (f"Must deposit before performing actions. User: {A}", "not-funded", False),
    ("Unable to recover signer.", "signature-refused", False),
    ("Invalid nonce: nonce too low 5 < 7", "nonce-refused", False),
    ("Invalid nonce: nonce too high 9 > 7", "nonce-refused", False),
    ("Invalid nonce", "nonce-refused", False),
    ("Action already expired", "expired", False),
    ("Invalid leverage value", "leverage-refused", True),
    ("Cannot switch leverage type with open position.", "position-forbids-switch", True),
    ("Cross margin is not allowed for this asset.", "cross-not-allowed", True),
    (
        f"Cross {TOO_LITTLE} deposit more collateral.",
        "margin-insufficient",
        True,
    ),
    (
        f"Isolated {TOO_LITTLE} add margin to the position.",
        "margin-insufficient",
        True,
    ),
    (
        "Account does not have sufficient margin available for increase.",
        "margin-insufficient",
        True,
    ),
    ("Position does not have sufficient margin for reduction.", "margin-insufficient", True),
    ("Position does not use isolated margin.", "not-isolated", True),
    ("Update to isolated margin cannot be zero.", "margin-zero", True),
    ("Cannot update margin for empty position.", "no-position", True),
    ("Asset not strict isolated", "not-strict-isolated", True),
    (
        "Cannot remove isolated margin for this asset. To remove margin, reduce the position.",
        "margin-locked",
        True,
    ),
    (f"Vault not registered: {A}", "unknown-vault", True),
    ("Invalid multi-sig outer signer", "multi-sig", False),
    ("Multi-sig required", "multi-sig", False),
]
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
@pytest.mark.parametrize(("sentence", "code", "proves"), SENTENCES, ids=lambda one: str(one)[:40])
def test_every_known_sentence_is_a_refusal_with_a_code_and_advice(prefix, sentence, code, proves):
    outcome = classify(refusal(prefix + sentence))
    assert (outcome.verdict, outcome.code) == (Verdict.REFUSED, code)
    assert outcome.sentence == prefix + sentence
    assert outcome.advice
    assert outcome.raw == {"status": "err", "response": prefix + sentence}
    assert outcome.proves_absence is proves


@pytest.mark.parametrize("prefix", ["", "L1 error: "])
def test_a_duplicate_nonce_is_a_verdict_of_its_own(prefix):
    outcome = classify(refusal(prefix + "Invalid nonce: duplicate nonce 1795340000000"))
    assert (outcome.verdict, outcome.code) == (Verdict.DUPLICATE, "nonce-used")
    assert not outcome.proves_absence


@pytest.mark.parametrize("prefix", ["", "L1 error: "])
def test_the_request_limit_of_the_address_is_waited_out_not_taken_for_a_refusal(prefix):
    outcome = classify(refusal(prefix + TOO_MANY))
    assert (outcome.verdict, outcome.code) == (Verdict.BUSY, "address-rate-limited")
    assert outcome.retry_after == 10
    assert outcome.sentence == prefix + TOO_MANY


def test_an_unknown_sentence_is_passed_on_verbatim_but_escaped():
    plain = classify(refusal("Tuesdays are closed."))
    assert (plain.verdict, plain.code) == (Verdict.REFUSED, "exchange-refused")
    assert plain.sentence == "Tuesdays are closed."
    assert not plain.proves_absence
    sly = classify(refusal("fine\x1b[2J \u202eok\nCONFIRMED"))
    assert sly.sentence == "fine\\u{001b}[2J \\u{202e}ok\\u{000a}CONFIRMED"
    assert sly.raw == {"status": "err", "response": "fine\x1b[2J \u202eok\nCONFIRMED"}


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
    assert classify(ok(response)).verdict is Verdict.ACCEPTED


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
    assert (outcome.verdict, outcome.code) == (Verdict.UNKNOWN, "answer-unreadable")


@pytest.mark.parametrize("status", [201, 400, 401, 403, 404, 500, 502, 503, 504])
def test_another_status_is_unknown_whatever_the_body_says(status):
    for answer in (refusal("Invalid leverage value", status), ok({"type": "default"}, status)):
        outcome = classify(answer)
        assert (outcome.verdict, outcome.code) == (Verdict.UNKNOWN, "exchange-unavailable")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_unknown(status):
    assert classify(Answer(status, b"", None)).code == "redirected"


def test_a_422_is_a_refusal_only_in_the_exchanges_own_words():
    own = b"Failed to deserialize the JSON body into the target type"
    outcome = classify(Answer(422, own, None))
    assert (outcome.verdict, outcome.code) == (Verdict.REFUSED, "malformed")
    other = classify(Answer(422, b"<html>unprocessable</html>", None))
    assert other.verdict is Verdict.UNKNOWN


def test_a_429_says_how_long_to_wait():
    outcome = classify(Answer(429, b"null", 7.0))
    assert (outcome.verdict, outcome.code) == (Verdict.BUSY, "rate-limited")
    assert outcome.retry_after == 7


def test_no_answer_is_unknown_with_its_own_code():
    outcome = classify(NoAnswer("timed-out", "no answer within the time limit"))
    assert (outcome.verdict, outcome.code) == (Verdict.UNKNOWN, "timed-out")
    assert outcome.raw is None


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
    assert (outcome.verdict, outcome.code) == (Verdict.UNKNOWN, "answer-unreadable")


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
    st.sampled_from([200, 200, 200, 204, 301, 307, 400, 404, 422, 429, 500, 502, 503]),
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
def test_refused_only_for_an_err_sentence_or_the_venues_own_422(answer):
    outcome = classify(answer)
    assert outcome.sentence.isascii()
    assert outcome.sentence.isprintable()
    if outcome.verdict in (Verdict.REFUSED, Verdict.DUPLICATE):
        if answer.status == 422:
            assert answer.body.startswith(b"Failed to deserialize")
        else:
            assert answer.status == 200
            document = json.loads(answer.body)
            assert document["status"] == "err"
            assert isinstance(document["response"], str)
    if outcome.verdict is Verdict.ACCEPTED:
        assert answer.status == 200
        assert json.loads(answer.body)["status"] == "ok"


@given(st.builds(NoAnswer, st.text(max_size=9), st.text(max_size=9)))
def test_no_answer_is_never_more_than_unknown(reply):
    assert classify(reply).verdict is Verdict.UNKNOWN
