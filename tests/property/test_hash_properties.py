"""Hash, digest and signature against the exchange's official SDK as the oracle."""

import json
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak
from hyperliquid.utils import signing as sdk
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coldlever.shared.action.actions import (
    TopUpIsolatedOnlyMargin,
    UpdateIsolatedMargin,
    UpdateLeverage,
    parse_action,
)
from coldlever.shared.action.address import Address, parse_address
from coldlever.shared.action.hashing import hash_wire_action
from coldlever.shared.action.network import Network
from coldlever.shared.action.signable import Signable
from coldlever.shared.action.signature import CURVE_ORDER, recover
from coldlever.shared.action.time_rules import NONCE_PAST_MS
from coldlever.shared.reading.fields import SAFE_INTEGER_MAX, U32_MAX, Where
from coldlever.signer.key.signing_key import SigningKey

VECTORS = json.loads(
    (Path(__file__).resolve().parents[1] / "vectors" / "core.json").read_text("utf-8")
)

# Both sides of every length that msgpack knows, beside numbers of all sizes.
EDGES = [2**power + step for power in (5, 7, 8, 15, 16, 31, 32) for step in (-1, 0)]
U32 = st.integers(0, U32_MAX) | st.sampled_from([n for n in EDGES if n <= U32_MAX])
MULTIPLES = st.integers(1, U32_MAX) | st.integers(1, 60)
AMOUNTS = st.one_of(
    st.integers(-SAFE_INTEGER_MAX, SAFE_INTEGER_MAX).filter(bool),
    st.sampled_from(EDGES + [-edge for edge in EDGES]),
)
DECIMALS = st.decimals("0.001", 9_999_999, places=3).map(
    lambda number: f"{number:f}".rstrip("0").rstrip(".")
)
ACTIONS = st.one_of(
    st.builds(UpdateLeverage, U32, st.booleans(), MULTIPLES),
    st.builds(UpdateIsolatedMargin, U32, st.booleans(), AMOUNTS),
    st.builds(TopUpIsolatedOnlyMargin, U32, DECIMALS),
)
SIGNABLES = st.builds(
    Signable,
    st.sampled_from(Network),
    ACTIONS,
    st.integers(0, SAFE_INTEGER_MAX),
    st.none() | st.builds(Address, st.binary(min_size=20, max_size=20)),
    st.none() | st.integers(0, SAFE_INTEGER_MAX + NONCE_PAST_MS),
)
SECRETS = st.integers(1, CURVE_ORDER - 1).map(lambda number: number.to_bytes(32, "big"))


def sdk_hash(signable):
    return sdk.action_hash(
        signable.action.to_wire(),
        None if signable.vault is None else signable.vault.lower,
        signable.nonce,
        signable.expires_after,
    )


def sdk_digest(signable):
    is_mainnet = signable.network is Network.MAINNET
    agent = sdk.construct_phantom_agent(sdk_hash(signable), is_mainnet)
    message = encode_typed_data(full_message=sdk.l1_payload(agent))
    return keccak(b"\x19" + message.version + message.header + message.body)


def sdk_signature(signable, secret):
    """The SDK drops leading zeros of r and s, so they are compared as numbers."""
    signed = sdk.sign_l1_action(
        Account.from_key(secret),
        signable.action.to_wire(),
        None if signable.vault is None else signable.vault.lower,
        signable.nonce,
        signable.expires_after,
        signable.network is Network.MAINNET,
    )
    return int(signed["r"], 16), int(signed["s"], 16), signed["v"]


@given(signable=SIGNABLES)
@example(Signable(Network.MAINNET, UpdateLeverage(0, True, 1), 0, None, 0))
@settings(deadline=None, max_examples=300)
def test_the_action_hash_is_the_sdks(signable):
    assert signable.action_hash() == sdk_hash(signable)


@given(signable=SIGNABLES)
@settings(deadline=None, max_examples=100)
def test_the_digest_is_the_sdks(signable):
    assert signable.digest() == sdk_digest(signable)


@given(signable=SIGNABLES, secret=SECRETS)
@example(Signable(Network.TESTNET, UpdateLeverage(3, False, 5), 7, None, None), bytes(31) + b"\x01")
@settings(deadline=None, max_examples=60)
def test_the_signature_is_the_sdks_and_recovers_its_key(signable, secret):
    key = SigningKey(secret)
    signature = key.sign(signable.digest())
    assert (signature.r, signature.s, signature.v) == sdk_signature(signable, secret)
    assert signature.is_canonical
    assert recover(signable.digest(), signature) == key.address
    assert key.address.checksummed == Account.from_key(secret).address


@given(one=SIGNABLES, other=SIGNABLES)
@settings(deadline=None, max_examples=100)
def test_equal_digests_come_from_equal_contents_alone(one, other):
    assert (one.digest() == other.digest()) is (one == other)


@given(signable=SIGNABLES, order=st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=100)
def test_a_file_may_list_the_keys_of_an_action_in_any_order(signable, order):
    pairs = list(signable.action.to_wire().items())
    order.shuffle(pairs)
    assert parse_action(dict(pairs), Where("f")) == signable.action


def vector_signable(case):
    vault = case["vaultAddress"]
    return Signable(
        Network(case["network"]),
        parse_action(case["action"], Where("vector")),
        case["nonce"],
        None if vault is None else parse_address(vault),
        case["expiresAfter"],
    )


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["about"])
def test_an_edge_case_has_the_hash_digest_and_signature_it_was_published_with(case):
    signable = vector_signable(case)
    assert "0x" + signable.action_hash().hex() == case["actionHash"]
    assert "0x" + signable.digest().hex() == case["digest"]
    signature = SigningKey(bytes.fromhex(VECTORS["privateKey"][2:])).sign(signable.digest())
    assert signature.to_wire() == case["signature"]
    assert recover(signable.digest(), signature) == parse_address(VECTORS["signer"])
    wire_hash = hash_wire_action(
        case["action"], signable.nonce, signable.vault, signable.expires_after
    )
    assert wire_hash == signable.action_hash()


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["about"])
def test_the_sdk_agrees_with_an_edge_case(case):
    signable = vector_signable(case)
    wanted = case["signature"]
    assert "0x" + sdk_hash(signable).hex() == case["actionHash"]
    assert "0x" + sdk_digest(signable).hex() == case["digest"]
    assert sdk_signature(signable, VECTORS["privateKey"]) == (
        int(wanted["r"], 16),
        int(wanted["s"], 16),
        wanted["v"],
    )
