"""Clients nobody here wrote, unmodified: npm's @nktkas/hyperliquid and PyPI's ccxt."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import eth_account
import pytest
from hyperliquid.exchange import Exchange

from coldlever.broadcaster.rehearsal import (
    LeverageSetting,
    Outcome,
    RehearsalExchange,
    RehearsalServer,
)
from coldlever.shared.action.address import Address, parse_address

ROOT = Path(__file__).resolve().parents[3]
INTEROP = ROOT / "tests" / "interop"
CCXT_PYTHON = ROOT / ".venv" / "clients" / "bin" / "python"
OK = {"status": "ok", "response": {"type": "default"}}
KEY = "0x" + "11" * 32
WALLET = eth_account.Account.from_key(KEY)
USER = parse_address(WALLET.address)
VAULT = Address(b"\x44" * 20)
EMPTY = (
    "approvedBuilders", "extraAgents", "frontendOpenOrders", "fundingHistory", "historicalOrders", "liquidatable",
    "openOrders", "perpCategories", "perpConciseAnnotations", "perpsAtOpenInterestCap", "recentTrades", "twapHistory",
    "userFills", "userFillsByTime", "userFunding", "userNonFundingLedgerUpdates", "userTwapSliceFills",
    "userVaultEquities",
)  # fmt: skip


def missing(what: str) -> Any:
    if os.environ.get("CI"):
        pytest.fail(f"{what}: run `make test`, which installs it")
    pytest.skip(what)


def run(command: list[str], asked: dict[str, object]) -> Any:
    done = subprocess.run(
        command, check=False, input=json.dumps(asked), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return json.loads(done.stdout)


@pytest.fixture
def server():
    exchange = RehearsalExchange(accounts=[USER])
    exchange.add_vault(USER, VAULT)
    with RehearsalServer(exchange, weight_limit=None) as server:
        yield server


@pytest.fixture
def node() -> str:
    program = shutil.which("node")
    if program is None:
        missing("node is not installed")
    if not (INTEROP / "node_modules" / "@nktkas" / "hyperliquid").is_dir():
        missing("tests/interop has no @nktkas/hyperliquid")
    return program


@pytest.fixture
def ccxt_python() -> str:
    if not CCXT_PYTHON.exists():
        missing("ccxt is not installed")
    return str(CCXT_PYTHON)


@pytest.fixture
def asset(server) -> int:
    market = server.exchange._venue.universe.coin("ETH")
    return market.asset


@pytest.mark.slow
def test_nktkas_asks_and_acts(server, node, asset):
    said = run(
        [node, str(INTEROP / "nktkas.mjs")],
        {"url": server.url, "privateKey": KEY, "asset": asset, "coin": "ETH"},
    )
    assert said["actions"] == [
        ["updateLeverage", OK],
        ["updateLeverage", "Invalid leverage value"],
        ["updateLeverage", OK],
        ["updateIsolatedMargin", "Cannot update margin for empty position."],
        ["topUpIsolatedOnlyMargin", "Asset not strict isolated"],
        ["noop", OK],
    ]
    assert server.exchange.setting(USER, "ETH") == LeverageSetting(False, 3)
    info = said["info"]
    assert {name for name in info if info[name] == []} == set(EMPTY)
    meta, contexts = info["metaAndAssetCtxs"]
    assert meta == info["meta"] == info["allPerpMetas"][0] == info["webData2"]["meta"]
    assert len(contexts) == len(meta["universe"])
    assert meta["universe"][asset]["name"] == "ETH"
    assert contexts[asset]["markPx"] == info["allMids"]["ETH"]
    assert info["userRole"] == {"role": "user"}
    assert info["userAbstraction"] == "default"
    assert info["marginTable"]["marginTiers"] == [{"lowerBound": "0.0", "maxLeverage": 10}]


@pytest.mark.slow
def test_ccxt_loads_markets_and_changes_leverage_and_margin(server, ccxt_python):
    Exchange(WALLET, base_url=server.url, timeout=5).update_leverage(5, "BTC", is_cross=False)
    server.exchange.open_position(USER, "BTC", "0.1")
    said = run(
        [ccxt_python, str(INTEROP / "ccxt_client.py")],
        {
            "url": server.url,
            "privateKey": KEY,
            "user": WALLET.address,
            "vault": VAULT.lower,
            "symbol": "ETH/USDC:USDC",
            "held": "BTC/USDC:USDC",
        },
    )
    calls = [name for name, _ in said]
    outcomes = [outcome for _, outcome in said]
    assert calls[0] == "load_markets"
    assert {"BTC/USDC:USDC", "ETH/USDC:USDC", "XYZ-TSLA/USDC:USDC"} <= set(outcomes[0])
    changes = [each for each in said if each[0].startswith("set_")]
    assert [each[1] for each in changes[:1] + changes[2:]] == [OK] * 3
    assert "Invalid leverage value" in changes[1][1]
    assert server.exchange.setting(USER, "ETH") == LeverageSetting(False, 6)
    assert server.exchange.setting(VAULT, "ETH") == LeverageSetting(True, 4)
    moved = [
        entry.outcome
        for entry in server.exchange.journal.entries()
        if entry.action_type == "updateIsolatedMargin"
    ]
    assert moved == [Outcome.ACCEPTED] * 2
    (position,) = dict(said)["fetch_positions"]
    assert (position["symbol"], position["marginMode"]) == ("BTC/USDC:USDC", "isolated")
    assert position["collateral"] == 8400 / 5 + 40
    assert dict(said)["fetch_open_orders"] == []
    assert dict(said)["fetch_balance"]["USDC"]["total"] == 10_000
