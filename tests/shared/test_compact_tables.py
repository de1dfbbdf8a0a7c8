"""coldlever.shared.compact: every envelope there and back, and what is refused on the way."""

import json
from dataclasses import replace
from pathlib import Path

import cbor2
import pytest

from coldlever.shared.action.market import MarketEntry, MarketTable
from coldlever.shared.compact import TYPES, decode, describe_type, encode
from coldlever.shared.errors import InputRefused, RuleRefused, UsageRefused
from coldlever.shared.message.any import load_message, message_wire
from coldlever.shared.message.request import RequestFile
from coldlever.shared.message.signed import SignedFile, load_signed, verify
from coldlever.shared.qr.draw.matrix import version_of
from coldlever.shared.ur import decode_ur, encode_ur

VECTORS = json.loads(
    (Path(__file__).resolve().parents[1] / "vectors" / "transport.json").read_text()
)["vectors"]
BY_NAME = {vector["name"]: vector for vector in VECTORS}
SIGNED = BY_NAME["signed: updateLeverage, vault, expiry"]
REQUEST = BY_NAME["request: everything"]
TABLE = BY_NAME["market table with an older entry"]
ENTRY = BY_NAME["market entry"]


def wire(message):
    return message.to_wire() if isinstance(message, MarketEntry) else message_wire(message)


def message_of(vector):
    return decode(vector["type"], bytes.fromhex(vector["cbor"]))


def refusal(kind, value):
    data = value if isinstance(value, bytes) else cbor2.dumps(value, canonical=True)
    with pytest.raises(InputRefused) as caught:
        decode(kind, data)
    assert caught.value.message.startswith("QR: ")
    return caught.value


def changed(vector, *path, to):
    """The vector's CBOR as Python values, with one of them replaced, or removed for None."""
    value = cbor2.loads(bytes.fromhex(vector["cbor"]))
    place = value
    for step in path[:-1]:
        place = place[step]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return value


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vectors(vector):
    message = message_of(vector)
    assert wire(message) == vector["document"]
    assert encode(message) == (vector["type"], bytes.fromhex(vector["cbor"]))
    resource = decode_ur(vector["ur"], TYPES)
    assert (resource.type, resource.message.hex()) == (vector["type"], vector["cbor"])
    assert encode_ur(vector["type"], resource.message) == vector["ur"]


@pytest.mark.parametrize(
    "vector", [v for v in VECTORS if v["type"] != "cl-market-entry"], ids=lambda v: v["name"]
)
def test_vectors_from_their_json(vector):
    message = load_message(json.dumps(vector["document"]).encode(), "file")
    assert encode(message) == (vector["type"], bytes.fromhex(vector["cbor"]))
    assert message_of(vector) == message


def test_there_is_a_vector_for_each_type():
    assert {vector["type"] for vector in VECTORS} == set(TYPES)


def test_decoded_payloads_verify():
    for vector in VECTORS:
        message = message_of(vector)
        if isinstance(message, SignedFile):
            for payload in message.payloads:
                assert verify(payload) == payload.signer


def test_one_signed_update_leverage_is_one_code_of_version_9():
    assert version_of(SIGNED["ur"]) == 9
    assert version_of(BY_NAME["signed: updateLeverage, expiry"]["ur"]) == 8
    largest = changed(SIGNED, 1, 1, to=2**32 - 1)
    largest[0], largest[1][3] = 1, 1000
    data = cbor2.dumps(largest, canonical=True)
    decode("cl-signed", data)
    assert version_of(encode_ur("cl-signed", data)) == 9


def test_a_thousand_in_one_batch_come_back_in_order():
    payload = message_of(SIGNED).payloads[0]
    request = message_of(REQUEST).requests[0]
    for message in (
        SignedFile((payload,) * 1000, is_batch=True),
        RequestFile((request,) * 1000, is_batch=True),
    ):
        assert decode(*encode(message)) == message


def test_a_bare_body_is_not_encoded():
    body = json.dumps(SIGNED["document"]["payload"]).encode()
    message = load_signed(body, "file", message_of(SIGNED).payloads[0].signable.network)
    with pytest.raises(UsageRefused) as caught:
        encode(message)
    assert caught.value.code == "bare-body"


def test_a_payload_with_another_hash_is_not_encoded():
    payload = message_of(SIGNED).payloads[0]
    with pytest.raises(RuleRefused) as caught:
        encode(SignedFile((replace(payload, claimed_hash=bytes(32)),), is_batch=False))
    assert caught.value.code == "action-hash-mismatch"


def test_a_wrong_signer_survives_to_be_found_by_verify():
    payload = replace(message_of(SIGNED).payloads[0], signer=message_of(SIGNED).payloads[0].signable.vault)  # fmt: skip
    again = decode(*encode(SignedFile((payload,), is_batch=False)))
    assert again.payloads == (payload,)
    with pytest.raises(RuleRefused) as caught:
        verify(again.payloads[0])
    assert caught.value.code == "signer-mismatch"


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("value", [0, True, "text", b"bytes"])
def test_a_scalar_is_no_message(kind, value):
    error = refusal(kind, cbor2.dumps(value))
    assert error.code == "wrong-type"
    assert error.message.startswith("QR: $: found ")


@pytest.mark.parametrize("kind", ["cl-requests", "cl-signed-batch"])
def test_an_empty_batch_is_refused(kind):
    assert refusal(kind, []).code == "empty-batch"


@pytest.mark.parametrize("kind", ["cl-request", "cl-signed", "cl-market", "cl-market-entry"])
def test_an_array_is_no_single_message_and_a_map_no_batch(kind):
    assert "found an array of 0" in refusal(kind, []).message
    assert refusal(kind, {}).code == "missing-key"


@pytest.mark.parametrize("kind", ["cl-requests", "cl-signed-batch"])
def test_a_batch_names_the_element(kind):
    assert refusal(kind, {}).code == "wrong-type"
    assert "$[0]: " in refusal(kind, [{}]).message


@pytest.mark.parametrize(
    ("vector", "path", "to", "code", "place"),
    [
        (SIGNED, (9,), [], "unknown-key", "$: found the key number 9, expected only 0, 1, 2"),
        (SIGNED, (1, 9), 0, "unknown-key", "$.action: found the key number 9"),
        (REQUEST, (14,), 0, "unknown-key", "$: found the key number 14"),
        (REQUEST, (9,), bytes(19), "wrong-type", "$.account: "),
        (SIGNED, (8,), bytes(19), "wrong-type", "$.account: "),
        (REQUEST, (6, 7), 0, "unknown-key", "$.market: "),
        (SIGNED, (0,), None, "missing-key", 'no key number 0, expected it, for "network"'),
        (SIGNED, (5,), None, "missing-key", "signer"),
        (SIGNED, (6,), None, "missing-key", "signature"),
        (REQUEST, (0,), None, "missing-key", "network"),
        (REQUEST, (1, 2), None, "missing-key", '$.action: found no key "isCross"'),
        (REQUEST, (1, 4), True, "unknown-key", '$.action: found the key "isBuy"'),
        (SIGNED, (0,), 2, "wrong-type", "$.network: found the integer 2, expected 0 (mainnet) or 1"),
        (SIGNED, (0,), -1, "wrong-type", "$.network: "),
        (SIGNED, (0,), True, "wrong-type", "$.network: found true"),
        (SIGNED, (0,), "mainnet", "wrong-type", "$.network: "),
        (SIGNED, (1, 0), 4, "wrong-type", "$.action.type: "),
        (SIGNED, (1,), [], "wrong-type", "$.action: found an array of 0, expected a map"),
        (SIGNED, (1, 1), True, "wrong-type", "$.action.asset: found true, expected an integer"),
        (SIGNED, (1, 1), b"\x00", "wrong-type", "$.action.asset: found 1 bytes"),
        (SIGNED, (1, 1), {}, "wrong-type", "$.action.asset: found a map of 0"),
        (SIGNED, (1, 1), 2**32, "out-of-range", "$.payload.action.asset: "),
        (SIGNED, (1, 2), 1, "wrong-type", "$.action.isCross: "),
        (SIGNED, (1, 3), "10", "wrong-type", "$.payload.action.leverage: "),
        (SIGNED, (1, 3), True, "wrong-type", "$.action.leverage: "),
        (SIGNED, (1, 3), 0, "out-of-range", "$.payload.action.leverage: "),
        (SIGNED, (2,), 2**53, "out-of-range", "$.payload.nonce: "),
        (SIGNED, (2,), -1, "out-of-range", "$.payload.nonce: "),
        (SIGNED, (3,), 2**64 - 1, "out-of-range", "$.payload.expiresAfter: "),
        (SIGNED, (4,), bytes(19), "wrong-type", "$.vaultAddress: found 19 bytes, expected an address"),
        (SIGNED, (4,), "0x" + "00" * 20, "wrong-type", "$.vaultAddress: "),
        (SIGNED, (6,), bytes(64), "wrong-type", "$.signature: found 64 bytes"),
        (SIGNED, (6,), bytes(65), "out-of-range", "$.payload.signature.v: "),
        (REQUEST, (8,), "x" * 501, "too-long", "$.note: "),
        (REQUEST, (8,), b"x", "wrong-type", "$.note: "),
        (REQUEST, (7, 1), 0, "out-of-range", "$.current.leverage: "),
        (REQUEST, (6, 4), 3, "wrong-type", "$.market.marginMode: "),
        (ENTRY, (0,), None, "missing-key", "network"),
        (ENTRY, (2,), "x" * 65, "too-long", "$.coin: "),
        (TABLE, (2,), {}, "wrong-type", "$.entries: found a map of 0, expected an array"),
        (TABLE, (2, 0), [], "wrong-type", "$.entries[0]: "),
        (TABLE, (2, 0, 0), 0, "market-network", "$.entries[0]: "),
        (TABLE, (2, 1, 1), 3, "market-duplicate", "$.entries[1]: "),
    ],
)  # fmt: skip
def test_one_wrong_thing(vector, path, to, code, place):
    error = refusal(vector["type"], changed(vector, *path, to=to))
    assert error.code == code
    assert place in error.message


def test_the_decimal_of_a_top_up_is_no_integer():
    vector = BY_NAME["signed: topUpIsolatedOnlyMargin, vault, expiry"]
    assert refusal("cl-signed", changed(vector, 1, 3, to=2)).code == "wrong-type"
    assert refusal("cl-signed", changed(vector, 1, 3, to="2.50")).code == "bad-decimal"


@pytest.mark.parametrize(
    ("path", "to"),
    [((2, 0, 0), 1), ((2, 0, 6), 1795340000000), ((2, 1, 1), 2)],
    ids=["network repeated", "time repeated", "not ascending"],
)
def test_a_table_has_one_spelling(path, to):
    assert refusal("cl-market", changed(TABLE, *path, to=to)).code == "cbor-not-canonical"


def test_an_inconsistent_table_is_not_made_consistent():
    entry = message_of(ENTRY)
    table = MarketTable(message_of(TABLE).network, entry.time, {0: entry})
    assert refusal(*encode(table)).code == "market-network"


def test_a_market_entry_of_another_market_breaks_a_rule():
    value = changed(REQUEST, 6, 1, to=5)
    with pytest.raises(RuleRefused) as caught:
        decode("cl-request", cbor2.dumps(value, canonical=True))
    assert caught.value.code == "market-mismatch"
    assert caught.value.message.startswith("QR: $.market")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_bytes_after_the_end_and_missing_ones(vector):
    data = bytes.fromhex(vector["cbor"])
    assert refusal(vector["type"], data + b"\x00").code == "cbor-malformed"
    for end in range(0, len(data), 7):
        assert refusal(vector["type"], data[:end]).code == "cbor-malformed"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("cl-request", "an unsigned request"),
        ("cl-requests", "a batch of unsigned requests"),
        ("cl-signed", "a signed payload"),
        ("cl-signed-batch", "a batch of signed payloads"),
        ("cl-market", "a market table"),
        ("cl-market-entry", "a market entry"),
        ("eth-sign-request", "an Ethereum wallet's request for a signature (`eth-sign-request`)"),
        ("eth-signature", "an Ethereum wallet's signature (`eth-signature`)"),
        ("crypto-psbt", "a Bitcoin transaction (`crypto-psbt`)"),
        ("psbt", "a Bitcoin transaction (`psbt`)"),
        ("crypto-hdkey", "a wallet's key (`crypto-hdkey`)"),
        ("hdkey", "a wallet's key (`hdkey`)"),
        ("crypto-account", "a Bitcoin wallet's account (`crypto-account`)"),
        ("bytes", "bytes without a type (`bytes`)"),
        ("weather", "a `weather`"),
        ("\x1b[2J", "a `\\u{001b}[2J`"),
    ],
)
def test_types_have_words(kind, words):
    assert describe_type(kind) == words


def test_a_foreign_type_is_named():
    error = refusal("eth-sign-request", b"\x00")
    assert error.code == "unknown-type"
    assert "found an Ethereum wallet's request for a signature" in error.message
    assert "a signed payload" in error.message
