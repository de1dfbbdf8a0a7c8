"""Names of markets that a person has confirmed are remembered in the ledger."""

import contextlib
import sqlite3

import pytest

from coldlever.shared.action.network import Network
from coldlever.shared.errors import RuleRefused
from coldlever.signer.ledger import ConfirmedCoin, Ledger
from coldlever.signer.ledger.store import FILE_NAME

ETH = ConfirmedCoin(Network.MAINNET, 4, "ETH")
BTC_THERE = ConfirmedCoin(Network.TESTNET, 3, "BTC")


@pytest.fixture
def path(tmp_path):
    return tmp_path / FILE_NAME


@pytest.fixture
def ledger(path):
    with Ledger.open(path) as opened:
        yield opened


def test_a_confirmed_name_is_known_afterwards_and_on_its_network_only(ledger, path):
    ledger.remember_coins([ETH])
    with Ledger.open(path) as later:
        assert later.confirmed_coin(Network.MAINNET, 4) == "ETH"
        assert later.confirmed_coin(Network.TESTNET, 4) is None
        assert later.confirmed_coin(Network.MAINNET, 5) is None


def test_confirming_a_name_twice_changes_nothing(ledger):
    ledger.remember_coins([ETH, BTC_THERE, ETH])
    ledger.remember_coins([ETH])
    assert ledger.confirmed_coins() == (ETH, BTC_THERE)


def test_a_name_that_contradicts_a_confirmed_one_is_refused_and_nothing_is_remembered(ledger):
    ledger.remember_coins([ETH])
    with pytest.raises(RuleRefused, match=r"asset 4 on mainnet was confirmed as 'ETH', not 'BTC'|"
                                          r'asset 4 on mainnet was confirmed as "ETH", not "BTC"') as caught:  # fmt: skip
        ledger.remember_coins([BTC_THERE, ConfirmedCoin(Network.MAINNET, 4, "BTC")])
    assert caught.value.code == "market-mismatch"
    assert ledger.confirmed_coins() == (ETH,)


def test_a_forgotten_name_is_unknown_and_may_be_confirmed_otherwise(ledger):
    ledger.remember_coins([ETH])
    assert ledger.forget_coin(Network.MAINNET, 4) is True
    assert ledger.forget_coin(Network.MAINNET, 4) is False
    assert ledger.confirmed_coin(Network.MAINNET, 4) is None
    ledger.remember_coins([ConfirmedCoin(Network.MAINNET, 4, "WETH")])


def test_a_name_altered_on_the_disk_makes_the_ledger_damaged(path):
    with Ledger.open(path) as ledger:
        ledger.remember_coins([ETH])
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE confirmed_coin SET coin = 'BTC'")
        other.commit()
    with pytest.raises(RuleRefused) as caught:
        Ledger.open(path)
    assert caught.value.code == "ledger-damaged"
