"""The one loader of every document, and foreign names in whatever it refuses."""

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from coldlever.shared.action.network import Network
from coldlever.shared.action.signature import Signature
from coldlever.shared.errors import ColdleverError, RuleRefused
from coldlever.shared.message.any import compact_document, load_message
from coldlever.shared.message.request import RequestFile
from coldlever.shared.message.signed import SignedFile, SignedPayload, verify
from tests.property.wires import JSON_VALUES, damaged, garbled, payloads, requests, tables

MANY = settings(deadline=None, max_examples=150)
SOME = settings(deadline=None, max_examples=60)
NAME = "a\x1b[2J \u202e\u0430.json"
SHOWN = "a\\u{001b}[2J \\u{202e}\\u{0430}.json"


def files(kind, items):
    single = items.map(lambda one: kind((one,), is_batch=False))
    batch = st.lists(items, min_size=1, max_size=3)
    return single | batch.map(lambda many: kind(tuple(many), is_batch=True))


MESSAGES = files(RequestFile, requests()) | files(SignedFile, payloads()) | tables()


def read_or_refused(data):
    """The message, or None; a refusal names the file and the place, fit to be shown."""
    try:
        return load_message(data, NAME, Network.MAINNET)
    except ColdleverError as error:
        refusal = error
    for text in (refusal.code, refusal.message, refusal.remedy or ""):
        assert text.isascii()
        assert text.isprintable()
    assert refusal.message.startswith(f"{SHOWN}: ")
    return None


def with_fitting_hashes(message):
    """What is written again carries the hash of its content, whatever had been claimed."""
    if not isinstance(message, SignedFile):
        return message
    payloads = [replace(one, claimed_hash=one.signable.action_hash()) for one in message.payloads]
    return SignedFile(tuple(payloads), message.is_batch)


@given(message=MESSAGES)
@MANY
def test_a_message_comes_back_as_it_was_written(message):
    assert load_message(compact_document(message), NAME) == message


@given(payload=payloads())
@SOME
def test_a_bare_body_comes_back_with_the_claims_that_fit_it(payload):
    read = load_message(payload.body(), NAME, payload.signable.network)
    assert read.payloads == (replace(payload, account=None),)


@given(value=JSON_VALUES)
@MANY
def test_any_json_is_a_message_or_refused(value):
    read_or_refused(json.dumps(value).encode())


@given(wire=damaged(MESSAGES.map(lambda one: json.loads(compact_document(one)))))
@MANY
def test_a_damaged_message_is_a_message_or_refused(wire):
    message = read_or_refused(json.dumps(wire).encode())
    if message is not None:
        assert load_message(compact_document(message), NAME) == with_fitting_hashes(message)


@given(wire=damaged(payloads().map(lambda one: one.body_wire())))
@MANY
def test_a_damaged_bare_body_is_a_message_or_refused(wire):
    read_or_refused(json.dumps(wire).encode())


@given(data=garbled(MESSAGES.map(compact_document)))
@MANY
def test_garbled_bytes_are_a_message_or_refused(data):
    read_or_refused(data)


@given(
    payload=payloads(),
    data=st.data(),
    piece=st.binary(min_size=1, max_size=1) | st.sampled_from([b"0", b'"', b" ", b","]),
)
@MANY
def test_a_changed_byte_of_a_signed_payload_is_caught_or_means_the_same(payload, data, piece):
    document = json.dumps(payload.to_wire()).encode()
    position = data.draw(st.integers(0, len(document) - 1))
    changed = document[:position] + piece + document[position + 1 :]
    try:
        message = load_message(changed, "f")
        for one in message.payloads:
            verify(one)
    except ColdleverError:
        return
    # The account is a claim that no signature covers; it is compared with the exchange's answer.
    (found,) = message.payloads
    assert replace(found, account=None) == replace(payload, account=None)
    assert message.payloads[0].body() == payload.body()


@given(
    payload=payloads(), r=st.integers(-1, 2**256), s=st.integers(-1, 2**256), v=st.integers(0, 300)
)
@SOME
def test_no_other_signature_is_the_signers(payload, r, s, v):
    other = SignedPayload(payload.signable, Signature(r, s, v), payload.signer, None)
    try:
        verify(other)
    except RuleRefused:
        return
    assert other.signature == payload.signature
