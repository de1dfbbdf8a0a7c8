"""What an asset id is called, and who says so."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from coldlever.shared.action.asset_class import AssetClass, class_of, class_problem
from coldlever.shared.action.coin_table import coin_of, coins_of
from coldlever.shared.action.market import MarginMode, MarketEntry
from coldlever.shared.action.market_name import Voucher, name_market
from coldlever.shared.action.network import Network
from coldlever.shared.message.request import Request
from coldlever.shared.message.review import review

MAIN, TEST = Network.MAINNET, Network.TESTNET


def entry(asset, coin, network=MAIN):
    return MarketEntry(network, asset, coin, 10, MarginMode.NORMAL, delisted=False, time=1)


def test_the_table_agrees_with_every_recorded_pair(reference_vectors):
    recorded = json.loads((reference_vectors / "markets.json").read_text("utf-8"))
    for network in Network:
        pairs = {row["asset"]: row["coin"] for row in recorded[network.value]}
        assert dict(enumerate(coins_of(network))) == pairs


def test_the_table_vouches_for_nothing_that_was_seen_only_once(reference_vectors):
    recorded = json.loads((reference_vectors / "markets.json").read_text("utf-8"))
    for network, rows in recorded["single_source"].items():
        assert rows
        for row in rows:
            assert coin_of(Network(network), row["asset"]) is None


@pytest.mark.parametrize(
    ("network", "asset", "coin"),
    [(MAIN, 0, "BTC"), (TEST, 3, "BTC"), (MAIN, 159, "HYPE"), (TEST, 135, "HYPE")],
)
def test_ids_differ_between_networks(network, asset, coin):
    assert coin_of(network, asset) == coin


@pytest.mark.parametrize("asset", [-1, 234, 9_999, 110_000, 2**32 - 1])
def test_an_id_outside_the_table_has_no_coin(asset):
    assert coin_of(MAIN, asset) is None


def test_no_coin_has_two_ids():
    for network in Network:
        assert len(set(coins_of(network))) == len(coins_of(network))


@pytest.mark.parametrize("module", ["coldlever.signer.cli", "coldlever.shared.message.request"])
def test_a_program_starts_without_the_table(module):
    look = f"import sys, {module}; print('coldlever.shared.action.coin_table' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "False\n"


def test_the_table_names_a_bare_id():
    name = name_market(TEST, 3, None)
    assert (name.coin, name.voucher) == ("BTC", Voucher.TABLE)
    assert str(name) == "BTC = asset 3 (in coldlever's table)"


def test_the_table_vouches_for_an_entry_that_agrees():
    assert name_market(MAIN, 0, entry(0, "BTC")).is_vouched


@pytest.mark.parametrize(
    ("network", "asset", "coin"), [(TEST, 4, "BTC"), (MAIN, 3, "BTC"), (MAIN, 0, "btc")]
)
def test_an_entry_that_contradicts_the_table_is_refused(network, asset, coin, refusal):
    error = refusal(name_market, network, asset, entry(asset, coin, network))
    assert (error.code, error.exit_status) == ("market-mismatch", 4)
    assert f"coldlever's table calls it {coin_of(network, asset)}" in error.message


def test_a_name_that_nobody_vouches_for_is_called_unverified():
    name = name_market(MAIN, 234, entry(234, "NEW"))
    assert not name.is_vouched
    assert str(name) == "NEW = asset 234 (name unverified)"


def test_an_id_that_nothing_names_says_so():
    assert str(name_market(MAIN, 234, None)) == "asset 234 (name unknown)"


def test_a_name_confirmed_before_vouches_with_and_without_an_entry():
    for own in (None, entry(110_001, "xyz:TSLA")):
        name = name_market(MAIN, 110_001, own, "xyz:TSLA")
        assert str(name) == "xyz:TSLA = asset 110001 (confirmed here before)"


@pytest.mark.parametrize(
    ("asset", "own", "confirmed"),
    [(110_001, "xyz:NVDA", "xyz:TSLA"), (0, None, "ETH"), (0, "BTC", "ETH")],
)
def test_a_name_that_contradicts_a_confirmation_is_refused(asset, own, confirmed, refusal):
    claimed = None if own is None else entry(asset, own)
    error = refusal(name_market, MAIN, asset, claimed, confirmed)
    assert error.code == "market-mismatch"
    assert f"market forget {asset} --network mainnet" in error.remedy


@pytest.mark.parametrize(
    ("asset", "kind"),
    [
        (0, AssetClass.FIRST_DEX), (9_999, AssetClass.FIRST_DEX),
        (10_000, AssetClass.SPOT), (99_999, AssetClass.SPOT),
        (100_000, AssetClass.BUILDER_DEX), (99_999_999, AssetClass.BUILDER_DEX),
        (100_000_000, AssetClass.OUTCOME), (2**32 - 1, AssetClass.OUTCOME),
    ],
)  # fmt: skip
def test_each_id_has_one_class_and_only_perpetuals_have_leverage(asset, kind):
    assert class_of(asset) is kind
    problem = class_problem(asset)
    assert (problem is None) == kind.is_perpetual
    if problem is not None:
        assert (problem.code, problem.exit_status) == ("asset-class", 4)
        assert kind.value in problem.message


@pytest.mark.parametrize(
    ("asset", "coin"),
    [(110_001, "TSLA"), (110_001, ":TSLA"), (110_001, "xyz:"), (500, "xyz:TSLA"), (500, ":BTC")],
)
def test_a_dex_in_front_that_does_not_fit_the_id_is_refused(asset, coin, refusal):
    error = refusal(name_market, MAIN, asset, entry(asset, coin))
    assert error.code == "market-mismatch"
    assert "dex" in error.message


@pytest.mark.parametrize("asset", [10_000, 100_000_000])
def test_the_name_of_no_perpetual_is_refused(asset, refusal):
    assert refusal(name_market, MAIN, asset, entry(asset, "xyz:TSLA")).code == "asset-class"


@pytest.mark.parametrize(("asset", "kind"), [(10_000, "a spot pair"), (10**8, "an outcome market")])
def test_the_review_of_no_perpetual_calls_it_out(asset, kind, signable):
    shown = review(Request(replace(signable, action=replace(signable.action, asset=asset))))
    assert shown.market == f"asset {asset} ({kind}, no perpetual)"
    codes = [caution.code for caution in shown.cautions]
    assert "asset-class" in codes
    assert "market-unknown" not in codes


def test_a_review_says_who_vouches_and_warns_only_where_nobody_does(signable):
    known = review(
        Request(replace(signable, network=TEST, action=replace(signable.action, asset=3)))
    )
    assert known.summary.startswith("BTC = asset 3 (in coldlever's table): ")
    builder = Request(replace(signable, action=replace(signable.action, asset=110_001)))
    confirmed = review(builder, confirmed="xyz:TSLA")
    assert confirmed.market == "xyz:TSLA = asset 110001 (confirmed here before)"
    codes = {caution.code for one in (known, confirmed) for caution in one.cautions}
    assert not codes & {"market-unknown", "market-unverified"}
    assert "market-unknown" in {caution.code for caution in review(builder).cautions}


def test_a_review_refuses_a_bent_name(signable, refusal):
    """The very case: a drafted ETH request whose coin was edited to BTC."""
    bent = Request(
        replace(signable, network=TEST, action=replace(signable.action, asset=4)),
        market=entry(4, "BTC", TEST),
    )
    assert refusal(review, bent).code == "market-mismatch"
