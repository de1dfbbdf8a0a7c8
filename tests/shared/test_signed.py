"""Signed payloads: the envelope, the bare body, and what `verify` finds."""

import json
from dataclasses import replace

import pytest

from coldlever.shared.action.address import parse_address
from coldlever.shared.action.network import Network
from coldlever.shared.action.signature import CURVE_ORDER, Signature
from coldlever.shared.message.signed import SignedPayload, load_signed, verify

OTHER = parse_address("0x" + "ab" * 20)


def load(wire, network=None):
    return load_signed(json.dumps(wire).encode(), "s.json", network)


def test_an_envelope_is_read_back_as_it_was_written(payload):
    file = load(payload.to_wire())
    assert file.payloads == (payload,)
    assert not file.is_batch
    assert verify(file.payloads[0]) == payload.signer


def test_a_batch_keeps_its_order(payload, key):
    signable = replace(payload.signable, nonce=7)
    second = SignedPayload(
        signable, key.sign(signable.digest()), key.address, signable.action_hash()
    )
    file = load([second.to_wire(), payload.to_wire()])
    assert file.is_batch
    assert file.payloads == (second, payload)


def test_the_body_is_compact_and_has_every_key(payload):
    body = payload.body()
    assert b" " not in body
    assert json.loads(body) == payload.to_wire()["payload"]
    assert list(json.loads(body)) == [
        "action",
        "nonce",
        "signature",
        "vaultAddress",
        "expiresAfter",
    ]


def test_a_bare_body_claims_nobody(payload):
    bare = load(payload.body_wire(), Network.MAINNET).payloads[0]
    assert bare == replace(payload, signer=None, claimed_hash=None)
    assert verify(bare) == payload.signer
    assert bare.recovered_signer() == payload.signer
    assert bare.to_wire() == payload.to_wire()


def test_a_bare_body_needs_the_network_from_outside(payload, refusal):
    error = refusal(load, payload.body_wire())
    assert error.code == "network-missing"
    assert "--network" in error.remedy


def test_a_bare_body_for_the_other_network_recovers_somebody_else(payload, refusal):
    bare = load(payload.body_wire(), Network.TESTNET).payloads[0]
    assert verify(bare) != payload.signer
    assert refusal(verify, bare, payload.signer).code == "signer-mismatch"


def test_the_option_must_agree_with_the_envelope(payload, refusal):
    assert load(payload.to_wire(), Network.MAINNET).payloads == (payload,)
    error = refusal(load, payload.to_wire(), Network.TESTNET)
    assert (error.code, error.exit_status) == ("network-mismatch", 4)


def test_optional_keys_of_the_body_may_be_absent(payload, key):
    signable = replace(payload.signable, vault=None, expires_after=None)
    signed = SignedPayload(
        signable, key.sign(signable.digest()), key.address, signable.action_hash()
    )
    wire = signed.to_wire()
    for optional in ("vaultAddress", "expiresAfter"):
        del wire["payload"][optional]
    assert load(wire).payloads == (signed,)


def test_an_empty_batch_is_refused(refusal):
    assert refusal(load, []).code == "empty-batch"


@pytest.mark.parametrize("wire", [None, 5, "x", [[]], {}, {"network": "mainnet"}, [None]])
def test_what_is_not_signed_is_refused_as_such(wire, refusal):
    error = refusal(load, wire)
    assert error.code == "not-signed"
    assert "expected a signed payload" in error.message


def test_an_unsigned_request_is_named(request_wire, refusal):
    error = refusal(load, request_wire)
    assert error.code == "not-signed"
    assert "found an unsigned request" in error.message


@pytest.mark.parametrize("kind", ["coldlever/market", "coldlever/Signed", 5, None, {}])
def test_another_kind_of_document_is_refused(kind, payload, refusal):
    error = refusal(load, {**payload.to_wire(), "kind": kind})
    assert error.code == "not-signed"
    assert 'expected one of kind "coldlever/signed"' in error.message


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"version": 2}, "out-of-range", "$.version"),
        ({"version": True}, "wrong-type", "$.version"),
        ({"network": "main"}, "unknown-value", "$.network"),
        ({"signer": None}, "wrong-type", "$.signer"),
        ({"actionHash": "0x12"}, "bad-hex", "$.actionHash"),
        ({"payload": []}, "wrong-type", "$.payload"),
        ({"approvals": None}, "wrong-type", "$.approvals"),
        ({"approvals": [{}]}, "missing-key", "$.approvals[0]"),
        ({"more": 1}, "unknown-key", "$"),
    ],
)
def test_a_malformed_envelope_is_refused_by_its_path(change, code, path, payload, refusal):
    error = refusal(load, {**payload.to_wire(), **change})
    assert (error.code, error.exit_status) == (code, 3)
    assert error.message.startswith(f"s.json: {path}: found ")


@pytest.mark.parametrize("part", ["action", "nonce", "signature"])
def test_a_body_without_one_of_its_parts_is_refused(part, payload, refusal):
    wire = payload.to_wire()
    del wire["payload"][part]
    error = refusal(load, wire)
    assert error.code == "missing-key"
    assert f'$.payload: found no key "{part}"' in error.message


def test_a_body_with_a_network_in_it_is_refused(payload, refusal):
    wire = {**payload.body_wire(), "network": "mainnet"}
    assert refusal(load, wire, Network.MAINNET).code == "unknown-key"


def test_without_a_signature_there_is_nothing_to_read(refusal):
    assert refusal(load, {}, Network.MAINNET).code == "missing-key"


def test_a_claimed_hash_that_does_not_fit_is_refused(payload, refusal):
    error = refusal(verify, replace(payload, claimed_hash=bytes(32)))
    assert (error.code, error.exit_status) == ("action-hash-mismatch", 4)


def test_an_upper_half_s_is_refused_although_it_recovers(payload, refusal):
    signature = payload.signature
    twin = Signature(signature.r, CURVE_ORDER - signature.s, 55 - signature.v)
    assert refusal(verify, replace(payload, signature=twin)).code == "signature-not-canonical"


def test_a_signature_that_no_key_can_have_made_is_refused(payload, refusal):
    assert (
        refusal(verify, replace(payload, signature=Signature(5, 1, 27))).code == "signature-invalid"
    )


def test_another_signer_than_claimed_or_expected_is_refused(payload, refusal):
    assert refusal(verify, replace(payload, signer=OTHER)).code == "signer-mismatch"
    assert refusal(verify, payload, OTHER).code == "signer-mismatch"
    assert verify(payload, payload.signer) == payload.signer
