"""Signatures: their wire form, their range, and whose they are."""

import hashlib
import json

import pytest

from coldlever.shared.action.address import Address
from coldlever.shared.action.keccak import keccak256
from coldlever.shared.action.signature import CURVE_ORDER, Signature, parse_signature, recover
from coldlever.shared.errors import RuleRefused
from coldlever.signer.key.signing_key import SigningKey

DIGEST = hashlib.sha256(b"digest").digest()
GOOD = {"r": "0x" + "1" * 64, "s": "0x" + "2" * 64, "v": 27}


def test_leading_zeros_may_be_missing_and_are_written_again(where):
    short = parse_signature({"r": "0x1", "s": "0x0a2", "v": 28}, where)
    assert short == Signature(1, 0xA2, 28)
    assert short.to_wire() == {"r": f"0x{1:064x}", "s": f"0x{0xA2:064x}", "v": 28}
    assert parse_signature(short.to_wire(), where) == short


@pytest.mark.parametrize("key", ["r", "s"])
@pytest.mark.parametrize(
    "value",
    ["", "0x", "0x" + "1" * 65, "0xG1", "0xAB", "AB", "0Xab", 1, None, "-0x1", "0x1_0", "0x1\n"],
)
def test_r_and_s_of_another_form_are_refused(key, value, where, refusal):
    error = refusal(parse_signature, {**GOOD, key: value}, where)
    assert error.code == "bad-hex"
    assert f"$.{key}: found " in error.message


@pytest.mark.parametrize("value", [0, 1, 26, 29, 2**70])
def test_v_is_27_or_28(value, where, refusal):
    assert refusal(parse_signature, {**GOOD, "v": value}, where).code == "out-of-range"


def test_a_signature_has_three_parts(where, refusal):
    assert refusal(parse_signature, {"r": "0x1", "s": "0x1"}, where).code == "missing-key"
    assert refusal(parse_signature, {**GOOD, "y": 0}, where).code == "unknown-key"
    assert refusal(parse_signature, "0x12", where).code == "wrong-type"


@pytest.mark.parametrize(
    ("r", "s", "v", "canonical"),
    [
        (1, 1, 27, True),
        (CURVE_ORDER - 1, CURVE_ORDER // 2, 28, True),
        (0, 1, 27, False),
        (1, 0, 27, False),
        (CURVE_ORDER, 1, 27, False),
        (1, CURVE_ORDER // 2 + 1, 27, False),
        (1, 1, 26, False),
        (1, 1, 29, False),
    ],
)
def test_canonical_is_in_range_with_the_lower_s(r, s, v, canonical):
    assert Signature(r, s, v).is_canonical is canonical


def test_a_signature_of_ours_is_canonical_deterministic_and_recovers_its_key(key):
    signature = key.sign(DIGEST)
    assert signature.is_canonical
    assert signature == SigningKey(b"\x01" * 32).sign(DIGEST)
    assert recover(DIGEST, signature) == key.address


@pytest.mark.parametrize(
    "signature",
    [
        Signature(0, 1, 27),
        Signature(1, 0, 27),
        Signature(CURVE_ORDER, 1, 27),
        Signature(1, CURVE_ORDER, 28),
        Signature(2**256, 1, 27),
        Signature(-1, 1, 27),
        Signature(5, 1, 27),  # 5 is no x coordinate of the curve
        Signature(1, 1, 26),
        Signature(1, 1, 300),
    ],
)
def test_an_impossible_signature_is_refused(signature, refusal):
    error = refusal(recover, DIGEST, signature)
    assert error.code == "signature-invalid"
    assert error.exit_status == 4


def test_the_other_half_of_s_recovers_the_same_key_and_is_not_canonical(key):
    signature = key.sign(DIGEST)
    twin = Signature(signature.r, CURVE_ORDER - signature.s, 55 - signature.v)
    assert recover(DIGEST, twin) == key.address
    assert not twin.is_canonical


@pytest.mark.parametrize(
    "secret",
    [b"", bytes(32), b"\x01" * 31, b"\x01" * 33, CURVE_ORDER.to_bytes(32, "big"), b"\xff" * 32],
)
def test_what_is_no_private_key_is_refused_without_being_repeated(secret, refusal):
    error = refusal(SigningKey, secret)
    assert error.code == "bad-private-key"
    assert not secret or secret.hex() not in error.message


def test_a_key_shows_its_address_and_never_itself(key):
    assert repr(key) == "SigningKey(0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1)"
    assert "01010101" not in f"{key!r}{key!s}"


def test_two_wycheproof_signatures_have_an_r_too_large_for_v_27_and_28(reference_vectors):
    """Their r was reduced by the curve order; no v of the exchange's recovers their key."""
    path = reference_vectors / "wycheproof" / "ecdsa_secp256k1_sha256_p1363_test.json"
    found = 0
    for group in json.loads(path.read_text("utf-8"))["testGroups"]:
        owner = Address(keccak256(bytes.fromhex(group["publicKey"]["uncompressed"])[1:])[12:])
        for test in group["tests"]:
            if test["tcId"] not in {115, 247}:
                continue
            found += 1
            raw = bytes.fromhex(test["sig"])
            r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
            digest = hashlib.sha256(bytes.fromhex(test["msg"])).digest()
            assert owner not in {recovered(digest, Signature(r, s, v)) for v in (27, 28)}
    assert found == 2


def recovered(digest, signature):
    try:
        return recover(digest, signature)
    except RuleRefused:
        return None
