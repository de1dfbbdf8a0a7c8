import pytest

from coldlever.shared.action.actions import UpdateLeverage
from coldlever.shared.action.market import MarginMode, MarketEntry, MarketTable
from coldlever.shared.action.network import Network
from coldlever.shared.action.signable import Signable
from coldlever.shared.errors import RuleRefused, UsageRefused
from coldlever.shared.message.request import Request
from coldlever.signer.markets import collect

SOME = Signable(Network.MAINNET, UpdateLeverage(0, True, 10), 1, None, None)


def entry(coin="BTC", asset=0, network=Network.MAINNET):
    return MarketEntry(network, asset, coin, 40, MarginMode.NORMAL, False, 1)


def table(*entries, network=Network.MAINNET):
    return MarketTable(network, 1, {one.asset: one for one in entries})


def test_without_a_table_a_request_stays_as_it_is():
    assert collect([]).name(Request(SOME)) == Request(SOME)


def test_a_table_names_a_request_that_has_no_entry():
    named = collect([table(entry())]).name(Request(SOME))
    assert named.market == entry()
    assert named.signable is SOME


def test_an_asset_outside_the_table_stays_unnamed():
    assert collect([table(entry(asset=5))]).name(Request(SOME)).market is None


def test_a_request_keeps_an_entry_that_the_table_agrees_with():
    request = Request(SOME, market=entry())
    assert collect([table(entry())]).name(request) is request


def test_two_names_for_one_asset_are_refused_and_shown_safely():
    markets = collect([table(entry("ETH"))])
    with pytest.raises(RuleRefused, match=r"BTC\\u\{001b\}.*ETH") as caught:
        markets.name(Request(SOME, market=entry("BTC\x1b")))
    assert caught.value.code == "market-mismatch"


def test_a_table_of_the_other_network_is_refused():
    with pytest.raises(RuleRefused) as caught:
        collect([table(network=Network.TESTNET)]).name(Request(SOME))
    assert caught.value.code == "market-mismatch"


def test_one_table_for_each_network_is_enough():
    both = collect([table(entry()), table(network=Network.TESTNET)])
    assert both.name(Request(SOME)).market == entry()
    with pytest.raises(UsageRefused) as caught:
        collect([table(), table()])
    assert caught.value.code == "market-twice"
