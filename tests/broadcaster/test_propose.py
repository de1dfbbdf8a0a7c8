"""`propose`: who drafts signs the draft with an approver key of their own."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from click.testing import CliRunner

from coldlever.broadcaster.cli import cli
from coldlever.shared.message import Defaults
from coldlever.shared.message.approving import items_of
from coldlever.shared.message.request import load_requests
from coldlever.shared.policy import load_policy, verify_approval
from coldlever.shared.policy.docket import hearings
from coldlever.shared.sshsig import seal_key
from coldlever.shared.statement import Decision
from tests.shared.approving import KEYS, NOW, SIGNER, policy_text

PHRASE = "seven plain wooden chairs"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "policy.toml").write_text(policy_text(head='proposers = ["alice"]\n'))
    (tmp_path / "phrase").write_text(PHRASE + "\n")
    home = tmp_path / "state" / "approvers"
    home.mkdir(parents=True)
    for name in ("alice", "bob"):
        (home / name).write_bytes(seal_key(sha256(name.encode()).digest(), PHRASE, 1))
        (home / f"{name}.pub").write_text(KEYS[name].public.line + "\n")
    return tmp_path


def request(nonce=NOW, **changes):
    return {
        "network": "mainnet",
        "action": {"type": "updateLeverage", "asset": 0, "isCross": True, "leverage": 10},
        "nonce": nonce,
        "expiresAfter": NOW + 3_600_000,
        "signer": SIGNER.checksummed,
        **changes,
    }


def propose(folder, wire, name="alice", *options, status=0):
    (folder / "request.json").write_text(json.dumps(wire))
    command = [
        *("propose", str(folder / "request.json"), "--policy", str(folder / "policy.toml")),
        *("--approver", name, "--passphrase-file", str(folder / "phrase"), "--yes", "--json"),
        *("--state-dir", str(folder / "state"), *options),
    ]
    result = CliRunner().invoke(cli, command)
    assert result.exit_code == status, result.output
    return json.loads(result.stdout)


def test_a_proposal_travels_in_the_request(folder):
    made = propose(folder, request())["request"]
    file = load_requests(json.dumps(made).encode(), "f", Defaults())
    (one,) = hearings(items_of(file), (), is_batch=False)
    (said,) = one.approvals
    policy = load_policy((folder / "policy.toml").read_bytes(), "p")
    assert said.decision is Decision.PROPOSE
    assert verify_approval(policy, one.case, said, NOW) == "alice"


def test_a_batch_is_proposed_as_a_whole(folder):
    out = folder / "out.json"
    propose(folder, [request(), request(NOW + 1)], "alice", "--out", str(out))
    counts = [len(one.get("approvals", [])) for one in json.loads(out.read_text())]
    assert counts == [1, 0]


def test_who_may_not_propose_and_what_is_no_case_are_refused_and_nothing_is_written(folder):
    out = folder / "never.json"
    refused = propose(folder, request(), "bob", "--out", str(out), status=4)
    assert refused["error"]["code"] == "approval-invalid"
    mixed = [request(), request(NOW + 1, network="testnet")]
    refused = propose(folder, mixed, "alice", "--out", str(out), status=4)
    assert refused["error"]["code"] == "batch-mixed"
    refused = propose(folder, request(signer=None), "alice", "--out", str(out), status=4)
    assert refused["error"]["code"] == "signer-missing"
    refused = propose(folder, request(), "zoe", "--out", str(out), status=3)
    assert refused["error"]["code"] == "no-such-approver"
    (folder / "phrase").write_text("another one entirely\n")
    refused = propose(folder, request(), "alice", "--out", str(out), status=4)
    assert refused["error"]["code"] == "wrong-passphrase"
    assert not out.exists()
