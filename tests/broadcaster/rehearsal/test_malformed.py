"""Bodies the exchange cannot read: HTTP 400 for what is no JSON, 422 for JSON of another form."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldlever.broadcaster.rehearsal import Outcome, RehearsalExchange

MISSING = object()


def changed(body: dict[str, object], path: str, value: object) -> dict[str, object]:
    body = json.loads(json.dumps(body))
    *parents, last = path.split(".")
    place = body
    for name in parents:
        place = place[name]
    if value is MISSING:
        del place[last]
    else:
        place[last] = value
    return body


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *((path, MISSING) for path in ("action", "nonce", "signature", "action.type", "action.asset", "action.isCross", "action.leverage", "signature.r", "signature.s", "signature.v")),
        ("action.type", "updateLeverages"),
        ("action.type", 5),
        ("action.asset", "3"),
        ("action.asset", 3.0),
        ("action.asset", -1),
        ("action.asset", 2**32),
        ("action.asset", True),
        ("action.isCross", 1),
        ("action.isCross", "true"),
        ("action.isCross", None),
        ("action.leverage", "10"),
        ("action.leverage", 10.5),
        ("action.leverage", -10),
        ("action", []),
        ("nonce", "1795340000000"),
        ("nonce", -1),
        ("nonce", 2**64),
        ("nonce", None),
        ("expiresAfter", "soon"),
        ("expiresAfter", False),
        ("vaultAddress", "0x12"),
        ("vaultAddress", 0),
        ("vaultAddress", ""),
        ("signature", "0x1234"),
        ("signature.r", 5),
        ("signature.r", "0x"),
        ("signature.r", "0xzz"),
        ("signature.s", "0x1" + "0" * 64),
        ("signature.s", "12"),
        ("signature.v", "27"),
        ("signature.v", -1),
    ],
)  # fmt: skip
def test_a_missing_key_or_a_wrong_type_is_unprocessable(scene, act, path, value):
    body = scene.body(act.leverage(3, 10))
    assert scene.send(changed(body, path, value)) == 422
    assert scene.send(body)["status"] == "ok", "a malformed body uses up no nonce"


@pytest.mark.parametrize(
    ("action", "path", "value"),
    [
        ("margin", "action.ntli", "1"),
        ("margin", "action.ntli", 1.5),
        ("margin", "action.ntli", 2**63),
        ("margin", "action.isBuy", MISSING),
        ("top_up", "action.leverage", 5),
        ("top_up", "action.leverage", "5x"),
        ("top_up", "action.leverage", "-5"),
        ("top_up", "action.leverage", ""),
    ],
)
def test_the_other_actions_are_read_as_strictly(scene, act, action, path, value):
    body = scene.body(act.margin(3, 1) if action == "margin" else act.top_up(3, "5"))
    assert scene.send(changed(body, path, value)) == 422


def refused_by_both_paths(scene, body, status, words):
    for answer in (scene.exchange.act(body), scene.exchange.ask(body)):
        assert (answer.status, answer.body.decode()) == (status, words)
        assert answer.mime.startswith("text/plain")
    (entry,) = scene.exchange.journal.entries()
    assert (entry.outcome, entry.sentence) == (Outcome.MALFORMED, words)
    assert not entry.admitted


@pytest.mark.parametrize(
    "body",
    [
        b"null", b"[]", b"{}", b'"action"', b"[1, 2]", b'[{"type":"noop"},1]', b'["order"]', b'["meta",1,2,3]',
        b'{"action":{"type":"noop"},"action":{"type":"noop"},"nonce":1}',
        b'{"type":"meta","type":"meta"}',
    ],
)  # fmt: skip
def test_json_of_another_form_is_unprocessable(scene, body):
    refused_by_both_paths(
        scene, body, 422, "Failed to deserialize the JSON body into the target type"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"nonce":NaN}', b"1" * 5_000, b"hello", b"{'a':1}", b'{"a":"\xff"}',
    ],
)  # fmt: skip
def test_bytes_that_are_no_json_are_a_bad_request(scene, body):
    refused_by_both_paths(scene, body, 400, "Failed to parse the request body as JSON")


@pytest.mark.parametrize("rest", [b" ", b"x", b'{"nonce":1}', b"\xff\x00"])
def test_bytes_after_the_first_json_value_do_not_count(scene, act, rest):
    body = json.dumps(scene.body(act.leverage(3, 10))).encode()
    assert scene.exchange.act(b"\r\n\t " + body + rest).status == 200
    assert scene.exchange.journal.entries()[-1].outcome is Outcome.ACCEPTED
    assert scene.exchange.ask(b'{"type":"exchangeStatus"}' + rest).status == 200


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
keys = st.sampled_from(
    ["action", "nonce", "signature", "vaultAddress", "expiresAfter", "type", "user", "dex"]
)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=64)
    | st.dictionaries(keys, json_values).map(lambda v: json.dumps(v).encode())
)
def test_whatever_comes_in_gets_an_answer(body):
    exchange = RehearsalExchange()
    assert exchange.act(body).status in (200, 400, 422)
    assert exchange.ask(body).status in (200, 400, 422)
