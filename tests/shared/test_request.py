"""Unsigned requests in their three spellings, and batches of them."""

import json
from dataclasses import replace

import pytest

from coldlever.shared.action.actions import UpdateLeverage
from coldlever.shared.action.address import parse_address
from coldlever.shared.action.network import Network
from coldlever.shared.action.setting import Setting
from coldlever.shared.action.signable import Signable
from coldlever.shared.action.time_rules import NONCE_PAST_MS
from coldlever.shared.message.request import Defaults, Request, load_requests
from coldlever.shared.reading.fields import SAFE_INTEGER_MAX

NOW = 1_795_340_000_000
MAINNET = Defaults(Network.MAINNET, NOW)
VAULT = "0x1719884eb866cb12b2287399b15f7db5e7d775ea"
SIGNER = "0x1a642f0E3c3aF545E7AcBD38b07251B3990914F1"


def load(wire, defaults=Defaults()):  # noqa: B008 - a frozen value
    return load_requests(json.dumps(wire).encode(), "r.json", defaults)


def load_one(wire, defaults=Defaults()):  # noqa: B008 - a frozen value
    file = load(wire, defaults)
    assert not file.is_batch
    return file.requests[0]


def test_a_full_request_is_read(request_wire):
    assert load_one(request_wire) == Request(
        Signable(Network.MAINNET, UpdateLeverage(0, True, 10), NOW, None, NOW + 3_600_000)
    )


def test_all_optional_parts_are_read_and_written_again(request_wire, market_wire):
    wire = {
        **request_wire,
        "vaultAddress": VAULT,
        "signer": SIGNER,
        "market": market_wire,
        "current": {"isCross": False, "leverage": 5},
        "note": "for the desk",
    }
    one = load_one(wire)
    assert one.signable.vault == parse_address(VAULT)
    assert one.signer == parse_address(SIGNER)
    assert one.market.coin == "BTC"
    assert str(one.current) == "isolated 5x"
    assert one.to_wire() == wire


def test_optional_parts_may_be_null(request_wire):
    empty = dict.fromkeys(("expiresAfter", "vaultAddress", "signer", "market", "current", "note"))
    one = load_one({**request_wire, **empty})
    assert one.signable.expires_after is None
    assert one == load_one({key: request_wire[key] for key in ("network", "action", "nonce")})


def test_the_exchanges_own_body_needs_the_network_from_outside(request_wire, refusal):
    body = {key: value for key, value in request_wire.items() if key != "network"}
    assert load_one(body, Defaults(Network.TESTNET)).signable.network is Network.TESTNET
    error = refusal(load, body)
    assert error.code == "network-missing"
    assert "--network" in error.remedy


def test_the_option_must_agree_with_the_request(request_wire, refusal):
    assert load_one(request_wire, MAINNET).signable.network is Network.MAINNET
    error = refusal(load, request_wire, Defaults(Network.TESTNET))
    assert (error.code, error.exit_status) == ("network-mismatch", 4)


def test_a_bare_action_takes_nonce_and_expiry_from_the_clock(action_wire):
    one = load_one(action_wire, replace(MAINNET, validity=60_000))
    assert one == Request(
        Signable(Network.MAINNET, UpdateLeverage(0, True, 10), NOW, None, NOW + 60_000)
    )


def test_bare_actions_of_a_batch_take_consecutive_nonces(action_wire):
    file = load([action_wire] * 3, MAINNET)
    assert file.is_batch
    assert [one.signable.nonce for one in file.requests] == [NOW, NOW + 1, NOW + 2]
    assert len({one.signable.expires_after for one in file.requests}) == 3


def test_a_bare_action_needs_a_network_and_a_clock(action_wire, refusal):
    assert refusal(load, action_wire, Defaults(now=NOW)).code == "network-missing"
    error = refusal(load, action_wire, Defaults(Network.MAINNET))
    assert error.code == "clock-missing"
    assert "--assume-time" in error.remedy


@pytest.mark.parametrize("now", [-1, SAFE_INTEGER_MAX, SAFE_INTEGER_MAX + 1])
def test_a_clock_that_leads_out_of_range_is_refused(now, action_wire, refusal):
    error = refusal(load, action_wire, Defaults(Network.MAINNET, now))
    assert (error.code, error.exit_status) == ("bad-time", 2)


def test_a_batch_keeps_its_order_and_mixes_spellings(request_wire, action_wire):
    file = load([request_wire, action_wire, {**request_wire, "nonce": 5}], MAINNET)
    assert file.is_batch
    assert [one.signable.nonce for one in file.requests] == [NOW, NOW + 1, 5]


def test_an_array_of_one_is_a_batch(request_wire):
    assert load([request_wire]).is_batch


def test_an_empty_batch_is_refused(refusal):
    assert refusal(load, []).code == "empty-batch"


def test_a_refusal_says_which_request_of_the_batch(request_wire, refusal):
    error = refusal(load, [request_wire, {**request_wire, "nonce": "5"}])
    assert error.message.startswith('r.json: $[1].nonce: found the string "5", expected an integer')


@pytest.mark.parametrize("wire", [None, 5, "x", True, 1.5, [[]], [None]])
def test_what_is_no_object_is_no_request(wire, refusal):
    error = refusal(load, wire)
    assert error.code == "not-a-request"
    assert "expected an unsigned request" in error.message


@pytest.mark.parametrize("kind", ["coldlever/signed", "coldlever/market", "x", 5, None])
def test_another_kind_of_document_is_named(kind, request_wire, refusal):
    error = refusal(load, {"kind": kind, **request_wire})
    assert error.code == "not-a-request"
    assert ('a document of kind "' in error.message) is isinstance(kind, str)


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"network": "Mainnet"}, "unknown-value", "$.network"),
        ({"network": None}, "wrong-type", "$.network"),
        ({"nonce": -1}, "out-of-range", "$.nonce"),
        ({"nonce": SAFE_INTEGER_MAX + 1}, "out-of-range", "$.nonce"),
        ({"nonce": 1.5}, "wrong-type", "$.nonce"),
        ({"nonce": None}, "wrong-type", "$.nonce"),
        ({"expiresAfter": "1"}, "wrong-type", "$.expiresAfter"),
        ({"expiresAfter": SAFE_INTEGER_MAX + 1}, "out-of-range", "$.expiresAfter"),
        ({"vaultAddress": "0x1"}, "bad-address", "$.vaultAddress"),
        ({"vaultAddress": 0}, "wrong-type", "$.vaultAddress"),
        ({"signer": SIGNER.replace("F1", "f1")}, "bad-address-checksum", "$.signer"),
        ({"action": None}, "wrong-type", "$.action"),
        ({"market": []}, "wrong-type", "$.market"),
        ({"current": {"isCross": True}}, "missing-key", "$.current"),
        ({"current": {"isCross": 1, "leverage": 5}}, "wrong-type", "$.current.isCross"),
        ({"current": {"isCross": True, "leverage": 0}}, "out-of-range", "$.current.leverage"),
        ({"note": 5}, "wrong-type", "$.note"),
        ({"note": "x" * 501}, "too-long", "$.note"),
        ({"signature": {}}, "unknown-key", "$"),
        ({"Nonce": 1}, "unknown-key", "$"),
    ],
)
def test_a_malformed_part_is_refused_by_its_path(change, code, path, request_wire, refusal):
    error = refusal(load, {**request_wire, **change})
    assert (error.code, error.exit_status) == (code, 3)
    assert error.message.startswith(f"r.json: {path}: ")


@pytest.mark.parametrize("key", ["action", "nonce"])
def test_a_missing_part_is_named(key, request_wire, refusal):
    del request_wire[key]
    error = refusal(load, request_wire)
    assert error.code == "missing-key"
    assert f'found no key "{key}"' in error.message


def test_the_latest_nonces_may_have_an_expiry_up_to_two_days_later(request_wire, refusal):
    wire = {**request_wire, "nonce": SAFE_INTEGER_MAX}
    latest = SAFE_INTEGER_MAX + NONCE_PAST_MS
    assert load_one({**wire, "expiresAfter": latest}).signable.expires_after == latest
    assert refusal(load, {**wire, "expiresAfter": latest + 1}).code == "out-of-range"


@pytest.mark.parametrize("change", [{"asset": 1}, {"network": "testnet"}])
def test_a_market_of_another_asset_or_network_is_refused(
    change, request_wire, market_wire, refusal
):
    error = refusal(load, [request_wire, {**request_wire, "market": {**market_wire, **change}}])
    assert (error.code, error.exit_status) == ("market-mismatch", 4)
    assert error.message.startswith("r.json: $[1].market: the market entry is for asset")


def test_a_setting_reads_as_people_say_it():
    assert str(Setting(is_cross=True, leverage=20)) == "cross 20x"
