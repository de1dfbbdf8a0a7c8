"""The official SDK, unmodified, pointed at the rehearsal: it gets the exchange's answers."""

from __future__ import annotations

import eth_account
import pytest
from hyperliquid.exchange import Exchange
from hyperliquid.info import Info
from hyperliquid.utils.error import ClientError

from coldlever.broadcaster.rehearsal import RehearsalExchange, RehearsalServer
from coldlever.shared.action.address import Address, parse_address
from coldlever.shared.action.network import Network

OK = {"status": "ok", "response": {"type": "default"}}
WALLET = eth_account.Account.from_key("0x" + "11" * 32)
AGENT = eth_account.Account.from_key("0x" + "22" * 32)
STRANGER = eth_account.Account.from_key("0x" + "33" * 32)
USER = parse_address(WALLET.address)
VAULT = Address(b"\x44" * 20)


@pytest.fixture
def server():
    exchange = RehearsalExchange(accounts=[USER])
    # The SDK takes its nonces from the clock; two actions within a millisecond would collide.
    exchange.inject("delay", count=1_000, seconds=0.002)
    with RehearsalServer(exchange, weight_limit=None) as server:
        yield server


def connect(server, wallet=WALLET, **options) -> Exchange:
    return Exchange(wallet, base_url=server.url, timeout=5, **options)


def shown(server, coin: str, user: str = WALLET.address) -> dict[str, object]:
    info = Info(server.url, skip_ws=True, timeout=5)
    return info.post("/info", {"type": "activeAssetData", "user": user, "coin": coin})["leverage"]


def test_it_changes_leverage_and_margin_mode_and_reads_them_back(server):
    exchange = connect(server)
    assert exchange.update_leverage(10, "BTC", is_cross=True) == OK
    assert shown(server, "BTC") == {"type": "cross", "value": 10}
    assert exchange.update_leverage(7, "BTC", is_cross=False) == OK
    assert shown(server, "BTC") == {"type": "isolated", "value": 7, "rawUsd": "0.0"}


def test_it_finds_builder_markets(server):
    exchange = connect(server, perp_dexs=["", "xyz"])
    assert exchange.info.name_to_asset("xyz:TSLA") == 130_001
    assert exchange.update_leverage(12, "xyz:TSLA") == OK
    assert shown(server, "xyz:TSLA") == {"type": "cross", "value": 12}


def test_it_moves_isolated_margin(server):
    exchange = connect(server)
    exchange.update_leverage(10, "BTC", is_cross=False)
    assert exchange.update_isolated_margin(5, "BTC") == {
        "status": "err",
        "response": "Cannot update margin for empty position.",
    }
    server.exchange.open_position(USER, "BTC", "0.1")
    assert exchange.update_isolated_margin(60.5, "BTC") == OK
    assert exchange.update_isolated_margin(-0.5, "BTC") == OK
    state = Info(server.url, skip_ws=True, timeout=5).user_state(WALLET.address)
    (held,) = state["assetPositions"]
    assert held["position"]["marginUsed"] == "900.0"
    assert held["position"]["leverage"] == {"type": "isolated", "value": 10, "rawUsd": "-7500.0"}
    assert state["crossMarginSummary"]["accountValue"] == "9100.0"


@pytest.mark.parametrize(
    ("leverage", "coin", "is_cross", "sentence"),
    [
        (41, "BTC", True, "Invalid leverage value"),
        (0, "BTC", True, "Invalid leverage value"),
        (2, "HYPE", True, "Cross margin is not allowed for this asset."),
        (20, "ETH", False, "Cannot switch leverage type with open position."),
    ],
)
def test_it_gets_the_refusals(server, leverage, coin, is_cross, sentence):
    server.exchange.open_position(USER, "ETH", "1")
    answer = connect(server).update_leverage(leverage, coin, is_cross)
    assert answer == {"status": "err", "response": sentence}


def test_an_agent_acts_for_its_master(server):
    agent = parse_address(AGENT.address)
    exchange = connect(server, AGENT, account_address=WALLET.address)
    assert exchange.update_leverage(9, "BTC") == {
        "status": "err",
        "response": f"User or API Wallet {agent.lower} does not exist.",
    }
    server.exchange.add_agent(USER, agent, name="desk", valid_until=server.exchange.now() + 60_000)
    assert exchange.update_leverage(9, "BTC") == OK
    assert shown(server, "BTC")["value"] == 9
    assert exchange.info.user_role(AGENT.address) == {"role": "agent", "data": {"user": USER.lower}}
    assert exchange.info.extra_agents(WALLET.address)[0]["name"] == "desk"


@pytest.mark.parametrize("kind", ["vault", "sub-account"])
def test_it_acts_for_a_vault_and_a_sub_account(server, kind):
    exchange = connect(server, vault_address=VAULT.lower)
    assert exchange.update_leverage(6, "BTC") == {
        "status": "err",
        "response": f"Vault not registered: {VAULT.lower}",
    }
    add = server.exchange.add_vault if kind == "vault" else server.exchange.add_sub_account
    add(USER, VAULT)
    assert exchange.update_leverage(6, "BTC") == OK
    assert shown(server, "BTC", VAULT.lower)["value"] == 6
    assert shown(server, "BTC")["value"] == 20
    subs = exchange.info.query_sub_accounts(WALLET.address)
    assert (subs is None) is (kind == "vault")


def test_an_expiry_is_signed_and_kept(server):
    exchange = connect(server)
    exchange.set_expires_after(server.exchange.now() + 60_000)
    assert exchange.update_leverage(5, "BTC") == OK
    exchange.set_expires_after(server.exchange.now() - 1)
    assert exchange.update_leverage(4, "BTC") == {
        "status": "err",
        "response": "Action already expired",
    }
    assert shown(server, "BTC")["value"] == 5


def test_noop_uses_up_a_nonce(server):
    exchange = connect(server)
    nonce = server.exchange.now()
    assert exchange.noop(nonce) == OK
    assert exchange.noop(nonce) == {
        "status": "err",
        "response": f"Invalid nonce: duplicate nonce {nonce}",
    }


def test_a_wallet_without_a_deposit_must_deposit_first(server):
    server.exchange.add_account(parse_address(STRANGER.address), usd=0)
    answer = connect(server, STRANGER).update_leverage(5, "BTC")
    assert answer["response"] == (
        f"Must deposit before performing actions. User: {STRANGER.address.lower()}"
    )


def test_an_order_is_not_pretended(server):
    order_type = {"limit": {"tif": "Gtc"}}
    answer = connect(server).order(
        "BTC", is_buy=True, sz=0.1, limit_px=80_000, order_type=order_type
    )
    assert answer["status"] == "err"
    assert "not modelled" in answer["response"]


def test_a_mainnet_rehearsal_does_not_take_testnet_signatures():
    with RehearsalServer(RehearsalExchange(Network.MAINNET, accounts=[USER])) as server:
        answer = connect(server).update_leverage(5, "BTC")
    assert answer["response"].startswith("User or API Wallet 0x")


def test_info_reads_what_the_sdk_offers(server):
    info = Info(server.url, skip_ws=True, perp_dexs=["", "xyz", "unit", "test"], timeout=5)
    assert info.name_to_asset("BTC") == 3
    assert info.name_to_asset("unit:ES") == 120_000
    assert info.all_mids()["BTC"] == "84000.0"
    assert info.user_role(WALLET.address) == {"role": "user"}
    assert info.user_rate_limit(WALLET.address)["nRequestsCap"] == 10_000
    assert info.query_user_to_multi_sig_signers(WALLET.address) is None
    assert info.user_state(WALLET.address, dex="xyz")["withdrawable"] == "10000.0"
    assert info.open_orders(WALLET.address) == info.user_fills(WALLET.address) == []
    assert info.spot_user_state(WALLET.address) == {"balances": []}
    meta, contexts = info.meta_and_asset_ctxs()
    assert len(meta["universe"]) == len(contexts)
    assert info.user_fees(WALLET.address)["activeReferralDiscount"] == "0.0"
    assert info.l2_snapshot("BTC")["levels"] == [[], []]
    with pytest.raises(ClientError) as caught:
        info.query_referral_state(WALLET.address)
    assert caught.value.status_code == 422


def test_a_429_is_what_the_sdk_takes_it_for(server):
    server.exchange.faults.clear()
    server.exchange.inject("429")
    with pytest.raises(ClientError) as caught:
        connect(server).update_leverage(5, "BTC")
    assert caught.value.status_code == 429
