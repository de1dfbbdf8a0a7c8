"""What leverage and margin changes demand of markets and positions."""

from __future__ import annotations

from decimal import Decimal

import pytest

from coldlever.broadcaster.rehearsal import LeverageSetting
from coldlever.shared.errors import InputRefused

OK = {"status": "ok", "response": {"type": "default"}}
# Testnet.
SOL, APT, BTC, MATIC, HPOS, PURR, HYPE = 0, 1, 3, 5, 16, 125, 135
TSLA, HOOD = 130_001, 130_004
MICRO = 1_000_000


@pytest.mark.parametrize(("asset", "value"), [(BTC, 40), (BTC, 1), (SOL, 10), (APT, 3), (TSLA, 20)])
def test_leverage_up_to_the_markets_maximum_is_set(scene, act, asset, value):
    assert scene.act(act.leverage(asset, value)) == OK
    assert scene.act(act.leverage(asset, value, cross=False)) == OK


@pytest.mark.parametrize(
    ("asset", "value"), [(BTC, 41), (BTC, 0), (SOL, 11), (APT, 4), (TSLA, 21), (HOOD, 11)]
)
def test_leverage_beyond_the_markets_maximum_is_refused(scene, act, asset, value):
    assert scene.refusal(act.leverage(asset, value, cross=False)) == "Invalid leverage value"


def test_the_networks_number_their_markets_differently(scene, mainnet, act):
    for each, btc, tsla in ((scene, 3, 130_001), (mainnet, 0, 110_001)):
        assert each.act(act.leverage(btc, 40)) == OK
        assert each.act(act.leverage(tsla, 19)) == OK
        assert each.exchange.setting(each.user.address, "BTC").value == 40
        assert each.exchange.setting(each.user.address, "xyz:TSLA").value == 19


@pytest.mark.parametrize("asset", [HPOS, PURR, HYPE, HOOD])
def test_isolated_only_markets_refuse_cross_margin(scene, act, asset):
    assert scene.refusal(act.leverage(asset, 2)) == "Cross margin is not allowed for this asset."
    assert scene.act(act.leverage(asset, 2, cross=False)) == OK


@pytest.mark.parametrize("asset", [201, 999, 10_000, 120_002, 2**32 - 1])
def test_an_asset_nobody_trades_is_refused(scene, act, asset):
    assert str(asset) in scene.refusal(act.leverage(asset, 2))


def test_a_delisted_market_is_refused(scene, act):
    assert "delisted" in scene.refusal(act.leverage(MATIC, 2))


def test_settings_start_at_cross_20x_as_far_as_the_market_allows(scene):
    settings = {
        coin: scene.exchange.setting(scene.user.address, coin)
        for coin in ("BTC", "SOL", "HYPE", "xyz:HOOD")
    }
    assert settings == {
        "BTC": LeverageSetting(True, 20),
        "SOL": LeverageSetting(True, 10),
        "HYPE": LeverageSetting(False, 10),
        "xyz:HOOD": LeverageSetting(False, 10),
    }


def test_setting_what_is_set_already_is_accepted(scene, act):
    for _ in range(2):
        assert scene.act(act.leverage(BTC, 20)) == OK


def test_an_open_position_forbids_a_switch_both_ways(scene, act):
    scene.exchange.open_position(scene.user.address, "BTC", "0.01")
    refusal = "Cannot switch leverage type with open position."
    assert scene.refusal(act.leverage(BTC, 20, cross=False)) == refusal
    scene.exchange.close_position(scene.user.address, "BTC")
    assert scene.act(act.leverage(BTC, 20, cross=False)) == OK
    scene.exchange.open_position(scene.user.address, "BTC", "-0.01")
    assert scene.refusal(act.leverage(BTC, 20)) == refusal


def test_with_an_open_cross_position_leverage_goes_up_and_down(scene, act):
    scene.exchange.open_position(scene.user.address, "BTC", "0.1")
    for value in (25, 5, 1):
        assert scene.act(act.leverage(BTC, value)) == OK
        assert scene.margin_used("BTC") == Decimal(8400) / value


def test_a_cross_position_without_margin_cannot_go_down(scene, act):
    scene.exchange.open_position(scene.user.address, "SOL", "-500")
    assert scene.refusal(act.leverage(SOL, 6)) == (
        "Cross position does not have sufficient margin available to decrease leverage. "
        "To decrease leverage, deposit more collateral."
    )
    assert scene.act(act.leverage(SOL, 7)) == OK


def test_an_isolated_position_without_margin_cannot_go_down_but_up(scene, act):
    # 16800 USD at 5x, of 10000: what 1x takes is not there.
    scene.act(act.leverage(BTC, 5, cross=False))
    scene.exchange.open_position(scene.user.address, "BTC", "0.2")
    assert scene.act(act.leverage(BTC, 10, cross=False)) == OK
    assert scene.act(act.leverage(BTC, 3, cross=False)) == OK
    assert scene.margin_used("BTC") == 3360
    assert scene.refusal(act.leverage(BTC, 1, cross=False)) == (
        "Isolated position does not have sufficient margin available to decrease leverage. "
        "To decrease leverage, add margin to the position."
    )
    assert scene.exchange.setting(scene.user.address, "BTC") == LeverageSetting(False, 3)


def test_margin_tiers_lower_the_maximum_of_a_large_position(scene, act):
    scene.exchange.open_position(scene.user.address, "BTC", "0.7")
    assert scene.refusal(act.leverage(BTC, 11)) == "Invalid leverage value"
    assert scene.act(act.leverage(BTC, 10)) == OK


def test_isolated_margin_moves_between_account_and_position(scene, act):
    scene.act(act.leverage(BTC, 10, cross=False))
    scene.exchange.open_position(scene.user.address, "BTC", "0.1")
    assert scene.act(act.margin(BTC, 160 * MICRO)) == OK
    assert scene.margin_used("BTC") == 1000
    assert scene.act(act.margin(BTC, -60 * MICRO)) == OK
    assert scene.margin_used("BTC") == 940
    assert scene.usd() == 10_000


def test_isolated_margin_moves_for_a_short_position_too(scene, act):
    scene.act(act.leverage(BTC, 10, cross=False))
    scene.exchange.open_position(scene.user.address, "BTC", "-0.1")
    assert scene.act({**act.margin(BTC, 160 * MICRO), "isBuy": False}) == OK
    assert scene.margin_used("BTC") == 1000
    scene.exchange.close_position(scene.user.address, "BTC")
    assert scene.usd() == 10_000


def test_isolated_margin_is_limited_by_account_and_position(scene, act):
    scene.act(act.leverage(BTC, 10, cross=False))
    scene.exchange.open_position(scene.user.address, "BTC", "0.1")
    assert scene.refusal(act.margin(BTC, 9161 * MICRO)) == (
        "Account does not have sufficient margin available for increase."
    )
    assert scene.refusal(act.margin(BTC, -1)) == (
        "Position does not have sufficient margin for reduction."
    )


def test_a_tenth_of_the_value_stays_with_a_position_of_high_leverage(scene, act):
    scene.act(act.leverage(BTC, 40, cross=False))
    scene.exchange.open_position(scene.user.address, "BTC", "0.1")
    assert scene.act(act.margin(BTC, 700 * MICRO)) == OK
    assert "sufficient" in scene.refusal(act.margin(BTC, -71 * MICRO))
    assert scene.act(act.margin(BTC, -70 * MICRO)) == OK


def test_isolated_margin_needs_an_isolated_position_and_an_amount(scene, act):
    assert scene.refusal(act.margin(BTC, 0)) == "Update to isolated margin cannot be zero."
    assert scene.refusal(act.margin(BTC, 1)) == "Cannot update margin for empty position."
    scene.exchange.open_position(scene.user.address, "BTC", "0.1")
    assert scene.refusal(act.margin(BTC, 1)) == "Position does not use isolated margin."


def test_strict_isolated_margin_can_be_added_and_never_removed(scene, act):
    scene.exchange.open_position(scene.user.address, "HYPE", "10")
    assert scene.act(act.margin(HYPE, 60 * MICRO)) == OK
    assert scene.refusal(act.margin(HYPE, -MICRO)) == (
        "Cannot remove isolated margin for this asset. To remove margin, reduce the position."
    )


def test_a_top_up_brings_a_strict_isolated_position_to_its_target(scene, act):
    scene.exchange.open_position(scene.user.address, "HYPE", "10")
    assert scene.margin_used("HYPE") == 40
    assert scene.act(act.top_up(HYPE, "2.5")) == OK
    assert scene.margin_used("HYPE") == 160
    assert "Cannot remove" in scene.refusal(act.top_up(HYPE, "5"))
    assert scene.refusal(act.top_up(HYPE, "0.03")) == (
        "Account does not have sufficient margin available for increase."
    )


def test_a_top_up_needs_a_strict_isolated_market_a_position_and_a_target(scene, act):
    assert scene.refusal(act.top_up(BTC, "5")) == "Asset not strict isolated"
    assert scene.refusal(act.top_up(PURR, "2")) == "Asset not strict isolated"
    assert scene.refusal(act.top_up(HYPE, "2")) == "Cannot update margin for empty position."
    assert scene.refusal(act.top_up(HYPE, "0")) == "Invalid leverage value"


def test_each_dex_has_collateral_of_its_own(scene, act):
    scene.act(act.leverage(TSLA, 1))
    scene.exchange.open_position(scene.user.address, "xyz:TSLA", "26")
    assert scene.usd("xyz") == scene.usd() == 10_000
    assert scene.act(act.leverage(BTC, 1)) == OK
    scene.exchange.open_position(scene.user.address, "BTC", "0.119")


def test_a_profit_frees_margin_and_a_loss_binds_it(scene, act):
    scene.exchange.open_position(scene.user.address, "SOL", "500")
    scene.exchange.set_mark("SOL", "143")
    assert scene.usd() == 16_500
    assert scene.act(act.leverage(SOL, 5)) == OK
    scene.exchange.set_mark("SOL", "120")
    assert scene.usd() == 5_000
    assert "deposit more" in scene.refusal(act.leverage(SOL, 4))


@pytest.mark.parametrize(
    ("coin", "szi", "entry_px", "words"),
    [
        ("BTC", "0", None, "not 0"),
        ("BTC", "0.000001", None, "5 decimals"),
        ("BTC", "NaN", None, "finite"),
        ("BTC", "many", None, "decimals"),
        ("BTC", "0.1", "0", "above 0"),
        ("BTC", "100", None, "more than is available"),
        ("MATIC", "1", None, "delisted"),
        ("GONE", "1", None, "no market"),
        ("ETH", "1", None, "is open"),
    ],
)
def test_positions_that_cannot_be_are_not_opened(scene, coin, szi, entry_px, words):
    scene.exchange.open_position(scene.user.address, "ETH", "1")
    with pytest.raises(InputRefused, match=words):
        scene.exchange.open_position(scene.user.address, coin, szi, entry_px=entry_px)


def test_a_position_that_is_not_open_cannot_be_closed(scene):
    assert scene.exchange.position(scene.user.address, "BTC") is None
    with pytest.raises(InputRefused, match="no position"):
        scene.exchange.close_position(scene.user.address, "BTC")
    with pytest.raises(InputRefused, match="above 0"):
        scene.exchange.set_mark("BTC", 0)


@pytest.mark.parametrize("kind", ["order", "cancel", "usdSend", "approveAgent", "CSignerAction"])
def test_actions_that_are_not_modelled_say_so(scene, kind):
    body = scene.body({"type": kind, "whatever": [1, 2, 3]})
    assert scene.send(body) == {
        "status": "err",
        "response": f'Rehearsal: actions of type "{kind}" are not modelled here.',
    }
