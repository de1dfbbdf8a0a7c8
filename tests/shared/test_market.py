"""Market entries and tables."""

import pytest

from coldlever.shared.action.actions import (
    TopUpIsolatedOnlyMargin,
    UpdateIsolatedMargin,
    UpdateLeverage,
)
from coldlever.shared.action.market import (
    MarginMode,
    describe_kind,
    parse_market_entry,
    parse_market_table,
    parse_network,
    require_fitting,
    venue_objections,
)
from coldlever.shared.action.network import Network
from coldlever.shared.reading.fields import Where

ATTESTATION = {"keyId": "0x" + "00" * 8, "signature": "0x" + "00" * 64}


@pytest.fixture
def entry(market_wire, where):
    return parse_market_entry(market_wire, where)


@pytest.fixture
def table_wire(market_wire):
    return {
        "kind": "coldlever/market",
        "version": 1,
        "network": "mainnet",
        "time": 5,
        "entries": [{**market_wire, "asset": 1, "coin": "ETH"}, market_wire],
    }


def test_an_entry_is_read_and_written_again(entry, market_wire):
    assert entry.coin == "BTC"
    assert entry.margin_mode is MarginMode.NORMAL
    assert entry.to_wire() == market_wire


@pytest.mark.parametrize("mode", ["normal", "noCross", "strictIsolated"])
def test_every_margin_mode_is_known(mode, market_wire, where):
    assert parse_market_entry({**market_wire, "marginMode": mode}, where).margin_mode.value == mode


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"network": "x"}, "unknown-value", "$.network"),
        ({"asset": 2**32}, "out-of-range", "$.asset"),
        ({"coin": 5}, "wrong-type", "$.coin"),
        ({"coin": "x" * 65}, "too-long", "$.coin"),
        ({"maxLeverage": 0}, "out-of-range", "$.maxLeverage"),
        ({"marginMode": "cross"}, "unknown-value", "$.marginMode"),
        ({"delisted": None}, "wrong-type", "$.delisted"),
        ({"time": -1}, "out-of-range", "$.time"),
        ({"szDecimals": 5}, "unknown-key", "$"),
    ],
)
def test_a_malformed_entry_is_refused_by_its_path(change, code, path, market_wire, refusal):
    error = refusal(parse_market_entry, {**market_wire, **change}, Where("file.json"))
    assert error.code == code
    assert error.message.startswith(f"file.json: {path}: found ")


def test_a_table_is_read_by_asset_and_written_in_order(table_wire, where):
    table = parse_market_table(table_wire, where)
    assert {asset: entry.coin for asset, entry in table.entries.items()} == {0: "BTC", 1: "ETH"}
    assert table.to_wire() == {**table_wire, "entries": table_wire["entries"][::-1]}


def test_a_table_may_be_empty(table_wire, where):
    assert parse_market_table({**table_wire, "entries": []}, where).entries == {}


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"kind": "coldlever/signed"}, "unknown-value", "$.kind"),
        ({"version": 2}, "out-of-range", "$.version"),
        ({"network": None}, "wrong-type", "$.network"),
        ({"time": "5"}, "wrong-type", "$.time"),
        ({"entries": {}}, "wrong-type", "$.entries"),
        ({"entries": [5]}, "wrong-type", "$.entries[0]"),
        ({"network": "testnet"}, "market-network", "$.entries[0]"),
        ({"attestation": None}, "unknown-key", "$"),
        ({"entries": [], "attestations": [ATTESTATION]}, "wrong-length", "$.attestations"),
    ],
)
def test_a_malformed_table_is_refused_by_its_path(change, code, path, table_wire, refusal):
    error = refusal(parse_market_table, {**table_wire, **change}, Where("file.json"))
    assert error.code == code
    assert error.message.startswith(f"file.json: {path}: found ")


def test_an_asset_listed_twice_is_refused(table_wire, market_wire, where, refusal):
    table_wire["entries"].append({**market_wire, "coin": "DOGE"})
    error = refusal(parse_market_table, table_wire, where)
    assert error.code == "market-duplicate"
    assert "$.entries[2]: found asset 0 twice" in error.message


def test_an_entry_must_fit_network_and_asset(entry, refusal):
    require_fitting(entry, Network.MAINNET, UpdateLeverage(0, True, 10))
    for network, asset in ((Network.TESTNET, 0), (Network.MAINNET, 1)):
        error = refusal(require_fitting, entry, network, UpdateLeverage(asset, True, 10))
        assert (error.code, error.exit_status) == ("market-mismatch", 4)
        assert f"for asset {asset} on {network.value}" in error.message


@pytest.mark.parametrize(
    ("change", "action", "objections"),
    [
        ({}, UpdateLeverage(0, True, 40), []),
        ({}, UpdateLeverage(0, True, 41), ["above this market's maximum of 40x"]),
        ({"marginMode": "noCross"}, UpdateLeverage(0, True, 5), ["does not allow cross"]),
        ({"marginMode": "strictIsolated"}, UpdateLeverage(0, True, 5), ["does not allow cross"]),
        ({"marginMode": "noCross"}, UpdateLeverage(0, False, 5), []),
        ({"delisted": True}, UpdateLeverage(0, False, 99), ["delisted", "above this"]),
        ({"delisted": True}, UpdateIsolatedMargin(0, True, 5), ["delisted"]),
        ({}, TopUpIsolatedOnlyMargin(0, "99"), []),
    ],
)
def test_what_the_exchange_will_refuse_is_foreseen(change, action, objections, market_wire, where):
    found = venue_objections(parse_market_entry({**market_wire, **change}, where), action)
    assert len(found) == len(objections)
    assert all(words in sentence for words, sentence in zip(objections, found, strict=True))


def test_networks_are_two_words(where, refusal):
    assert parse_network("testnet", where) is Network.TESTNET
    assert refusal(parse_network, "TESTNET", where).code == "unknown-value"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"kind": "a\x1b"}, 'a document of kind "a\\u{001b}"'),
        ({"kind": 5}, "an object"),
        ({}, "an object"),
        ([], "an array of 0"),
    ],
)
def test_a_document_is_named_by_its_kind(value, words):
    assert describe_kind(value) == words
