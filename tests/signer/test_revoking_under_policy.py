"""Revoking needs no approval and no policy: it changes nothing, and must not have to wait."""

import json

import pytest

from tests.shared.approving import NOW, policy_text
from tests.signer.team import ADDRESS

STRICT = """
[limits]
networks = ["testnet"]
ceiling = 1
expiry-required = true
longest-validity = "1m"
"""
NOBODY_MAY = '[[rule]]\nname = "nothing at all"\nrefuse = true\n'


@pytest.fixture
def noop(make_request):
    """The request that kills what `make_request` makes."""
    original = make_request()

    def make(**changes):
        return {
            **original,
            "action": {"type": "noop"},
            "expiresAfter": None,
            "signer": str(ADDRESS),
            **changes,
        }

    return make


@pytest.fixture
def kill(team, noop):
    return team.document("kill.json", noop())


def test_a_sealed_key_revokes_without_an_approval(team, kill):
    team.seal()
    signed = team.sign(kill)
    assert signed["payload"]["payload"]["action"] == {"type": "noop"}
    assert (signed["policy"], signed["payload"]["approvals"]) == (None, [])


def test_who_revokes_is_told_that_it_needs_no_approval(team, kill, cli):
    team.seal()
    shown = cli(
        "sign", kill, "--keystore", team.keystore, "--passphrase-file", team.phrase, "--yes"
    )
    assert shown.exit_code == 0
    assert "Policy: revoking needs no approval." in shown.stderr
    assert "no policy is in force" not in shown.stderr


@pytest.mark.parametrize("rules", [None, NOBODY_MAY], ids=["limits", "refusing rule"])
def test_no_limit_and_no_rule_holds_a_revocation_up(team, kill, make_request, rules):
    more = {} if rules is None else {"rules": rules}
    team.write("policy.toml", policy_text(limits=STRICT, change="2 of 4", **more))
    team.seal()
    assert team.refusal(team.document("r.json", make_request(signer=str(ADDRESS)))) == (
        "policy-refused"
    )
    assert team.sign(kill)["signed"]


def test_a_policy_that_the_ledger_knows_to_be_old_still_lets_a_revocation_through(
    team, kill, make_request
):
    team.seal()
    team.keystore.write_bytes(team.backup.read_bytes())
    request = team.document("r.json", make_request(signer=str(ADDRESS), nonce=NOW - 5))
    assert team.refusal(request) == "policy-older"
    assert team.sign(kill)["signed"]
    assert team.refusal(request) == "policy-older"


def test_a_revocation_does_not_make_a_policy_the_newest_known(team, kill, make_request):
    newer = team.write("newer.toml", policy_text(version=8, change="2 of 4"))
    assert team.sign(kill, options=("--policy", newer))["signed"]
    request = team.document("r.json", make_request(signer=str(ADDRESS), nonce=NOW - 5))
    said = [team.say(name, request) for name in ("alice", "carol")]
    assert team.sign(request, *said, options=("--policy", team.policy))["policy"]


def test_beside_a_revocation_a_change_still_needs_its_approvals(team, noop, make_request):
    team.seal()
    change = make_request(signer=str(ADDRESS), nonce=NOW - 5)
    both = team.document("both.json", [noop(), change])
    assert team.refusal(both) == "approvals-missing"
    said = [team.say(name, both) for name in ("alice", "carol")]
    signed = team.sign(both, *said)
    assert [len(one["approvals"]) for one in signed["payloads"]] == [0, 2]
    assert [one["approvedBy"] for one in signed["policy"]] == [["alice", "carol"]]


def test_an_approval_of_a_batch_is_one_of_its_changes_alone(team, noop, make_request):
    team.seal()
    change = make_request(signer=str(ADDRESS), nonce=NOW - 5)
    alone = team.document("alone.json", [change])
    said = [team.say(name, alone) for name in ("alice", "carol")]
    both = team.document("both.json", [change, noop()])
    assert team.sign(both, *said)["policy"][0]["approvedBy"] == ["alice", "carol"]


def test_revocations_are_no_changes_of_the_day(team, noop, make_request):
    rules = '[[rule]]\nname = "free"\nneeds = "nobody"\n'
    limits = "[limits]\nchanges-a-day = 1\n"
    team.write("policy.toml", policy_text(limits=limits, rules=rules, change="2 of 4"))
    team.seal()
    for number in range(3):
        team.sign(team.document("n.json", noop(nonce=NOW - 100 - number)))
    first = team.document("1.json", make_request(signer=str(ADDRESS), nonce=NOW - 5))
    assert team.sign(first)["signed"]
    second = team.document("2.json", make_request(signer=str(ADDRESS), nonce=NOW - 4))
    assert team.refusal(second) == "policy-refused"
    assert team.sign(team.document("n.json", noop(nonce=NOW - 5)))["signed"]


def test_nobody_is_asked_to_approve_a_revocation(team, kill, cli):
    options = ("--policy", team.policy)
    for command in ("approve", "reject"):
        error = cli.json(
            command, kill, *options, "--approver", team.person("alice"),
            "--passphrase-file", team.phrase, "--yes", status=4,
        )["error"]  # fmt: skip
        assert error["code"] == "nothing-to-approve"
        assert error["remedy"]
    for command in (("approvals", "check"), ("policy", "explain")):
        assert cli.json(*command, kill, *options, status=4)["error"]["code"] == (
            "nothing-to-approve"
        )


def test_approvals_of_a_revocation_are_no_part_of_its_document(team, noop, make_request, cli):
    request = team.document("r.json", make_request(signer=str(ADDRESS)))
    said = json.loads(team.say("alice", request).read_text())["approvals"]
    team.document("kill.json", noop(approvals=said))
    assert cli.refusal("inspect", team.folder / "kill.json", status=3) == "not-for-noop"
    team.document("kill.json", noop(approvals=[]))
    assert cli("inspect", team.folder / "kill.json").exit_code == 0


def test_approvals_of_something_else_beside_a_revocation_are_refused(team, kill, make_request):
    team.seal()
    request = team.document("r.json", make_request(signer=str(ADDRESS)))
    assert team.refusal(kill, team.say("alice", request)) == "approval-invalid"
