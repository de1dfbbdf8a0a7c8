"""Action hash and digest, beside the reference vectors of test_reference_vectors.py."""

import json
from pathlib import Path

import msgpack
import pytest

from coldlever.shared.action.actions import UpdateIsolatedMargin, parse_action
from coldlever.shared.action.address import parse_address
from coldlever.shared.action.hashing import action_hash, agent_digest, hash_wire_action
from coldlever.shared.action.keccak import keccak256
from coldlever.shared.action.network import Network
from coldlever.shared.action.signable import Signable
from coldlever.shared.action.signature import recover
from coldlever.shared.reading.fields import Where
from coldlever.signer.key.signing_key import SigningKey

VECTORS = json.loads(
    (Path(__file__).resolve().parents[1] / "vectors" / "actions.json").read_text("utf-8")
)
VAULT = parse_address("0x1719884eb866cb12b2287399b15f7db5e7d775ea")


@pytest.mark.parametrize("case", VECTORS["cases"])
def test_a_vector_of_our_own_has_its_hash_digest_and_signature(case):
    vault = case["vaultAddress"]
    signable = Signable(
        Network(case["network"]),
        parse_action(case["action"], Where("vector")),
        case["nonce"],
        None if vault is None else parse_address(vault),
        case["expiresAfter"],
    )
    assert "0x" + signable.action_hash().hex() == case["actionHash"]
    assert "0x" + signable.digest().hex() == case["digest"]
    signature = SigningKey(bytes.fromhex(VECTORS["privateKey"][2:])).sign(signable.digest())
    assert signature.to_wire() == case["signature"]
    assert recover(signable.digest(), signature) == parse_address(VECTORS["signer"])


def test_keccak_is_ethereums_and_not_sha3():
    assert keccak256(b"").hex() == (
        "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    )


def test_the_hash_is_over_the_bytes_that_the_exchange_documents():
    action = {"type": "updateLeverage", "asset": 300, "isCross": True, "leverage": 5}
    packed = b"\x84\xa4type\xaeupdateLeverage\xa5asset\xcd\x01\x2c\xa7isCross\xc3\xa8leverage\x05"
    assert msgpack.packb(action) == packed
    nonce = bytes.fromhex("000001a2029a5b00")
    expiry = bytes.fromhex("000001a202d14980")
    numbers = (1_795_340_000_000, 1_795_343_600_000)
    assert hash_wire_action(action, numbers[0], None, None) == keccak256(packed + nonce + b"\x00")
    assert hash_wire_action(action, numbers[0], VAULT, None) == keccak256(
        packed + nonce + b"\x01" + VAULT.raw
    )
    assert hash_wire_action(action, *numbers[:1], None, numbers[1]) == keccak256(
        packed + nonce + b"\x00" + b"\x00" + expiry
    )
    assert hash_wire_action(action, numbers[0], VAULT, numbers[1]) == keccak256(
        packed + nonce + b"\x01" + VAULT.raw + b"\x00" + expiry
    )


@pytest.mark.parametrize(
    ("number", "encoded"),
    [
        (1, "01"), (127, "7f"), (128, "cc80"), (255, "ccff"), (256, "cd0100"), (65_535, "cdffff"),
        (65_536, "ce00010000"), (2**32 - 1, "ceffffffff"), (2**32, "cf0000000100000000"),
        (-1, "ff"), (-32, "e0"), (-33, "d0df"), (-128, "d080"), (-129, "d1ff7f"),
        (-32_768, "d18000"), (-32_769, "d2ffff7fff"), (-(2**31), "d280000000"),
        (-(2**31) - 1, "d3ffffffff7fffffff"),
    ],
)  # fmt: skip
def test_every_integer_takes_its_shortest_form(number, encoded):
    action = UpdateIsolatedMargin(0, is_buy=True, ntli=number)
    assert msgpack.packb(action.to_wire()).hex().endswith("a46e746c69" + encoded)
    assert action_hash(action, 1, None, None) == hash_wire_action(action.to_wire(), 1, None, None)


def test_the_order_of_keys_is_part_of_the_hash():
    wire = {"type": "updateLeverage", "asset": 0, "isCross": True, "leverage": 10}
    turned = dict(reversed(wire.items()))
    assert hash_wire_action(wire, 1, None, None) != hash_wire_action(turned, 1, None, None)


def test_the_networks_share_the_hash_and_not_the_digest(signable):
    mainnet = agent_digest(Network.MAINNET, signable.action_hash())
    testnet = agent_digest(Network.TESTNET, signable.action_hash())
    assert mainnet == signable.digest()
    assert mainnet != testnet


def test_the_networks_have_the_sources_that_the_exchange_expects():
    assert (Network.MAINNET.source, Network.TESTNET.source) == ("a", "b")
