"""A policy is checked before a post like everything else: without approvals nothing is sent."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from coldlever.broadcaster.rehearsal import Outcome
from coldlever.shared.message.approving import item_of
from coldlever.shared.policy import load_policy
from coldlever.shared.policy.docket import hearings
from coldlever.shared.statement import Decision, merge
from tests.shared.approving import policy_text, say, with_list

LIMITS = '[limits]\nnetworks = ["testnet"]\nceiling = 40\n'


@pytest.fixture
def policy(desk):
    """The policy in the state folder, where it binds every run."""
    text = policy_text(limits=LIMITS)
    (desk.state / "policy.toml").write_text(text)
    return load_policy(text.encode(), "policy.toml")


def case_of(*payloads):
    (one,) = hearings([item_of(each) for each in payloads], (), is_batch=len(payloads) > 1)
    return one.case


def approved(policy, payload, *names, **changes):
    case = case_of(payload)
    return replace(payload, approvals=merge(say(policy, case, name, **changes) for name in names))


def refused(desk, file, *options, status=4):
    """The refusal of the policy check; the exchange has seen nothing."""
    shown = desk.post(file, *options)
    assert shown.status == status, shown
    assert desk.exchange.journal.entries() == []
    ledger = desk.ledger()
    try:
        assert ledger.rows() == []
    finally:
        ledger.close()
    document = shown.document
    first = document[0] if isinstance(document, list) else document
    assert first["error"]["remedy"]
    return first["error"]["code"]


# The account's setting in the rehearsal is cross 20x.
RAISE = {"type": "updateLeverage", "asset": 3, "isCross": True, "leverage": 30}


def test_without_a_policy_the_check_says_so(desk):
    found = {one["code"]: one for one in desk.check(desk.signed_file()).document["checks"]}
    assert found["policy"] == {"code": "policy", "ok": True, "detail": "no policy is in force here"}


def test_what_nobody_has_approved_is_not_posted(desk, policy):
    assert refused(desk, desk.signed_file(RAISE)) == "approvals-missing"


def test_what_enough_people_have_approved_is_posted_once(desk, policy):
    file = desk.save(approved(policy, desk.sign(RAISE), "alice", "carol"))
    found = {one["code"]: one for one in desk.check(file).document["checks"]}
    assert found["policy"]["detail"] == 'policy 7, rule "all else": approved by alice, carol'
    assert desk.post(file).status == 0
    assert desk.exchange.journal.count(Outcome.ACCEPTED) == 1


def test_lowering_needs_fewer_people_by_the_setting_that_was_read(desk, policy):
    lower = approved(policy, desk.sign(), "dave")
    assert desk.post(desk.save(lower)).status == 0
    again = approved(policy, desk.sign(RAISE), "dave")
    shown = desk.post(desk.save(again))
    assert shown.document["error"]["code"] == "approvals-missing"


def test_offline_the_setting_is_not_known_and_nothing_is_claimed(desk, policy):
    file = desk.save(approved(policy, desk.sign(), "dave"))
    shown = desk.check(file, "--offline")
    found = {one["code"]: one for one in shown.document["checks"]}
    assert found["policy"]["ok"] is None
    assert "was not read" in found["policy"]["detail"]


def test_an_approval_of_another_payload_is_refused(desk, policy):
    other = approved(policy, desk.sign(RAISE), "alice", "carol").approvals
    file = desk.save(replace(desk.sign(RAISE), approvals=other))
    assert refused(desk, file) == "approval-invalid"


def test_an_approval_under_another_policy_is_refused(desk, policy):
    later = load_policy(policy_text(version=8, limits=LIMITS).encode(), "p")
    file = desk.save(approved(later, desk.sign(RAISE), "alice", "carol"))
    assert refused(desk, file) == "policy-mismatch"


def test_a_rejection_that_arrives_blocks(desk, policy):
    payload = desk.sign(RAISE)
    no = say(policy, case_of(payload), "bob", Decision.REJECT)
    both = approved(policy, payload, "alice", "carol")
    file = desk.save(replace(both, approvals=merge(both.approvals, [no])))
    assert refused(desk, file) == "policy-refused"


def test_what_the_policy_forbids_is_not_posted_whoever_approved(desk, policy):
    too_high = {**RAISE, "leverage": 41}
    file = desk.save(approved(policy, desk.sign(too_high), "alice", "carol"))
    shown = desk.check(file)
    found = {one["code"]: one for one in shown.document["checks"]}
    assert found["policy"]["error"] == "policy-refused"


def test_an_approval_that_has_ended_is_refused(desk, policy):
    payload = approved(policy, desk.sign(RAISE), "alice", "carol", not_after=desk.time - 1)
    assert refused(desk, desk.save(payload)) == "approval-invalid"


def test_an_approval_that_ends_while_somebody_reads_is_refused(desk, policy):
    payload = approved(policy, desk.sign(RAISE), "alice", "carol", not_after=desk.time + 10_000)
    file = desk.save(payload)

    def read_slowly(_question):
        desk.time += 20_000
        return "yes"

    desk.sit_down(read_slowly)
    shown = desk.run("post", file)
    assert shown.status == 4, shown
    assert "approval-invalid" in shown.stderr
    assert desk.exchange.journal.entries() == []


def batch_of(desk, policy, *names, listed=False):
    payloads = [desk.sign({**RAISE, "leverage": 21 + n}) for n in range(3)]
    case = case_of(*payloads)
    said = [say(policy, case, name, not_after=case.end) for name in names]
    if listed:
        said = [with_list(one, case) for one in said]
    return payloads, case, tuple(merge(said))


def test_one_approval_of_the_list_is_enough_for_a_batch(desk, policy):
    payloads, _, said = batch_of(desk, policy, "alice", "carol")
    first = replace(payloads[0], approvals=said)
    shown = desk.post(desk.save(first, *payloads[1:]))
    assert shown.status == 0, shown
    assert desk.exchange.journal.count(Outcome.ACCEPTED) == 3


def test_a_single_payload_of_a_batch_is_checked_against_the_list(desk, policy):
    from coldlever.shared.message.approvals_file import ApprovalsFile

    payloads, case, said = batch_of(desk, policy, "alice", "carol", listed=True)
    sheet = desk.folder / "said.json"
    sheet.write_text(json.dumps(ApprovalsFile(case.network, case.subject, said).to_wire()))
    assert desk.post(desk.save(payloads[1]), "--approvals", str(sheet)).status == 0
    strange = desk.save(desk.sign(RAISE), name="strange.json")
    shown = desk.post(strange, "--approvals", str(sheet))
    assert shown.document["error"]["code"] == "approval-invalid"


def test_a_payload_that_was_added_to_an_approved_batch_blocks_it(desk, policy):
    payloads, _, said = batch_of(desk, policy, "alice", "carol")
    first = replace(payloads[0], approvals=said)
    file = desk.save(first, payloads[1], desk.sign({**RAISE, "leverage": 39}))
    assert refused(desk, file) == "approval-invalid"


def test_a_day_has_so_many_changes_and_those_of_the_run_count(desk):
    text = policy_text(
        limits="[limits]\nchanges-a-day = 2\n", rules='[[rule]]\nname = "free"\nneeds = "nobody"\n'
    )
    (desk.state / "policy.toml").write_text(text)
    three = [desk.sign({**RAISE, "leverage": 21 + n}) for n in range(3)]
    assert refused(desk, desk.save(*three)) == "policy-refused"
    assert desk.post(desk.save(*three[:2])).status == 0
    late = desk.post(desk.save(three[2], name="late.json"))
    assert late.document["error"]["code"] == "policy-refused"


def test_an_option_may_name_the_policy_and_approvals_need_one(desk):
    path = desk.folder / "p.toml"
    path.write_text(policy_text(limits=LIMITS))
    file = desk.signed_file(RAISE)
    assert refused(desk, file, "--policy", str(path)) == "approvals-missing"
    sheet = desk.folder / "a.json"
    sheet.write_text("{}")
    shown = desk.post(file, "--approvals", str(sheet))
    assert (shown.status, shown.document["error"]["code"]) == (2, "policy-missing")


def test_a_damaged_policy_stops_everything(desk, policy):
    (desk.state / "policy.toml").write_text("policy = 1\n")
    shown = desk.post(desk.signed_file())
    assert shown.status == 3
    assert desk.exchange.journal.entries() == []


def test_the_policy_is_shown_checked_and_explained_here_too(desk, policy):
    file = str(desk.state / "policy.toml")
    from click.testing import CliRunner

    from coldlever.broadcaster.cli import cli

    def run(*arguments):
        result = CliRunner().invoke(cli, [*arguments, "--json"], obj=desk.machine)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    assert run("policy", "show", file)["version"] == 7
    assert run("policy", "check", file)["ok"] is True
    (explained,) = run("policy", "explain", desk.signed_file(RAISE), "--policy", file)["requests"]
    assert (explained["decides"], explained["direction"]) == ("all else", "raise")
    assert explained["rules"][0]["reason"] == "it is not about the direction raise"
