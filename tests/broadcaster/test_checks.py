"""Every check, passing and failing, with the stable code of its refusal."""

from __future__ import annotations

import pytest

from coldlever.broadcaster.check.checker import Checker
from coldlever.shared.action.address import Address
from coldlever.shared.action.network import Network
from coldlever.shared.action.signature import CURVE_ORDER

VAULT = Address(b"\x11" * 20)
SUB = Address(b"\x22" * 20)
CODES = [
    "format",
    "network",
    "signature",
    "signer-known",
    "signer-allowed",
    "nonce-window",
    "nonce-unused",
    "nonce-floor",
    "expiry",
    "market",
    "leverage",
    "margin-mode",
    "position",
    "change",
    "policy",
    "order",
]
DAY = 86_400_000


@pytest.fixture
def findings(desk):
    """Checks one payload; the findings by their code."""

    def check(payload, *options: str) -> dict[str, dict]:
        shown = desk.check(desk.save(payload), *options)
        assert shown.status in (0, 4), shown
        document = shown.document
        assert document["ok"] is (shown.status == 0)
        assert [one["code"] for one in document["checks"]] == CODES
        return {one["code"]: one for one in document["checks"]}

    return check


@pytest.fixture
def refused(desk, findings):
    """Checks a payload that must fail on `check` alone of those that could be run."""

    def check(payload, code: str, error: str, *options: str) -> dict:
        found = findings(payload, *options)
        failed = {name: one["error"] for name, one in found.items() if one["ok"] is False}
        assert failed == {code: error}
        assert found[code]["detail"]
        return found[code]

    return check


def test_a_good_payload_passes_them_all(desk, findings):
    found = findings(desk.sign())
    assert all(one["ok"] is True for one in found.values())
    assert not any(one.get("warning") for one in found.values())
    assert found["change"]["detail"] == "from cross 20x to cross 10x"


def test_the_document_says_who_acts_on_what(desk):
    payload = desk.sign()
    document = desk.check(desk.save(payload)).document
    assert document["complete"] is True
    assert document["signer"] == document["account"] == desk.user.address.checksummed
    assert (document["coin"], document["network"]) == ("BTC", "testnet")
    assert document["actionHash"] == "0x" + payload.signable.action_hash().hex()


def test_checking_sends_nothing_and_records_nothing(desk, findings):
    findings(desk.sign())
    assert desk.requests() == 0
    assert desk.run("history", "--json").document == []


def test_all_checks_run_even_when_one_fails(desk, findings, action):
    found = findings(desk.sign(action.leverage(50), nonce=1, expires_after=2))
    failed = {name for name, one in found.items() if one["ok"] is False}
    assert failed == {"nonce-window", "expiry", "leverage"}


def test_a_payload_for_the_other_network_meets_a_rehearsal_of_this_one(desk, findings):
    payload = desk.sign(network=Network.MAINNET)
    assert findings(payload)["network"]["error"] == "network-mismatch"


def test_network_and_envelope_must_agree(desk):
    shown = desk.check(desk.signed_file(), "--network", "mainnet")
    assert (shown.status, shown.error) == (4, "network-mismatch")


def test_the_claimed_hash_is_recomputed(desk, refused_wire):
    refused_wire(lambda wire: wire.update(actionHash="0x" + "00" * 32), "action-hash-mismatch")


def test_a_changed_action_is_noticed_by_its_hash(desk, refused_wire):
    refused_wire(lambda wire: wire["payload"]["action"].update(leverage=11), "action-hash-mismatch")


def test_a_signature_in_the_upper_half_is_refused_although_it_recovers(desk, refused_wire):
    def flip(wire):
        signature = wire["payload"]["signature"]
        signature["s"] = f"0x{CURVE_ORDER - int(signature['s'], 16):064x}"
        signature["v"] = 55 - signature["v"]

    refused_wire(flip, "signature-not-canonical")


def test_a_claimed_signer_must_have_signed(desk, refused_wire):
    refused_wire(lambda wire: wire.update(signer=VAULT.lower), "signer-mismatch")


@pytest.fixture
def refused_wire(desk):
    def check(change, error: str) -> None:
        wire = desk.sign().to_wire()
        change(wire)
        shown = desk.check(desk.save(wire))
        assert shown.status == 4
        found = {one["code"]: one for one in shown.document["checks"]}
        assert found["signature"]["error"] == error
        assert found["signer-known"]["detail"] == "not run: needs a valid signature"
        assert shown.document["complete"] is False

    return check


def test_the_expected_signer_is_compared(desk, findings):
    good = findings(desk.sign(), "--signer", desk.user.address.lower)
    assert good["signature"]["ok"]
    other = findings(desk.sign(), "--signer", VAULT.lower)
    assert other["signature"]["error"] == "signer-mismatch"


def test_a_bare_body_claims_no_signer_and_says_so(desk, findings):
    found = findings(desk.sign().body_wire(), "--network", "testnet")
    assert "claims no signer" in found["signature"]["detail"]
    named = ("--network", "testnet", "--signer", desk.user.address.lower)
    assert "as claimed" in findings(desk.sign().body_wire(), *named)["signature"]["detail"]


def test_a_signer_the_exchange_does_not_know(desk, findings):
    found = findings(desk.sign(by=desk.stranger))
    assert found["signer-known"]["error"] == "unknown-signer"
    assert found["signer-allowed"]["error"] == "signer-not-allowed"


def test_an_api_wallet_acts_for_its_master(desk, findings):
    desk.exchange.add_agent(desk.user.address, desk.agent.address)
    found = findings(desk.sign(by=desk.agent))
    assert found["signer-known"]["detail"].endswith("agent")
    assert desk.user.address.checksummed in found["signer-allowed"]["detail"]
    document = desk.check(desk.signed_file(by=desk.agent)).document
    assert document["account"] == desk.user.address.checksummed


def test_an_api_wallet_past_its_end_is_a_caution(desk, findings):
    desk.exchange.add_agent(
        desk.user.address, desk.agent.address, name="bot", valid_until=desk.time - 60_000
    )
    allowed = findings(desk.sign(by=desk.agent))["signer-allowed"]
    assert (allowed["ok"], allowed["warning"]) == (True, True)
    desk.exchange.add_agent(
        desk.user.address, desk.agent.address, name="bot", valid_until=desk.time + DAY
    )
    assert "warning" not in findings(desk.sign(by=desk.agent))["signer-allowed"]


@pytest.mark.parametrize("kind", ["vault", "sub-account"])
def test_the_controller_acts_on_its_vault_or_sub_account(desk, findings, kind):
    add = desk.exchange.add_vault if kind == "vault" else desk.exchange.add_sub_account
    add(desk.user.address, VAULT)
    found = findings(desk.sign(vault=VAULT))
    assert VAULT.checksummed in found["signer-allowed"]["detail"]
    desk.exchange.add_agent(desk.user.address, desk.agent.address)
    assert findings(desk.sign(vault=VAULT, by=desk.agent))["signer-allowed"]["ok"]


@pytest.mark.parametrize("kind", ["vault", "sub-account"])
def test_nobody_else_acts_on_it(desk, refused_signer, kind):
    desk.exchange.add_account(desk.stranger.address)
    add = desk.exchange.add_vault if kind == "vault" else desk.exchange.add_sub_account
    add(desk.stranger.address, VAULT)
    refused_signer(desk.sign(vault=VAULT), "signer-not-allowed")


def test_a_vault_address_that_is_none(desk, refused_signer):
    refused_signer(desk.sign(vault=VAULT), "unknown-vault")
    refused_signer(desk.sign(vault=desk.user.address), "unknown-vault")


@pytest.mark.parametrize("masters_own", [True, False])
def test_a_multi_sig_account_takes_no_single_signature(desk, refused_signer, masters_own):
    desk.exchange.set_multi_sig(desk.user.address, [VAULT, SUB], 2)
    if masters_own:
        refused_signer(desk.sign(), "multi-sig")
    else:
        desk.exchange.add_agent(desk.user.address, desk.agent.address)
        refused_signer(desk.sign(by=desk.agent), "multi-sig")


@pytest.fixture
def refused_signer(findings):
    def check(payload, error: str) -> None:
        found = findings(payload)
        assert found["signer-allowed"]["error"] == error
        assert found["position"]["ok"] is None
        assert found["change"]["detail"] == "not run: an earlier check failed"

    return check


@pytest.mark.parametrize("off", [-2 * DAY + 1, DAY - 1])
def test_a_nonce_just_within_the_window(desk, findings, off):
    assert findings(desk.sign(nonce=desk.time + off))["nonce-window"]["ok"]


@pytest.mark.parametrize("off", [-2 * DAY, DAY])
def test_a_nonce_on_the_edge_of_the_window_is_outside(desk, refused, off):
    payload = desk.sign(nonce=desk.time + off, expires_after=desk.time + DAY)
    refused(payload, "nonce-window", "nonce-window")


def test_a_posted_nonce_is_used(desk, refused, action):
    payload = desk.sign(nonce=desk.time)
    desk.post(desk.save(payload))
    same = refused(payload, "nonce-unused", "nonce-used")
    assert "this very payload" in same["detail"]
    other = refused(desk.sign(action.leverage(5), nonce=desk.time), "nonce-unused", "nonce-used")
    assert "another action" in other["detail"]


def test_an_expiry_needs_a_margin(desk, refused, findings):
    assert findings(desk.sign(expires_after=desk.time + 5_001))["expiry"]["ok"]
    for left in (5_000, 0, -1):
        refused(desk.sign(expires_after=desk.time + left), "expiry", "expired")


def test_no_expiry_is_a_caution(desk, findings):
    found = findings(desk.sign(expires_after=None))["expiry"]
    assert (found["ok"], found["warning"]) == (True, True)


def test_a_checker_of_one_network_refuses_payloads_of_the_other(desk):
    ledger = desk.ledger()
    reader = desk.reader()
    checker = Checker(ledger, reader.api.venue.key, desk.time, reader)
    report = checker.run(desk.sign(network=Network.MAINNET)).report
    ledger.close()
    assert report.first_failure.error == "network-mismatch"
    assert "is testnet" in report.first_failure.detail


def test_an_api_wallet_that_the_master_does_not_list_has_no_known_end(desk, findings, key_of):
    desk.exchange.add_agent(desk.user.address, desk.agent.address)
    desk.exchange.add_agent(
        desk.user.address, key_of(8).address, name="other", valid_until=desk.time + DAY
    )
    assert not findings(desk.sign(by=desk.agent))["signer-allowed"].get("warning")
