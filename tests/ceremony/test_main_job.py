"""The main job with real processes on both sides of the gap, against the rehearsal exchange."""

from __future__ import annotations

import json

import pytest

from coldlever.broadcaster.rehearsal import Outcome
from coldlever.shared.action.address import Address
from coldlever.shared.action.network import Network

pytestmark = pytest.mark.slow

VAULT = Address(b"\x11" * 20)  # as in conftest


@pytest.mark.parametrize("ceremony", list(Network), indirect=True, ids=lambda one: one.value)
def test_a_leverage_change_goes_from_draft_to_receipt_and_lands_once(ceremony):
    ceremony.draft("request.json", "--coin", "BTC", "--leverage", "10", "--isolated")
    ceremony.sign("request.json", "signed.json")
    assert ceremony.run("signer", "verify", "signed.json", "--json")["signer"] == str(
        ceremony.account
    )
    checked = ceremony.run(
        "broadcaster", "check", "signed.json", "--api-url", ceremony.url, "--json"
    )
    assert checked["ok"]
    assert checked["complete"]
    posted = ceremony.post("signed.json", "--receipt", "receipt.json")
    again = ceremony.post("signed.json")
    assert posted["status"] == again["status"] == "confirmed"
    assert again["alreadyPosted"]
    assert ceremony.exchange.journal.count(Outcome.ACCEPTED) == 1
    assert len(ceremony.exchange.journal.entries()) == 1
    setting = ceremony.exchange.setting(ceremony.account, "BTC")
    assert (setting.is_cross, setting.value) == (False, 10)
    receipt = json.loads((ceremony.folder / "receipt.json").read_text())
    after = receipt["after"]
    assert (after["isCross"], after["leverage"], after["rawUsd"]) == (False, 10, None)


def test_a_vault_and_a_builder_market_are_reached(ceremony):
    ceremony.draft(
        "request.json",
        "--coin",
        "xyz:TSLA",
        "--leverage",
        "3",
        "--isolated",
        "--vault",
        VAULT.lower,
    )
    ceremony.sign("request.json", "signed.json", "--expect", "130001=xyz:TSLA")
    assert ceremony.post("signed.json")["status"] == "confirmed"
    assert ceremony.exchange.setting(VAULT, "xyz:TSLA").value == 3


def test_a_batch_is_signed_in_one_unlock_and_posted_in_order(ceremony):
    parts = []
    for coin, leverage in (("BTC", "5"), ("ETH", "7"), ("SOL", "9")):
        ceremony.draft("one.json", "--coin", coin, "--leverage", leverage, "--cross", "--force")
        parts.append(json.loads((ceremony.folder / "one.json").read_text()))
    (ceremony.folder / "batch.json").write_text(json.dumps(parts))
    ceremony.sign("batch.json", "signed.json")
    # Markets side by side may overtake each other; one at a time they go in the order given.
    results = ceremony.post("signed.json", "--at-once", "1")
    assert [result["status"] for result in results] == ["confirmed"] * 3
    nonces = [entry.nonce for entry in ceremony.exchange.journal.entries()]
    assert nonces == [part["nonce"] for part in parts]


def test_a_lost_answer_is_resolved_without_a_second_landing(ceremony):
    ceremony.draft("request.json", "--coin", "ETH", "--leverage", "4", "--cross")
    ceremony.sign("request.json", "signed.json")
    ceremony.exchange.inject("502", count=4, path="/info")
    ceremony.post("signed.json", "--retry-for", "0", expect=8)
    ceremony.exchange.faults.clear()
    ceremony.exchange.inject("lose-answer", count=1)
    seen = ceremony.post("signed.json", "--retry-for", "0", expect=7)
    assert (seen["nonceState"], seen["account"]) == ("open", "shows")
    assert ceremony.post("signed.json", expect=7)["status"] == "in-effect"
    assert ceremony.exchange.journal.count(Outcome.ACCEPTED) == 1


def test_a_market_file_names_the_asset_in_the_review(ceremony):
    ceremony.run("broadcaster", "market", "--out", "market.json", "--api-url", ceremony.url)
    ceremony.draft("request.json", "--coin", "BTC", "--leverage", "2", "--cross")
    request = json.loads((ceremony.folder / "request.json").read_text())
    del request["market"]
    (ceremony.folder / "bare.json").write_text(json.dumps(request))
    shown = ceremony.run("signer", "inspect", "bare.json", "--market", "market.json", "--json")
    assert shown["coin"] == "BTC"
    codes = {warning["code"] for warning in shown["warnings"]}
    assert not {"market-unverified", "market-unknown"} & codes


def test_a_builder_market_is_named_by_the_file_and_signed_once_the_script_says_so(ceremony):
    wish = ("--coin", "xyz:TSLA", "--leverage", "2", "--isolated")
    ceremony.draft("request.json", *wish)
    shown = ceremony.run("signer", "inspect", "request.json", "--json")
    assert shown["coin"] == "xyz:TSLA"
    assert "market-unverified" in {warning["code"] for warning in shown["warnings"]}
    asset = shown["action"]["asset"]
    ceremony.sign("request.json", "signed.json", "--expect", f"{asset}=xyz:TSLA")
    assert ceremony.post("signed.json")["status"] == "confirmed"


def test_the_refusal_of_an_unknown_coin_leaves_no_file(ceremony):
    ceremony.run(
        "broadcaster",
        "draft",
        "--account",
        ceremony.account.lower,
        "--coin",
        "NOPE",
        "--leverage",
        "2",
        "--cross",
        "--out",
        "request.json",
        "--api-url",
        ceremony.url,
        expect=4,
    )
    assert not (ceremony.folder / "request.json").exists()
