"""Checks of market, leverage, margin mode and position; and odd answers of the exchange."""

from __future__ import annotations

import pytest

from coldlever.broadcaster.venue.client import Answer, ExchangeApi
from coldlever.shared.action.network import Network


@pytest.fixture
def found(desk):
    """Checks one payload; the findings by their code."""

    def check(action, **options) -> dict[str, dict]:
        shown = desk.check(desk.signed_file(action, **options))
        return {one["code"]: one for one in shown.document["checks"]}

    return check


@pytest.mark.parametrize(
    "asset",
    [
        201,
        999,
        9_999,
        100_000,
        109_999,
        110_001,
        150_000,
        99_999_999,
    ],
)
def test_an_asset_id_without_a_perpetual_market(found, action, asset):
    result = found(action.leverage(3, asset=asset))
    assert result["market"]["error"] == "unknown-market"
    for later in ("leverage", "margin-mode", "position", "change"):
        assert result[later]["ok"] is None


@pytest.mark.parametrize(
    ("asset", "kind"),
    [
        (10_000, "a spot pair"),
        (99_999, "a spot pair"),
        (100_000_000, "an outcome market"),
        (4_294_967_295, "an outcome market"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--offline",)])
def test_an_asset_id_of_another_class_is_refused_with_the_reason(
    desk, action, asset, kind, options
):
    shown = desk.check(desk.signed_file(action.leverage(3, asset=asset)), *options)
    result = {one["code"]: one for one in shown.document["checks"]}["market"]
    assert (result["ok"], result["error"]) == (False, "asset-class")
    assert f"asset {asset} is {kind}" in result["detail"]


@pytest.fixture
def renamed(monkeypatch):
    """An exchange that calls asset 3 of its first dex by another name."""
    send = ExchangeApi._send

    def twist(api, path, query, *seconds):
        answer = send(api, path, query, *seconds)
        if b'"meta"' not in query:
            return answer
        return Answer(answer.status, answer.body.replace(b'"BTC"', b'"BTCX"'), None)

    monkeypatch.setattr(ExchangeApi, "_send", twist)


@pytest.mark.usefixtures("renamed")
def test_a_name_that_contradicts_the_table_is_refused_and_not_taken_over(desk, action):
    shown = desk.check(desk.signed_file(action.leverage(3)))
    result = {one["code"]: one for one in shown.document["checks"]}
    assert result["market"]["error"] == "market-mismatch"
    assert "coldlever's table calls it BTC" in result["market"]["detail"]
    assert result["leverage"]["ok"] is None
    assert shown.status == 4


@pytest.mark.usefixtures("renamed")
def test_nothing_is_drafted_under_a_name_that_contradicts_the_table(desk):
    account = ("--account", desk.user.address.lower)
    wish = ("--coin", "BTCX", "--leverage", "3", "--cross")
    shown = desk.run("draft", *account, *wish, "--json")
    assert (shown.status, shown.error) == (4, "market-mismatch")


@pytest.mark.parametrize(
    ("asset", "coin"), [(0, "SOL"), (3, "BTC"), (110_000, "test:ABC"), (130_001, "xyz:TSLA")]
)
def test_an_asset_id_is_named_as_on_its_network(found, action, asset, coin):
    assert coin in found(action.leverage(2, asset=asset))["market"]["detail"]


@pytest.mark.parametrize("desk", [Network.MAINNET], indirect=True)
def test_ids_differ_between_the_networks(found, action):
    assert "asset 0 is BTC" in found(action.leverage(2, asset=0))["market"]["detail"]
    assert "xyz:TSLA" in found(action.leverage(2, asset=110_001))["market"]["detail"]


@pytest.mark.parametrize("asset", [5, 120_001])
def test_a_delisted_market(found, action, asset):
    assert found(action.leverage(2, asset=asset))["market"]["error"] == "market-delisted"


def test_leverage_up_to_the_markets_maximum(found, action):
    assert found(action.leverage(40))["leverage"]["ok"]
    assert found(action.leverage(41))["leverage"]["error"] == "leverage-too-high"
    assert found(action.margin(1))["leverage"]["detail"] == "this action sets no leverage"


@pytest.mark.parametrize("coin", ["HPOS", "PURR", "HYPE", "xyz:HOOD", "unit:ES"])
def test_cross_margin_where_only_isolated_is_allowed(desk, found, action, coin):
    asset = desk.reader().market_by_name(coin).asset
    crossed = found(action.leverage(2, asset=asset))
    assert crossed["margin-mode"]["error"] == "cross-not-allowed"
    assert found(action.leverage(2, asset=asset, cross=False))["margin-mode"]["ok"]


def test_topping_up_needs_a_strict_isolated_market(found, action):
    result = found(action.top_up("5", asset=3))
    assert result["margin-mode"]["error"] == "not-strict-isolated"


def test_margin_stays_on_a_strict_isolated_market(desk, found, action):
    asset = desk.reader().market_by_name("HYPE").asset
    assert found(action.margin(-1, asset=asset))["margin-mode"]["error"] == "margin-locked"
    assert found(action.margin(1, asset=asset))["margin-mode"]["ok"]


def test_an_open_position_keeps_its_margin_mode(desk, found, action):
    desk.exchange.open_position(desk.user.address, "BTC", "-0.01")
    result = found(action.leverage(10, cross=False))
    assert result["position"]["error"] == "position-forbids-switch"
    kept = found(action.leverage(10))["position"]
    assert (kept["ok"], "-0.01" in kept["detail"]) == (True, True)


def test_a_large_position_lowers_the_maximum_which_is_a_caution(desk, found, action):
    desk.exchange.open_position(desk.user.address, "BTC", "0.5")
    result = found(action.leverage(30))
    assert result["leverage"]["ok"]
    assert (result["position"]["ok"], result["position"].get("warning")) == (True, True)
    assert "the maximum is 25x" in result["position"]["detail"]
    assert "warning" not in found(action.leverage(25))["position"]


def test_margin_moves_on_open_isolated_positions_alone(desk, found, action):
    assert found(action.margin(1_000_000))["position"]["error"] == "no-position"
    desk.exchange.open_position(desk.user.address, "BTC", "0.01")
    assert found(action.margin(1_000_000))["position"]["error"] == "not-isolated"
    isolated = action.leverage(5, asset=4, cross=False)
    desk.exchange.act(desk.sign(isolated, nonce=desk.time - 9).body())
    desk.exchange.open_position(desk.user.address, "ETH", "0.1")
    result = found(action.margin(1_000_000, asset=4))
    assert result["position"]["ok"]
    assert result["change"]["detail"] == "the position's margin changes"


def test_a_setting_already_in_effect_is_a_caution(found, action):
    result = found(action.leverage(20))["change"]
    assert (result["ok"], result["warning"]) == (True, True)
    assert "already in effect" in result["detail"]


ODD = {
    "exchangeStatus": [b"null", b"[]", b'{"time":"now"}', b'{"time":-1}', b'{"time":1.5}', b"{"],
    "userRole": [
        b"null",
        b'{"role":7}',
        b'{"role":"agent"}',
        b'{"role":"agent","data":{"user":"0x12"}}',
        b'{"role":"subAccount","data":null}',
    ],
    "perpDexs": [b"null", b"[1]", b'[null,{"name":5}]', b"{}"],
    "meta": [
        b"null",
        b"{}",
        b'{"universe":{}}',
        b'{"universe":[null]}',
        b'{"universe":[{"name":"A"}]}',
        b'{"universe":[{"name":"A","maxLeverage":0}]}',
        b'{"universe":[{"name":"A","maxLeverage":true}]}',
        b'{"universe":[{"name":"A","maxLeverage":"5"}]}',
        b'{"universe":[{"name":5,"maxLeverage":5}]}',
        b'{"universe":[{"name":"A","maxLeverage":5,"marginMode":"new"}]}',
        b'{"universe":[{"name":"' + b"A" * 500 + b'","maxLeverage":5}]}',
    ],
    "activeAssetData": [
        b"null",
        b'{"leverage":null}',
        b'{"leverage":{"type":"both","value":5}}',
        b'{"leverage":{"type":"cross","value":0}}',
        b'{"leverage":{"type":"isolated","value":5,"rawUsd":"much"}}',
        b'{"leverage":{"type":"isolated","value":5,"rawUsd":"NaN"}}',
        b'{"leverage":{"type":"isolated","value":5,"rawUsd":true}}',
    ],
    "clearinghouseState": [
        b"null",
        b'{"assetPositions":{}}',
        b'{"assetPositions":[{}]}',
        b'{"assetPositions":[{"position":{"coin":5}}]}',
        b'{"assetPositions":[{"position":{"coin":"BTC","szi":"x"}}]}',
        b'{"assetPositions":[{"position":{"coin":"BTC","szi":"1"}}]}',
        b'{"assetPositions":[{"position":{"coin":"BTC","szi":"1e9"}}]}',
    ],
}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        pytest.param(kind, body, id=f"{kind} {body[:40].decode()}")
        for kind, bodies in ODD.items()
        for body in bodies
    ],
)
def test_what_cannot_be_read_cannot_be_checked(desk, action, monkeypatch, kind, body):
    send = ExchangeApi._send
    question = f'"type": "{kind}"'.encode()

    def twist(api, path, query, *seconds):
        return Answer(200, body, None) if question in query else send(api, path, query, *seconds)

    monkeypatch.setattr(ExchangeApi, "_send", twist)
    asset = 110_000 if kind == "perpDexs" else 3
    shown = desk.post(desk.signed_file(action.leverage(3, asset=asset)))
    assert (shown.status, shown.error) == (8, "exchange-answer")
    assert desk.requests() == 0


def test_an_unknown_role_signs_nothing(desk, monkeypatch):
    send = ExchangeApi._send

    def twist(api, path, query, *seconds):
        if b"userRole" in query:
            return Answer(200, b'{"role":"oracle\\u001b[2J"}', None)
        return send(api, path, query, *seconds)

    monkeypatch.setattr(ExchangeApi, "_send", twist)
    shown = desk.check(desk.signed_file())
    errors = [one.get("error") for one in shown.document["checks"]]
    assert "signer-not-allowed" in errors
    assert "\\u001b[2J" not in shown.stdout


def test_a_closed_position_that_is_still_listed_counts_as_none(desk, found, action, monkeypatch):
    send = ExchangeApi._send

    def twist(api, path, query, *seconds):
        if b"clearinghouseState" in query:
            listed = b'{"assetPositions":[{"position":{"coin":"BTC","szi":"0.0"}}]}'
            return Answer(200, listed, None)
        return send(api, path, query, *seconds)

    monkeypatch.setattr(ExchangeApi, "_send", twist)
    assert found(action.leverage(5))["position"]["detail"] == "no open position on this market"
