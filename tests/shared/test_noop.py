"""The noop that revokes: its hash, what may stand beside it, and what a person reads."""

import json

import eth_account
import pytest
from hyperliquid.utils.signing import sign_l1_action

from coldlever.shared.action.actions import Noop
from coldlever.shared.action.network import Network
from coldlever.shared.action.signable import Signable
from coldlever.shared.action.what import What
from coldlever.shared.message.check_words import check_words
from coldlever.shared.message.lines import review_lines
from coldlever.shared.message.request import Defaults, load_requests
from coldlever.shared.message.review import review
from coldlever.shared.message.signed import SignedPayload, load_signed, verify

NONCE = 1_795_340_000_000
VAULT = "0x1719884eb866cb12b2287399b15f7db5e7d775ea"
SIGNER = "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1"
KILLS = {
    "action": {"type": "updateLeverage", "asset": 0, "isCross": True, "leverage": 10},
    "expiresAfter": NONCE + 3_600_000,
    "vaultAddress": VAULT,
}


@pytest.fixture
def wire():
    return {
        "network": "mainnet",
        "action": {"type": "noop"},
        "nonce": NONCE,
        "expiresAfter": None,
        "vaultAddress": None,
        "signer": SIGNER,
    }


def load(wire):
    (request,) = load_requests(json.dumps(wire).encode(), "f", Defaults()).requests
    return request


@pytest.mark.parametrize("network", Network)
def test_the_official_sdk_signs_the_same_bytes(key, network):
    signable = Signable(network, Noop(), NONCE, None, None)
    ours = key.sign(signable.digest()).to_wire()
    wallet = eth_account.Account.from_key(b"\x01" * 32)
    is_mainnet = network is Network.MAINNET
    theirs = sign_l1_action(wallet, {"type": "noop"}, None, NONCE, None, is_mainnet)
    assert (int(ours["r"], 16), int(ours["s"], 16), ours["v"]) == (
        int(theirs["r"], 16),
        int(theirs["s"], 16),
        theirs["v"],
    )


def test_a_revocation_reads_back_as_it_was_written(wire):
    for one in (wire, {**wire, "kills": KILLS}):
        request = load(one)
        assert request.to_wire() == one
        assert request.signable.what is What.REVOCATION
    assert load({**wire, "kills": None}) == load(wire)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vaultAddress", VAULT),
        ("expiresAfter", NONCE + 1),
        ("account", SIGNER),
        ("current", {"isCross": True, "leverage": 3}),
        ("position", {"size": "1"}),
        ("market", {"network": "mainnet"}),
    ],
)
def test_nothing_else_stands_beside_a_noop(wire, refusal, name, value):
    error = refusal(load, {**wire, name: value})
    assert (error.code, error.exit_status) == ("not-for-noop", 3)
    assert f"$.{name}: " in error.message


@pytest.mark.parametrize("name", ["vaultAddress", "expiresAfter"])
def test_a_signed_noop_with_vault_or_expiry_is_refused(refusal, name):
    body = {
        "action": {"type": "noop"},
        "nonce": NONCE,
        "signature": {"r": "0x1", "s": "0x1", "v": 27},
        name: VAULT if name == "vaultAddress" else NONCE,
    }
    assert refusal(load_signed, json.dumps(body).encode(), "f", Network.MAINNET).code == (
        "not-for-noop"
    )


def test_a_bare_noop_is_refused_because_it_names_no_nonce(refusal):
    defaults = Defaults(Network.MAINNET, NONCE)
    assert refusal(load_requests, b'{"type": "noop"}', "f", defaults).code == "not-for-noop"


def test_only_a_noop_kills_and_never_another_noop(wire, refusal):
    other = {**wire, "action": KILLS["action"], "kills": KILLS}
    assert refusal(load, other).code == "only-for-noop"
    assert refusal(load, {**wire, "kills": {"action": {"type": "noop"}}}).code == "not-for-noop"
    assert refusal(load, {**wire, "kills": {"action": KILLS["action"], "nonce": 5}}).code == (
        "unknown-key"
    )


def test_a_noop_has_its_type_alone(wire, refusal):
    assert refusal(load, {**wire, "action": {"type": "noop", "asset": 0}}).code == "unknown-key"


def text_of(*reviews):
    return "\n".join(line.text for line in review_lines(reviews))


def test_the_review_says_whose_nonce_it_kills_and_what_that_was_as_drafted(wire):
    shown = review(load({**wire, "kills": KILLS}))
    text = text_of(shown)
    assert f"kills nonce {NONCE} of {SIGNER}, and changes nothing (noop)" in text
    assert "BTC = asset 0 (in coldlever's table): set leverage to cross 10x" in text
    assert f"for the vault or sub-account {VAULT}".lower() in text.lower()
    assert "(as drafted, not signed)" in text
    assert shown.market is None
    assert shown.cautions == ()


def test_what_the_machine_has_signed_is_shown_instead_of_what_was_drafted(wire):
    text = text_of(review(load({**wire, "kills": KILLS}), signed_before="ETH: set it to 3x"))
    assert "ETH: set it to 3x (signed on this machine)" in text
    assert "as drafted" not in text


def test_a_batch_counts_what_it_kills(wire):
    reviews = [review(load({**wire, "nonce": NONCE + step, "kills": KILLS})) for step in range(2)]
    text = text_of(*reviews)
    assert "2 kill a nonce each and change nothing" in text
    assert "kills BTC = asset 0" in text


def test_every_revocation_has_words_of_its_own(wire):
    words = {
        check_words((review(load({**wire, "nonce": NONCE + step})).subject,)) for step in (0, 1)
    }
    assert len(words) == 2


def test_what_is_said_to_be_killed_changes_nothing_that_is_signed(wire):
    assert load({**wire, "kills": KILLS}).signable == load(wire).signable


def test_a_signed_revocation_verifies(key):
    signable = Signable(Network.MAINNET, Noop(), NONCE, None, None)
    payload = SignedPayload(
        signable, key.sign(signable.digest()), key.address, signable.action_hash()
    )
    (read,) = load_signed(json.dumps(payload.to_wire()).encode(), "f").payloads
    assert read == payload
    assert verify(read) == key.address
