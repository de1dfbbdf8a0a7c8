"""What people read of policies and approvals, and the odd cases of their commands."""

import json

import pytest

from tests.shared.approving import NOW, person_text, policy_text
from tests.signer.team import ADDRESS, PHRASE


@pytest.fixture
def request_path(team, make_request):
    return team.document("request.json", make_request(signer=str(ADDRESS)))


def text(cli, *arguments, status=0):
    shown = cli(*arguments)
    assert shown.exit_code == status, shown.output
    return shown.stderr


def test_a_policy_is_shown_in_words(team, cli):
    team.policy.write_text(policy_text(head='proposers = ["alice"]\n'))
    shown = text(cli, "policy", "show", team.policy)
    for words in (
        "Policy 7 (treasury)",
        "alice (risk)",
        "SHA256:",
        "proposers alice",
        "rule 1    lower or add: needs 1 of 4",
        "a change of the policy needs 2 of 4",
    ):
        assert words in shown, words


def test_remarks_are_said_and_problems_end_with_status_four(team, cli):
    sound = text(cli, "policy", "check", team.policy)
    assert "policy 7 can be sealed" in sound
    rules = '[[rule]]\nname = "a"\nneeds = "4 of 4"\n[[rule]]\nname = "b"\nneeds = "1 of 4"\n'
    team.policy.write_text(policy_text(rules=rules))
    shown = text(cli, "policy", "check", team.policy, status=4)
    assert "rule-never-matches" in shown
    assert "loss-blocks" in shown
    assert "error [policy-unsound]" in shown


def test_each_rule_says_why_it_does_not_decide(team, cli, request_path):
    shown = text(cli, "policy", "explain", request_path, "--policy", team.policy)
    assert "it counts as raise" in shown
    assert 'rule "lower or add": it is not about the direction raise' in shown
    assert 'rule "all else": it is about this, and decides' in shown
    rules = '[[rule]]\nname = "r"\nassets = [7]\nleverage-up-to = 3\nneeds = "1 of 4"\n'
    team.policy.write_text(policy_text(rules=rules, limits="[limits]\nceiling = 5\n"))
    shown = text(cli, "policy", "explain", request_path, "--policy", team.policy)
    assert "refused: 10x is above the ceiling" in shown
    assert "no rule is about it" in shown


def test_approvals_are_listed_and_counted_in_words(team, cli, request_path):
    policy = ("--policy", team.policy)
    assert "nobody has said anything" in text(cli, "approvals", "list", request_path)
    said = [team.say(name, request_path) for name in ("alice", "carol")]
    both = team.folder / "both.json"
    shown = text(cli, "approvals", "add", request_path, *said, *policy, "--out", both)
    assert "it carries 2 approvals now" in shown
    shown = text(cli, "approvals", "list", both)
    assert "approve by key 0x" in shown
    shown = text(cli, "approvals", "list", both, *policy)
    assert "approve by alice, its signature holds" in shown
    shown = text(cli, "approvals", "check", both, *policy)
    assert "approved by alice, carol" in shown
    shown = text(cli, "approvals", "check", request_path, *policy, status=4)
    assert "missing 1 of" not in shown
    assert "0 of 2; missing" in shown
    no = team.say("bob", both, command="reject")
    shown = text(cli, "approvals", "check", both, *policy, "--approvals", no, status=4)
    assert "rejected by bob" in shown


def test_an_approval_that_does_not_hold_is_listed_with_its_fault(team, cli, request_path):
    wire = json.loads(request_path.read_text())
    said = json.loads(team.say("alice", request_path).read_text())["approvals"][0]
    bad = said | {"signature": "0x" + "00" * 64}
    stranger = said | {"keyId": "0x" + "00" * 8}
    broken = team.document("broken.json", wire | {"approvals": [bad, stranger]})
    shown = text(cli, "approvals", "list", broken, "--policy", team.policy)
    assert "by alice, NOT VALID: " in shown
    assert "by key 0x0000000000000000, NOT VALID: " in shown


def test_several_documents_and_signatures_without_a_policy_are_wrong_usage(
    team, cli, request_path, tmp_path
):
    other = team.document("other.json", json.loads(request_path.read_text()))
    assert cli.refusal("approvals", "list", request_path, other, status=2) == "one-document"
    shown = cli.json(
        "approve", request_path, other, "--policy", team.policy, "--approver",
        team.person("alice"), "--passphrase-file", team.phrase, "--yes", status=2,
    )  # fmt: skip
    assert shown["error"]["code"] == "one-document"
    batch = [json.loads(request_path.read_text()) | {"nonce": NOW - n} for n in (1, 2)]
    said = json.loads(team.say("alice", request_path).read_text())["approvals"]
    mixed = team.document("mixed.json", [batch[0] | {"approvals": said}, batch[1]])
    apart = ("approvals", "add", mixed, team.say("bob", request_path), "--policy", team.policy)
    assert cli.json(*apart, "--apart", status=4)["error"]["code"] == "approval-invalid"


def test_a_statement_is_written_with_the_way_to_sign_it(team, cli, request_path, tmp_path):
    team.person("alice")
    options = ("--policy", team.policy, "--key", team.folder / "alice.pub", "--statement-only")
    shown = text(cli, "approve", request_path, *options, "--out", tmp_path / "s")
    assert "ssh-keygen -Y sign -f KEY -n approve@coldlever" in shown
    assert cli.refusal("approve", request_path, *options, "--qr", status=2) == "statement-as-code"
    without = ("--policy", team.policy, "--key", team.folder / "alice.pub")
    assert cli.refusal("approve", request_path, *without, status=2) == "key-without-secret"


def test_an_approver_key_is_found_alone_and_asked_for_its_passphrase(team, cli, request_path):
    nobody = ("approve", request_path, "--policy", team.policy)
    assert cli.refusal(*nobody, status=3) == "no-such-approver"
    typed = iter(["wrong one", PHRASE])
    shown = cli(
        *nobody, "--approver", team.person("alice"), "--yes", "--out", team.folder / "a.json",
        ask_secret=lambda _prompt: next(typed),
    )  # fmt: skip
    assert shown.exit_code == 0, shown.output
    assert "Try again" in shown.stderr
    assert "approved as alice" in shown.stderr


def test_a_public_half_that_belongs_to_another_key_is_refused(team, cli, request_path):
    team.person("alice")
    team.person("bob")
    (team.folder / "alice.pub").write_bytes((team.folder / "bob.pub").read_bytes())
    refused = cli.json(
        "approve", request_path, "--policy", team.policy, "--approver", team.folder / "alice",
        "--passphrase-file", team.phrase, "--yes", status=4,
    )  # fmt: skip
    assert refused["error"]["code"] == "key-mismatch"


def test_a_key_that_is_not_encrypted_is_used_with_a_warning(team, cli, request_path, tmp_path):
    from tests.shared.ssh_tools import make_key, public_line, require_ssh_keygen

    require_ssh_keygen()
    key = make_key(tmp_path, "open")
    people = person_text("frank", (), public_line(key).rsplit(" ", 1)[0])
    rules = '[[rule]]\nname = "r"\nneeds = "1 of 1"\n'
    policy = team.write("f.toml", policy_text(people=people, rules=rules, change="1 of 1"))
    out = tmp_path / "f.json"
    shown = cli(
        "approve", request_path, "--policy", policy, "--approver", key, "--yes", "--out", out
    )
    assert shown.exit_code == 0, shown.output
    assert "is not encrypted" in shown.stderr
    assert cli.json("approvals", "check", request_path, "--policy", policy, "--approvals", out)[
        "ok"
    ]


def test_a_policy_to_begin_with_is_sound_and_for_one_signer(team, cli, tmp_path):
    team.person("alice")
    out = tmp_path / "p.toml"
    shown = text(
        cli, "policy", "init", "--approver", f"alice={team.folder / 'alice.pub'}",
        "--signer", ADDRESS, "--out", out,
    )  # fmt: skip
    assert "wrote policy 1" in shown
    assert str(ADDRESS) in out.read_text()
    assert 'needs = "1 of 1"' in out.read_text()
    assert "can be sealed" in text(cli, "policy", "check", out)
    bad = team.write("bad.pub", "ssh-rsa AAAA\n")
    assert cli.refusal("policy", "init", "--approver", f"a={bad}", status=3) == "bad-public-key"


def test_sealing_and_unsealing_are_told_in_words(team, cli):
    team.backup.write_bytes(team.keystore.read_bytes())
    shown = text(
        cli, "policy", "seal", team.policy, "--keystore", team.keystore, "--backup", team.backup,
        "--passphrase-file", team.phrase, "--yes",
    )  # fmt: skip
    assert f"the key of {ADDRESS} is sealed to policy 7" in shown
    again = team.seal(status=4)
    assert again["error"]["code"] == "already-sealed"
    shown = text(cli, "policy", "show", "--keystore", team.keystore)
    assert "Policy 7 (treasury)" in shown


def test_a_key_without_a_policy_has_none_to_show(team, cli):
    shown = cli.refusal("policy", "show", "--keystore", team.keystore, status=4)
    assert shown == "no-policy"


def test_a_signature_with_something_else_beside_it_is_refused(team, cli, request_path, tmp_path):
    from tests.shared.ssh_tools import keygen_sign, make_key, require_ssh_keygen

    require_ssh_keygen()
    key = make_key(tmp_path, "k")
    note = tmp_path / "note"
    note.write_text("hello\n")
    keygen_sign(key, "approve@coldlever", note)
    options = ("approvals", "add", request_path, f"{note}.sig", "--policy", team.policy)
    assert cli.refusal(*options, status=3) == "not-a-statement"
    note.unlink()
    assert cli.refusal(*options, status=4) == "unknown-approver"
