"""The shapes of `/info`."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest

from coldlever.broadcaster.rehearsal.ask.figures import figure
from coldlever.shared.action.coin_table import coins_of
from coldlever.shared.action.network import Network

FIGURE = re.compile(r"-?[0-9]+\.[0-9]+")
NOBODY = "0x" + "99" * 20


def entries(scene, dex=""):
    return scene.ask(type="meta", dex=dex)["universe"]


def test_meta_lists_mainnet_markets_at_their_ids(mainnet):
    universe = entries(mainnet)
    named = {entry["name"]: (index, entry["maxLeverage"]) for index, entry in enumerate(universe)}
    assert named["BTC"] == (0, 40)
    assert named["ETH"] == (1, 25)
    assert named["ATOM"] == (2, 5)
    assert named["MATIC"] == (3, 20)
    assert named["DYDX"] == (4, 5)
    assert named["SOL"] == (5, 20)
    assert named["DOGE"][1] == named["kPEPE"][1] == 10
    assert universe[3] == {
        "szDecimals": 1,
        "name": "MATIC",
        "maxLeverage": 20,
        "marginTableId": 20,
        "isDelisted": True,
    }
    assert universe[0] == {"szDecimals": 5, "name": "BTC", "maxLeverage": 40, "marginTableId": 56}


def test_meta_lists_testnet_markets_at_their_ids(scene):
    universe = entries(scene)
    assert (universe[0]["name"], universe[0]["maxLeverage"]) == ("SOL", 10)
    assert (universe[3]["name"], universe[3]["maxLeverage"]) == ("BTC", 40)
    modes = {
        entry["name"]: (entry.get("marginMode"), entry.get("onlyIsolated")) for entry in universe
    }
    assert modes["BTC"] == (None, None)
    assert modes["HPOS"] == (None, True)
    assert modes["PURR"] == ("noCross", True)
    assert modes["HYPE"] == ("strictIsolated", True)


def test_the_first_dex_has_the_markets_of_the_table_at_their_ids(scene, mainnet):
    for each, network in ((scene, Network.TESTNET), (mainnet, Network.MAINNET)):
        assert tuple(entry["name"] for entry in entries(each)) == coins_of(network)


def test_every_market_has_a_margin_table_that_agrees_with_it(scene, mainnet):
    for each in (scene, mainnet):
        for dex in each.ask(type="perpDexs"):
            meta = each.ask(type="meta", dex=dex["name"] if dex else "")
            assert set(meta) == {"universe", "marginTables", "collateralToken"}
            tables = dict(meta["marginTables"])
            for market in meta["universe"]:
                number = market["marginTableId"]
                if number in tables:
                    tiers = tables[number]["marginTiers"]
                    assert tiers[0] == {"lowerBound": "0.0", "maxLeverage": market["maxLeverage"]}
                else:
                    assert number == market["maxLeverage"]


def test_builder_dexes_are_listed_behind_a_null(scene, mainnet):
    for each, place in ((mainnet, 1), (scene, 3)):
        dexs = each.ask(type="perpDexs")
        assert dexs[0] is None
        assert dexs[place]["name"] == "xyz"
        names = [entry["name"] for entry in entries(each, "xyz")]
        assert names[1] == "xyz:TSLA"
        assert dexs[place]["assetToStreamingOiCap"][1][0] == "xyz:TSLA"


@pytest.mark.parametrize("kind", ["meta", "allMids", "clearinghouseState"])
def test_an_unknown_dex_is_null(scene, kind):
    assert scene.ask(type=kind, dex="nowhere", user=NOBODY) is None


def test_dex_may_be_absent_null_or_empty(scene):
    assert (
        scene.ask(type="meta") == scene.ask(type="meta", dex=None) == scene.ask(type="meta", dex="")
    )


def test_spot_meta_names_every_token_it_uses(scene):
    spot = scene.ask(type="spotMeta")
    known = {token["index"] for token in spot["tokens"]}
    assert all(set(pair["tokens"]) <= known for pair in spot["universe"])


def test_the_exchange_tells_its_time(scene):
    assert scene.ask(type="exchangeStatus") == {"time": scene.time, "specialStatuses": None}


def test_all_mids_leave_delisted_markets_out(scene):
    mids = scene.ask(type="allMids")
    assert mids["BTC"] == "84000.0"
    assert mids["kPEPE"] == "0.0037"
    assert "MATIC" not in mids
    scene.exchange.set_mark("BTC", "90000.5")
    assert scene.ask(type="allMids")["BTC"] == "90000.5"
    assert scene.ask(type="allMids", dex="xyz")["xyz:TSLA"] == "380.0"


def test_user_role_tells_what_an_address_is(scene):
    exchange, master = scene.exchange, scene.user.address
    exchange.add_agent(master, scene.agent.address)
    exchange.add_vault(master, scene.vault)
    exchange.add_sub_account(master, scene.sub)
    exchange.add_account(scene.stranger.address, usd=0)
    roles = {
        name: scene.ask(type="userRole", user=address)
        for name, address in {
            "user": master.checksummed,
            "agent": scene.agent.address.lower,
            "vault": scene.vault.lower,
            "sub": scene.sub.lower,
            "no deposit": scene.stranger.address.lower,
            "nobody": NOBODY,
        }.items()
    }
    assert roles == {
        "user": {"role": "user"},
        "agent": {"role": "agent", "data": {"user": master.lower}},
        "vault": {"role": "vault"},
        "sub": {"role": "subAccount", "data": {"master": master.lower}},
        "no deposit": {"role": "missing"},
        "nobody": {"role": "missing"},
    }


def test_extra_agents_lists_named_agents_only(scene):
    master = scene.user.address
    scene.exchange.add_agent(master, scene.agent.address)
    scene.exchange.add_agent(
        master, scene.stranger.address, name="desk", valid_until=scene.time + 1
    )
    assert scene.ask(type="extraAgents", user=master.lower) == [
        {
            "name": "desk",
            "address": scene.stranger.address.lower,
            "validUntil": scene.time + 1,
        }
    ]


def test_vault_details_name_the_leader(scene):
    scene.exchange.add_vault(scene.user.address, scene.vault, name="alpha")
    details = scene.ask(type="vaultDetails", vaultAddress=scene.vault.lower)
    assert details["leader"] == scene.user.address.lower
    assert (details["name"], details["vaultAddress"]) == ("alpha", scene.vault.lower)
    assert [period for period, _ in details["portfolio"]][:2] == ["day", "week"]
    assert scene.ask(type="vaultDetails", vaultAddress=NOBODY) is None
    assert (
        scene.ask(type="vaultDetails", vaultAddress=scene.user.address.lower, user=NOBODY) is None
    )
    assert scene.ask(type="vaultDetails", vaultAddress=scene.vault.lower, user="me") == 422


def test_sub_accounts_come_with_their_state_or_as_null(scene):
    master = scene.user.address
    assert scene.ask(type="subAccounts", user=master.lower) is None
    scene.exchange.add_sub_account(master, scene.sub, name="hedge")
    (account,) = scene.ask(type="subAccounts", user=master.lower)
    assert account["name"] == "hedge"
    assert account["subAccountUser"] == scene.sub.lower
    assert account["master"] == master.lower
    assert account["clearinghouseState"]["withdrawable"] == "10000.0"
    assert account["spotState"] == {"balances": []}


def test_multi_sig_signers_are_listed_or_null(scene):
    user = scene.user.address
    assert scene.ask(type="userToMultiSigSigners", user=user.lower) is None
    scene.exchange.set_multi_sig(user, [scene.agent.address, scene.stranger.address], 2)
    assert scene.ask(type="userToMultiSigSigners", user=user.lower) == {
        "authorizedUsers": [scene.agent.address.lower, scene.stranger.address.lower],
        "threshold": 2,
    }


def test_active_asset_data_of_an_untouched_market(scene):
    assert scene.ask(type="activeAssetData", user=scene.user.address.lower, coin="BTC") == {
        "user": scene.user.address.lower,
        "coin": "BTC",
        "leverage": {"type": "cross", "value": 20},
        "maxTradeSzs": ["2.38095", "2.38095"],
        "availableToTrade": ["10000.0", "10000.0"],
        "markPx": "84000.0",
    }


def test_active_asset_data_follows_the_setting_and_the_position(scene, act):
    user = scene.user.address
    scene.act(act.leverage(3, 10, cross=False))
    data = scene.ask(type="activeAssetData", user=user.lower, coin="BTC")
    assert data["leverage"] == {"type": "isolated", "value": 10, "rawUsd": "0.0"}
    scene.exchange.open_position(user, "BTC", "0.1")
    data = scene.ask(type="activeAssetData", user=user.lower, coin="BTC")
    assert data["leverage"] == {"type": "isolated", "value": 10, "rawUsd": "-7560.0"}
    assert data["availableToTrade"] == ["9160.0", "10840.0"]
    scene.exchange.close_position(user, "BTC")
    scene.exchange.open_position(user, "BTC", "-0.1")
    data = scene.ask(type="activeAssetData", user=user.lower, coin="BTC")
    assert data["leverage"]["rawUsd"] == "9240.0"
    assert data["availableToTrade"] == ["10840.0", "9160.0"]


def test_active_asset_data_of_a_stranger_or_an_unknown_coin(scene):
    stranger = scene.ask(type="activeAssetData", user=NOBODY, coin="xyz:TSLA")
    assert stranger["leverage"] == {"type": "cross", "value": 20}
    assert stranger["availableToTrade"] == ["0.0", "0.0"]
    assert scene.ask(type="activeAssetData", user=NOBODY, coin="GONE") is None


def test_clearinghouse_state_of_an_empty_account(scene):
    nothing = {
        "accountValue": "0.0", "totalNtlPos": "0.0", "totalRawUsd": "0.0", "totalMarginUsed": "0.0",
    }  # fmt: skip
    assert scene.ask(type="clearinghouseState", user=NOBODY) == {
        "marginSummary": nothing,
        "crossMarginSummary": nothing,
        "crossMaintenanceMarginUsed": "0.0",
        "withdrawable": "0.0",
        "assetPositions": [],
        "time": scene.time,
    }


def test_clearinghouse_state_adds_cross_and_isolated_positions_up(scene, act):
    user = scene.user.address
    scene.exchange.open_position(user, "ETH", "-1", entry_px="2500")
    scene.act(act.leverage(3, 10, cross=False))
    scene.exchange.open_position(user, "BTC", "0.1")
    scene.exchange.set_mark("BTC", "85000")
    state = scene.ask(type="clearinghouseState", user=user.lower)
    positions = {each["position"]["coin"]: each["position"] for each in state["assetPositions"]}
    assert {each["type"] for each in state["assetPositions"]} == {"oneWay"}
    btc = positions["BTC"]
    assert btc["leverage"] == {"type": "isolated", "value": 10, "rawUsd": "-7560.0"}
    assert (btc["szi"], btc["entryPx"], btc["positionValue"]) == ("0.1", "84000.0", "8500.0")
    assert (btc["unrealizedPnl"], btc["marginUsed"], btc["maxLeverage"]) == ("100.0", "940.0", 40)
    eth = positions["ETH"]
    assert eth["leverage"] == {"type": "cross", "value": 20}
    assert (eth["unrealizedPnl"], eth["marginUsed"]) == ("-100.0", "130.0")
    assert eth["returnOnEquity"] == "-0.8"
    assert state["marginSummary"]["accountValue"] == "10000.0"
    assert state["crossMarginSummary"] == {
        "accountValue": "9060.0",
        "totalNtlPos": "2600.0",
        "totalRawUsd": "11660.0",
        "totalMarginUsed": "130.0",
    }
    assert state["crossMaintenanceMarginUsed"] == "52.0"
    assert state["withdrawable"] == "8800.0", "a tenth of the value stays, not just the margin"
    assert state["marginSummary"]["totalNtlPos"] == "11100.0"


def test_positions_show_where_they_get_liquidated(scene, act):
    user = scene.user.address
    scene.act(act.leverage(3, 10, cross=False))
    scene.exchange.open_position(user, "BTC", "0.1")
    state = scene.ask(type="clearinghouseState", user=user.lower)
    price = Decimal(state["assetPositions"][0]["position"]["liquidationPx"])
    # At that price what is left equals the maintenance margin, half of 1/40 of the value.
    left = Decimal(-7560) + price / 10
    assert abs(left - price / 10 / 80) < Decimal("0.001")
    scene.exchange.open_position(user, "SOL", "-700")
    state = scene.ask(type="clearinghouseState", user=user.lower)
    prices = {
        each["position"]["coin"]: each["position"]["liquidationPx"]
        for each in state["assetPositions"]
    }
    assert Decimal(prices["SOL"]) > 130


def test_a_position_its_account_can_always_carry_has_no_liquidation_price(scene):
    scene.exchange.open_position(scene.user.address, "BTC", "0.01")
    state = scene.ask(type="clearinghouseState", user=scene.user.address.lower)
    assert state["assetPositions"][0]["position"]["liquidationPx"] is None


def test_maintenance_margin_is_continuous_across_tiers(scene):
    table = scene.exchange._venue.require_market("BTC").table
    for bound in (Decimal(10_000), Decimal(50_000)):
        below, at = table.maintenance(bound - Decimal("0.000001")), table.maintenance(bound)
        assert abs(at - below) < Decimal("0.000001")
    assert table.maintenance(Decimal(8_000)) == 100


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"type": "noSuchType"},
        {"type": None},
        {"type": ["meta"]},
        {"type": "userRole"},
        {"type": "userRole", "user": "0x12"},
        {"type": "userRole", "user": 7},
        {"type": "activeAssetData", "user": NOBODY},
        {"type": "activeAssetData", "user": NOBODY, "coin": 3},
        {"type": "meta", "dex": 1},
        {"type": "vaultDetails"},
    ],
)
def test_a_request_the_exchange_cannot_read_is_unprocessable(scene, request_):
    assert scene.ask(**request_) == 422


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0", "0.0"), ("-0", "0.0"), ("84000", "84000.0"), ("-0.00785", "-0.00785"), ("1E+3", "1000.0"),
     ("0.123456785", "0.12345678"), ("0.000000001", "0.0"), ("100.50", "100.5")],
)  # fmt: skip
def test_figures_always_have_a_point_and_never_an_exponent(amount, text):
    assert figure(Decimal(amount)) == text
    assert FIGURE.fullmatch(text)


@pytest.mark.parametrize(
    ("positional", "named"),
    [
        (["userRole", "USER"], {"type": "userRole", "user": "USER"}),
        (["meta"], {"type": "meta"}),
        (["meta", "xyz"], {"type": "meta", "dex": "xyz"}),
        (["activeAssetData", "USER", "BTC"], {"type": "activeAssetData", "user": "USER", "coin": "BTC"}),
        (["exchangeStatus"], {"type": "exchangeStatus"}),
    ],
)  # fmt: skip
def test_a_request_may_be_an_array_and_an_address_lack_its_0x(scene, positional, named):
    user = scene.user.address.lower.removeprefix("0x")
    values = [user if value == "USER" else value for value in positional]
    fields = {name: user if value == "USER" else value for name, value in named.items()}
    answer = scene.exchange.ask(json.dumps(values).encode())
    assert answer.status == 200
    assert json.loads(answer.body) == scene.ask(**fields)


@pytest.mark.parametrize(
    ("abstraction", "total"),
    [("unifiedAccount", "40000.0"), ("portfolioMargin", "40000.0"), ("disabled", None)],
)
def test_balances_lie_in_the_spot_state_of_a_unified_account_alone(scene, abstraction, total):
    user = scene.user.address.lower
    assert scene.ask(type="userAbstraction", user=user) == "default"
    scene.exchange.set_abstraction(scene.user.address, abstraction)
    assert scene.ask(type="userAbstraction", user=user) == abstraction
    balances = scene.ask(type="spotClearinghouseState", user=user)["balances"]
    assert [each["total"] for each in balances] == ([] if total is None else [total])
    assert scene.ask(type="spotClearinghouseState", user=NOBODY) == {"balances": []}


def test_dex_abstraction_is_null_until_it_is_set(scene):
    user = scene.user.address.lower
    assert scene.ask(type="userDexAbstraction", user=user) is None
    scene.exchange.set_abstraction(scene.user.address, "dexAbstraction")
    assert scene.ask(type="userDexAbstraction", user=user) is True


def test_margin_tables_are_found_by_their_number(scene):
    tables = dict(scene.ask(type="meta")["marginTables"])
    for number, table in tables.items():
        assert scene.ask(type="marginTable", id=number) == table
    assert scene.ask(type="marginTable", id=7)["marginTiers"][0]["maxLeverage"] == 7
    assert scene.ask(type="marginTable", id=9_999) == 422
    assert scene.ask(type="marginTable", id=10, dex="gone")["description"] == ""


def test_prices_come_in_the_order_of_meta_and_delisted_markets_have_no_middle(scene):
    scene.exchange.set_mark("BTC", "90000")
    meta, contexts = scene.ask(type="metaAndAssetCtxs")
    for market, context in zip(meta["universe"], contexts, strict=True):
        assert (context["midPx"] is None) == market.get("isDelisted", False)
        if market["name"] == "BTC":
            assert (context["markPx"], context["prevDayPx"]) == ("90000.0", "84000.0")
    assert scene.ask(type="metaAndAssetCtxs", dex="gone") is None


def test_builder_dexes_have_limits_and_the_first_one_has_none(scene):
    assert scene.ask(type="perpDexLimits", dex="xyz")["coinToOiCap"]
    assert scene.ask(type="perpDexLimits", dex="") is None
    assert scene.ask(type="perpDexStatus", dex="xyz") == {"totalNetDeposit": "0.0"}
    assert scene.ask(type="perpDexStatus", dex="gone") is None


def test_a_book_is_empty_and_that_of_an_unknown_coin_null(scene):
    assert scene.ask(type="l2Book", coin="BTC")["levels"] == [[], []]
    assert scene.ask(type="l2Book", coin="PURR/USDC")["levels"] == [[], []]
    assert scene.ask(type="l2Book", coin="GONE") is None


def test_sub_accounts_come_with_their_state_on_every_dex(scene):
    master = scene.user.address.lower
    assert scene.ask(type="subAccounts2", user=master) is None
    scene.exchange.add_sub_account(scene.user.address, scene.sub)
    (shown,) = scene.ask(type="subAccounts2", user=master)
    dexes = [dex and dex["name"] for dex in scene.ask(type="perpDexs")]
    assert [name for name, _ in shown["dexToClearinghouseState"]] == ["", *dexes[1:]]


def test_the_page_of_the_exchange_sees_the_unnamed_agent(scene):
    user = scene.user.address.lower
    assert scene.ask(type="webData2", user=user)["agentAddress"] is None
    scene.exchange.add_agent(scene.user.address, scene.agent.address)
    scene.exchange.add_vault(scene.user.address, scene.vault)
    shown = scene.ask(type="webData2", user=user)
    assert shown["agentAddress"] == scene.agent.address.lower
    assert [vault["address"] for vault in shown["leadingVaults"]] == [scene.vault.lower]


def test_sending_to_an_address_nobody_knows_costs_a_dollar(scene):
    user = scene.user.address.lower
    assert scene.ask(type="preTransferCheck", user=NOBODY, source=user)["fee"] == "1.0"
    known = scene.ask(type="preTransferCheck", user=user, source=user)
    assert (known["fee"], known["userExists"], known["userHasSentTx"]) == ("0.0", True, False)


@pytest.mark.parametrize("kind", ["openOrders", "userFees", "isVip", "userAbstraction", "webData2"])
def test_a_question_about_somebody_names_an_address(scene, kind):
    assert scene.ask(type=kind) == 422
    assert scene.ask(type=kind, user=NOBODY) != 422
