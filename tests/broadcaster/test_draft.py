"""The command `draft`, and `market`: unsigned documents from live data."""

from __future__ import annotations

import json
import stat

import pytest

from coldlever.shared.action.address import Address
from coldlever.shared.action.network import Network
from coldlever.shared.message.check_words import Subject, check_words
from coldlever.shared.message.request import Defaults, load_requests

VAULT = Address(b"\x11" * 20)
HOUR = 3_600_000


@pytest.fixture
def draft(desk):
    def make(*arguments: str, account=None):
        who = (account or desk.user.address).lower
        return desk.run("draft", "--account", who, *arguments, "--json")

    return make


CROSS = ("--coin", "BTC", "--leverage", "10", "--cross")


def test_a_draft_holds_the_action_the_market_and_the_setting_in_force(desk, draft):
    shown = draft(*CROSS)
    assert shown.status == 0
    request = shown.document["request"]
    assert request["action"] == {
        "type": "updateLeverage",
        "asset": 3,
        "isCross": True,
        "leverage": 10,
    }
    assert request["network"] == "testnet"
    assert (request["nonce"], request["expiresAfter"]) == (desk.time, desk.time + HOUR)
    assert request["signer"].lower() == desk.user.address.lower
    assert request["market"]["coin"] == "BTC"
    assert shown.document["current"] == {"isCross": True, "leverage": 20}
    assert desk.requests() == 0


@pytest.mark.parametrize("desk", [Network.MAINNET], indirect=True)
def test_ids_are_those_of_the_network_that_is_played(draft):
    assert draft(*CROSS).document["request"]["action"]["asset"] == 0
    builder = draft("--coin", "xyz:TSLA", "--leverage", "3", "--isolated")
    assert builder.document["request"]["action"]["asset"] == 110_001


def test_nonces_of_drafts_never_repeat(desk, draft):
    nonces = [draft(*CROSS).document["request"]["nonce"] for _ in range(3)]
    assert nonces == [desk.time, desk.time + 1, desk.time + 2]


def test_a_draft_that_is_signed_passes_its_checks_and_lands(desk, draft):
    request = draft(*CROSS).document["request"]
    signed = desk.sign(
        request["action"], nonce=request["nonce"], expires_after=request["expiresAfter"]
    )
    assert desk.post(desk.save(signed)).document["status"] == "confirmed"
    assert draft(*CROSS).document["request"]["nonce"] > request["nonce"]


def test_the_file_is_private_and_exactly_what_the_signer_reads(desk, draft):
    out = desk.folder / "request.json"
    shown = draft(*CROSS, "--note", "for \u202e Tuesday", "--out", str(out))
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert json.loads(out.read_text()) == shown.document["request"]
    assert shown.document["out"] == str(out)
    load_requests(out.read_bytes(), "request.json", Defaults())
    again = draft(*CROSS, "--out", str(out))
    assert again.error == "output-exists"
    assert draft(*CROSS, "--out", str(out), "--force").status == 0


def test_without_json_the_request_is_on_stdout_and_the_review_on_stderr(desk):
    shown = desk.run("draft", "--account", desk.user.address.lower, *CROSS)
    assert json.loads(shown.stdout)["action"]["leverage"] == 10
    assert "Changes: from cross 20x to cross 10x" in shown.stderr
    assert "Check words" in shown.stderr


def test_a_draft_names_its_signer_and_has_its_words(desk, draft):
    made = draft(*CROSS, "--challenge", "able acid also apex").document
    request = load_requests(json.dumps(made["request"]).encode(), "draft", Defaults()).requests[0]
    assert request.signer == request.account == desk.user.address
    subject = Subject(request.signable.digest(), desk.user.address)
    assert made["checkWords"] == " ".join(check_words([subject]))
    assert made["challenge"]["words"] == "able acid also apex"
    assert len(made["challenge"]["answer"].split()) == 5


def test_an_open_position_shows_its_margin_before_and_after(desk, draft):
    desk.exchange.open_position(desk.user.address, "BTC", "0.1")
    used = draft(*CROSS).document["marginUsed"]
    assert (float(used["before"]), used["after"]) == (420, "840.00")
    shown = desk.run("draft", "--account", desk.user.address.lower, *CROSS)
    assert "Margin used:" in shown.stderr


def test_the_margin_of_an_isolated_position_stays_with_another_leverage(desk, draft, action):
    desk.exchange.act(desk.sign(action.leverage(5, cross=False), nonce=desk.time - 9).body())
    desk.exchange.open_position(desk.user.address, "BTC", "0.01")
    wish = ("--coin", "BTC", "--leverage", "10", "--isolated")
    used = draft(*wish).document["marginUsed"]
    assert used["before"] == used["after"]
    desk.exchange.act(desk.sign(action.leverage(10, cross=False), nonce=desk.time - 8).body())
    assert draft(*wish).document["marginUsed"]["before"] == used["after"]


def test_a_draft_carries_the_open_position_and_leaves_open_what_nobody_knows(desk, draft):
    assert "position" not in draft(*CROSS).document["request"]
    desk.exchange.open_position(desk.user.address, "BTC", "-0.1")
    position = draft(*CROSS).document["request"]["position"]
    assert position["size"] == "-0.1"
    assert float(position["marginBefore"]) == 420
    assert float(position["liquidationBefore"]) > 0
    assert not {"marginAfter", "liquidationAfter"} & set(position)
    shown = desk.run("draft", "--account", desk.user.address.lower, *CROSS)
    assert "short 0.1 (as drafted, not signed)" in shown.stderr


@pytest.mark.parametrize(
    ("arguments", "check"),
    [
        (("--coin", "BTC", "--leverage", "41", "--cross"), "leverage"),
        (("--coin", "HYPE", "--leverage", "2", "--cross"), "margin-mode"),
        (("--coin", "MATIC", "--leverage", "2", "--cross"), "market"),
        (("--coin", "BTC", "--add-margin", "5"), "position"),
        (("--coin", "BTC", "--top-up", "2.5"), "margin-mode"),
        (("--coin", "BTC", "--leverage", "20", "--cross"), "change"),
    ],
)
def test_what_the_exchange_would_refuse_is_told_before_anybody_signs(desk, draft, arguments, check):
    shown = draft(*arguments)
    assert shown.status == 0
    assert check in [one["code"] for one in shown.document["checks"]]
    people = desk.run("draft", "--account", desk.user.address.lower, *arguments)
    assert ("will refuse" in people.stderr) is (check != "change")


def test_margin_is_drafted_in_micro_usd_and_for_the_side_of_the_position(desk, draft, action):
    isolated = action.leverage(5, cross=False)
    desk.exchange.act(desk.sign(isolated, nonce=desk.time - 9).body())
    desk.exchange.open_position(desk.user.address, "BTC", "-0.01")
    added = draft("--coin", "BTC", "--add-margin", "12.5").document["request"]["action"]
    assert added["ntli"] == 12_500_000
    assert added["isBuy"] is False
    removed = draft("--coin", "BTC", "--remove-margin", "0.000001").document["request"]["action"]
    assert removed["ntli"] == -1
    shown = desk.run(
        "draft", "--account", desk.user.address.lower, "--coin", "BTC", "--add-margin", "1"
    )
    assert "Margin used now" in shown.stderr


def test_a_vault_is_drafted_for_by_its_leader(desk, draft):
    desk.exchange.add_vault(desk.user.address, VAULT)
    request = draft(*CROSS, "--vault", VAULT.lower).document["request"]
    assert request["vaultAddress"] == VAULT.lower


def test_an_api_wallet_signs_for_the_account_that_approved_it(desk, draft):
    desk.exchange.add_agent(desk.user.address, desk.agent.address)
    agent = desk.agent.address.checksummed
    assert draft(*CROSS, "--signer", agent).document["request"]["signer"] == agent
    desk.exchange.add_account(desk.stranger.address)
    other = draft(*CROSS, "--signer", agent, account=desk.stranger.address)
    assert (other.status, other.error) == (4, "signer-not-allowed")


@pytest.mark.parametrize(
    ("arguments", "status", "error"),
    [
        (("--coin", "btc", "--leverage", "2", "--cross"), 4, "unknown-market"),
        (("--coin", "xyz:NOPE", "--leverage", "2", "--cross"), 4, "unknown-market"),
        (("--coin", "no:BTC", "--leverage", "2", "--cross"), 4, "unknown-market"),
        (("--coin", ":BTC", "--leverage", "2", "--cross"), 4, "unknown-market"),
        ((*CROSS, "--vault", VAULT.lower), 4, "unknown-vault"),
        (("--coin", "BTC"), 2, "one-change"),
        ((*CROSS, "--add-margin", "5"), 2, "one-change"),
        (("--coin", "BTC", "--leverage", "2"), 2, "margin-mode-missing"),
        (("--coin", "BTC", "--add-margin", "2", "--cross"), 2, "margin-mode-missing"),
        (("--coin", "BTC", "--add-margin", "0"), 2, "bad-amount"),
        (("--coin", "BTC", "--add-margin", "-5"), 2, "bad-amount"),
        (("--coin", "BTC", "--add-margin", "0.0000001"), 2, "bad-amount"),
        (("--coin", "BTC", "--add-margin", "much"), 2, "bad-amount"),
        (("--coin", "BTC", "--add-margin", "NaN"), 2, "bad-amount"),
        (("--coin", "BTC", "--add-margin", "1e999999"), 2, "bad-amount"),
        (("--coin", "BTC", "--add-margin", "sNaN"), 2, "bad-amount"),
        ((*CROSS, "--valid-for", "3d"), 2, "bad-duration"),
        ((*CROSS, "--valid-for", "soon"), 2, "bad-duration"),
        ((*CROSS, "--note", "a" * 5_000), 2, "note-too-long"),
        ((*CROSS, "--network", "mainnet"), 4, "network-mismatch"),
        ((*CROSS, "--signer", "0x12"), 3, "bad-address"),
    ],
    ids=lambda one: one if isinstance(one, str) else None,
)
def test_a_wish_that_cannot_be_drafted_leaves_no_file(desk, draft, arguments, status, error):
    out = desk.folder / "request.json"
    shown = draft(*arguments, "--out", str(out))
    assert (shown.status, shown.error) == (status, error)
    assert not out.exists()


@pytest.mark.parametrize("leverage", ["x", "1e1", "-2", "0", "1.50", ""])
def test_a_top_up_takes_a_decimal_in_its_shortest_form(draft, leverage):
    assert draft("--coin", "HYPE", "--top-up", leverage).status == 2


def test_an_account_the_exchange_does_not_know(desk, draft):
    shown = draft(*CROSS, account=desk.stranger.address)
    assert (shown.status, shown.error) == (4, "unknown-signer")


def test_no_expiry_is_left_out(draft):
    assert draft(*CROSS, "--no-expiry").document["request"]["expiresAfter"] is None


def test_market_writes_the_table_for_the_signer(desk):
    out = desk.folder / "market.json"
    shown = desk.run("market", "--out", str(out))
    assert (shown.status, shown.stdout) == (0, "")
    assert "markets of testnet" in shown.stderr
    table = json.loads(out.read_text())
    assert table["network"] == "testnet"
    assert json.loads(desk.run("market").stdout) == table
    assert desk.run("market", "--json").document == table
    assert desk.run("market", "--out", str(out), "--json").error == "output-exists"
    both = desk.run("market", "--out", str(out), "--force", "--json")
    assert both.document == table


@pytest.fixture
def attested(desk):
    """The table of the exchange, as somebody has attested it; what is changed is changed before."""

    def make(change=lambda table: None):
        table = desk.run("market").document
        change(table)
        table["attestations"] = [{"keyId": "0x" + "11" * 8, "signature": "0x" + "22" * 64}]
        path = desk.folder / "attested.json"
        path.write_text(json.dumps(table))
        return str(path)

    return make


def test_an_attested_draft_carries_the_proof_for_its_market_alone(desk, draft, attested):
    shown = draft(*CROSS, "--attested", attested())
    assert shown.status == 0
    request = shown.document["request"]
    assert request["market"]["coin"] == "BTC"
    proof = request["marketProof"]
    assert len(proof["path"]) in range(6, 10)
    assert len(proof["attestations"]) == 1
    assert "ETH" not in json.dumps(request)
    read = load_requests(json.dumps(request).encode(), "f", Defaults()).requests[0]
    assert read.proof.markets == proof["markets"]


def test_limits_that_differ_from_the_attested_ones_are_told(desk, draft, attested):
    def raise_limit(table):
        next(one for one in table["entries"] if one["coin"] == "BTC")["maxLeverage"] = 45

    shown = draft(*CROSS, "--attested", attested(raise_limit))
    assert shown.document["request"]["market"]["maxLeverage"] == 45
    assert "The exchange tells other limits" in shown.stderr


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda one: one.update(coin="BTD"), "market-mismatch"),
        (lambda one: one.update(coin="B T"), "market-not-plain"),
        (lambda one: one.update(asset=9999), "market-missing"),
    ],
)
def test_a_table_that_does_not_attest_the_market_drafts_nothing(
    desk, draft, attested, change, error
):
    def edit(table):
        change(next(one for one in table["entries"] if one["coin"] == "BTC"))

    out = desk.folder / "request.json"
    shown = draft(*CROSS, "--attested", attested(edit), "--out", str(out))
    assert (shown.status, shown.error) == (4, error)
    assert not out.exists()


def test_a_table_of_the_other_network_or_of_nobody_drafts_nothing(desk, draft, attested):
    def other(table):
        table["network"] = "mainnet"
        for one in table["entries"]:
            one["network"] = "mainnet"

    assert draft(*CROSS, "--attested", attested(other)).error == "network-mismatch"
    bare = desk.folder / "bare.json"
    desk.run("market", "--out", str(bare))
    shown = draft(*CROSS, "--attested", str(bare))
    assert (shown.status, shown.error) == (4, "attestations-missing")
