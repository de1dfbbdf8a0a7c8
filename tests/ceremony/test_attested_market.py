"""A builder's market, attested on one machine, drafted on another, signed and posted by a script."""

from __future__ import annotations

import json
import shutil

import pytest

WISH = ("--coin", "xyz:TSLA", "--leverage", "2", "--isolated")
HEAD = """
policy = 1
version = 1
name = "attested"
change = "1 of 1"
attestors = ["carol"]
market-max-age = "7d"

[[person]]
name = "carol"
keys = ["{key}"]

[[rule]]
name = "all"
needs = "nobody"
"""


@pytest.fixture
def team(ceremony):
    """Carol's key, the policy, and the exchange's whole table as she has attested it."""
    folder = ceremony.folder
    (folder / "phrase").write_text("seven plain wooden chairs\n")
    (folder / "phrase").chmod(0o600)
    made = ceremony.run(
        "signer", "approver", "new", "--name", "carol", "--passphrase-file", "phrase", "--json"
    )
    (folder / "policy.toml").write_text(HEAD.format(key=made["publicKey"]))
    ceremony.run("broadcaster", "market", "--out", "table.json", "--api-url", ceremony.url)
    ceremony.run(
        "signer", "market", "attest", "table.json", "--policy", "policy.toml", "--approver",
        "carol", "--passphrase-file", "phrase", "--yes", "--out", "ours.json",
    )  # fmt: skip
    return ceremony


def test_no_name_is_typed_where_an_attestor_vouches_and_it_lands(team):
    team.draft("request.json", *WISH, "--attested", "ours.json")
    assert "marketProof" in json.loads((team.folder / "request.json").read_text())
    team.sign("request.json", "signed.json", "--policy", "policy.toml")
    assert team.post("signed.json")["status"] == "confirmed"


def test_the_proof_goes_by_qr_code(team):
    team.draft("request.json", *WISH, "--attested", "ours.json", "--qr-out", "code.apng")
    request = json.loads((team.folder / "request.json").read_text())
    assert team.run("signer", "qr", "read", "code.apng", "--json") == request
    shutil.copy(team.folder / "request.json", team.folder / "kept.json")
    team.sign("code.apng", "signed.json", "--scan", "--policy", "policy.toml")
    assert team.post("signed.json")["status"] == "confirmed"


def test_a_drafter_who_renames_the_market_is_refused(team):
    team.draft("request.json", *WISH, "--attested", "ours.json")
    path = team.folder / "request.json"
    wire = json.loads(path.read_text())
    wire["market"]["coin"] = "xyz:NVDA"
    path.write_text(json.dumps(wire))
    error = team.run(
        "signer", "sign", "request.json", "--keystore", str(team.keystore), "--passphrase-file",
        str(team.keystore.parent / "passphrase"), "--yes", "--policy", "policy.toml", "--out",
        "signed.json", "--json", expect=4,
    )["error"]  # fmt: skip
    assert error["code"] == "attestation-invalid"
    assert not (team.folder / "signed.json").exists()
