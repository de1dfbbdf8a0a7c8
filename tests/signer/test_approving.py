"""The signer signs what a policy allows and its people have approved, and nothing else."""

import json

import pytest

from coldlever.shared.message import load_signed
from coldlever.shared.message.approving import items_of
from coldlever.shared.policy import judge, load_policy
from coldlever.shared.policy.docket import hearings
from tests.shared.approving import KEYS, NOW, around, person_text, policy_text
from tests.signer.team import ADDRESS


@pytest.fixture
def sealed(team):
    team.seal()
    return team


@pytest.fixture
def request_of(team, make_request):
    """Writes a request that names its signer."""

    def write(name="request.json", **changes):
        return team.document(name, make_request(signer=str(ADDRESS), **changes))

    return write


def test_without_a_policy_nothing_changes_but_that_it_is_said(team, request_of, cli):
    shown = cli(
        "sign", request_of(), "--keystore", team.keystore, "--passphrase-file", team.phrase, "--yes"
    )
    assert shown.exit_code == 0
    assert "no policy is in force" in shown.stderr
    assert team.sign(request_of())["policy"] is None


def test_enough_approvals_let_it_be_signed_and_travel_in_the_signed_file(sealed, request_of):
    request = request_of()
    said = [sealed.say(name, request) for name in ("alice", "carol")]
    signed = sealed.sign(request, *said)
    (standing,) = signed["policy"]
    assert (standing["approvedBy"], standing["rules"]) == (["alice", "carol"], ["all else"])
    payloads = load_signed(json.dumps(signed["payload"]).encode(), "f")
    policy = load_policy(sealed.policy.read_bytes(), "p")
    (one,) = hearings(items_of(payloads), (), is_batch=False)
    assert judge(policy, one.case, one.approvals, around()).standing.evidence.approvers == (
        "alice",
        "carol",
    )


def test_who_is_missing_is_said_before_anybody_types_a_passphrase(sealed, request_of):
    request = request_of()
    alice = sealed.say("alice", request)
    asked = []
    document = sealed.cli.json(
        "sign", request, "--keystore", sealed.keystore, "--approvals", alice, "--yes",
        status=4, ask_secret=lambda prompt, **_: asked.append(prompt),
    )  # fmt: skip
    assert document["error"]["code"] == "approvals-missing"
    assert "1 of 2; missing one of: carol, dave (ops)" in document["error"]["message"]
    assert document["error"]["approval"]["approvedBy"] == ["alice"]
    assert document["error"]["approval"]["rules"] == ["all else"]
    assert asked == []


def test_a_batch_needs_one_approval_for_the_list(sealed, make_request):
    batch = sealed.document(
        "batch.json", [make_request(signer=str(ADDRESS), nonce=NOW - n) for n in (1, 2, 3)]
    )
    assert sealed.refusal(batch) == "approvals-missing"
    said = [sealed.say(name, batch) for name in ("bob", "dave")]
    signed = sealed.sign(batch, *said)
    assert [len(one["approvals"]) for one in signed["payloads"]] == [2, 0, 0]
    assert "list" not in signed["payloads"][0]["approvals"][0]
    # A single request of it is checked against the list.
    single = sealed.document("single.json", make_request(signer=str(ADDRESS), nonce=NOW - 2))
    assert sealed.sign(single, *said)["signed"][0]["alreadySigned"] is True


def test_approvals_are_brought_into_the_request_and_counted(sealed, request_of, cli, tmp_path):
    request = request_of()
    alice, carol = (sealed.say(name, request) for name in ("alice", "carol"))
    one, both = tmp_path / "one.json", tmp_path / "both.json"
    options = ("--policy", sealed.policy)
    cli.json("approvals", "add", request, alice, *options, "--out", one)
    checked = cli.json("approvals", "check", one, *options, status=4)
    assert checked["error"]["code"] == "approvals-missing"
    assert checked["cases"][0]["missing"] == ["1 of 2; missing one of: carol, dave (ops)"]
    cli.json("approvals", "add", one, carol, *options, "--out", both)
    assert cli.json("approvals", "check", both, *options)["ok"] is True
    listed = cli.json("approvals", "list", both, *options)["approvals"]
    assert {(row["person"], row["ok"]) for row in listed} == {("alice", True), ("carol", True)}
    assert sealed.sign(both)["policy"][0]["approvedBy"] == ["alice", "carol"]


def test_a_rejection_blocks_until_its_author_approves_after_all(sealed, request_of):
    request = request_of()
    said = [sealed.say(name, request) for name in ("alice", "carol")]
    no = sealed.say("bob", request, command="reject")
    assert sealed.refusal(request, *said, no) == "policy-refused"
    unaware = sealed.say("bob", request)
    assert sealed.refusal(request, *said, no, unaware) == "policy-refused"
    after_all = sealed.say("bob", request, "--approvals", no)
    assert sealed.sign(request, *said, no, after_all)["policy"][0]["approvedBy"] == [
        "alice",
        "bob",
        "carol",
    ]


def said_by_both(team, request, **options):
    return [team.say(name, request, **options) for name in ("alice", "carol")]


@pytest.mark.parametrize(
    "change",
    [
        {"network": "testnet"},
        {"nonce": NOW + 1},
        {"expiresAfter": NOW + 3_600_001},
        {"vaultAddress": "0x" + "11" * 20},
        {"account": "0x" + "11" * 20},
        {"action": {"type": "updateLeverage", "asset": 0, "isCross": True, "leverage": 11}},
        {"action": {"type": "updateLeverage", "asset": 0, "isCross": False, "leverage": 10}},
    ],
    ids=str,
)
def test_an_approval_for_another_request_is_refused(sealed, request_of, change):
    said = said_by_both(sealed, request_of())
    assert sealed.refusal(request_of("other.json", **change), *said) == "approval-invalid"


def smuggled(team, request, said):
    """Approvals of one request, written into another by hand."""
    wire = json.loads(request.read_text())
    wire["approvals"] = [one for path in said for one in json.loads(path.read_text())["approvals"]]
    return team.document("smuggled.json", wire)


@pytest.mark.parametrize(
    "change",
    [{"network": "testnet"}, {"nonce": NOW + 1}, {"account": "0x" + "11" * 20}],
    ids=str,
)
def test_an_approval_that_is_written_into_another_request_is_refused(sealed, request_of, change):
    said = said_by_both(sealed, request_of())
    other = smuggled(sealed, request_of("other.json", **change), said)
    assert sealed.refusal(other) == "approval-invalid"


def test_an_approval_for_another_signer_is_refused(sealed, request_of, make_request):
    stranger = sealed.document("stranger.json", make_request(signer="0x" + "11" * 20))
    said = said_by_both(sealed, stranger)
    assert sealed.refusal(smuggled(sealed, request_of(), said)) == "approval-invalid"


def test_an_approval_under_another_policy_is_refused(sealed, request_of):
    request = request_of()
    later = sealed.write("later.toml", policy_text(version=8, change="2 of 4"))
    said = said_by_both(sealed, request, policy=later)
    assert sealed.refusal(request, *said) == "policy-mismatch"


def test_the_same_persons_approval_twice_is_one(sealed, request_of):
    request = request_of()
    twice = [sealed.say("alice", request) for _ in range(2)]
    assert sealed.refusal(request, *twice) == "approvals-missing"


def test_an_approval_that_has_ended_is_refused_also_when_it_ends_at_the_prompt(sealed, request_of):
    request = request_of()
    short = [
        sealed.say(name, request, "--not-after", str(NOW + 10_000)) for name in ("alice", "carol")
    ]
    assert sealed.refusal(request, *short, clock=lambda: NOW + 10_001) == "approval-invalid"
    # The clock passes the end between the review and the signature.
    times = iter([NOW, NOW + 20_000])
    assert sealed.refusal(request, *short, clock=lambda: next(times)) == "approval-invalid"
    assert sealed.sign(request, *short)["policy"]


def test_an_approval_longer_than_the_payload_is_not_made(sealed, request_of, cli):
    refused = cli.json(
        "approve", request_of(), "--policy", sealed.policy, "--approver", sealed.person("alice"),
        "--passphrase-file", sealed.phrase, "--yes", "--not-after", str(NOW + 3_600_001), status=4,
    )  # fmt: skip
    assert refused["error"]["code"] == "approval-invalid"


def test_a_request_far_in_the_future_is_not_even_approved(sealed, request_of, cli):
    future = request_of(nonce=NOW + 2 * 86_400_000, expiresAfter=NOW + 2 * 86_400_000 + 1000)
    refused = cli.json(
        "approve", future, "--policy", sealed.policy, "--approver", sealed.person("alice"),
        "--passphrase-file", sealed.phrase, "--yes", status=4,
    )  # fmt: skip
    assert refused["error"]["code"] == "nonce-window"


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one | {"signature": one["signature"][:-2] + "00"},
        lambda one: one | {"signature": one["signature"] + "00" * 5},
        lambda one: one | {"keyId": "0x" + "00" * 8},
        lambda one: one | {"decision": "reject"},
        lambda one: one | {"decision": "propose"},
        lambda one: one | {"round": 2},
        lambda one: one | {"notAfter": NOW + 1_000_000},
        lambda one: one | {"requests": 1},
    ],
)
def test_a_changed_approval_is_refused(sealed, request_of, change):
    request = request_of()
    said = said_by_both(sealed, request)
    wire = json.loads(said[0].read_text())
    wire["approvals"] = [change(wire["approvals"][0])]
    changed = sealed.document("changed.json", wire)
    assert sealed.refusal(request, changed, said[1]) == "approval-invalid"


def test_what_the_policy_refuses_nobody_can_approve(sealed, request_of, cli):
    request = request_of(
        action={"type": "updateLeverage", "asset": 0, "isCross": True, "leverage": 51}
    )
    refused = cli.json(
        "approve", request, "--policy", sealed.policy, "--approver", sealed.person("alice"),
        "--passphrase-file", sealed.phrase, "--yes", status=4,
    )  # fmt: skip
    assert refused["error"]["code"] == "policy-refused"
    assert "ceiling" in refused["error"]["message"]
    assert sealed.refusal(request) == "policy-refused"
    assert sealed.refusal(request_of(expiresAfter=None)) == "policy-refused"


def test_more_changes_a_day_than_allowed_are_refused(team, request_of, make_request):
    limits = "[limits]\nchanges-a-day = 2\n"
    rules = '[[rule]]\nname = "free"\nneeds = "nobody"\n'
    team.policy.write_text(policy_text(limits=limits, rules=rules))
    team.seal()
    team.sign(request_of(nonce=NOW))
    two = team.document(
        "two.json", [make_request(signer=str(ADDRESS), nonce=NOW - n) for n in (1, 2)]
    )
    assert team.refusal(two) == "policy-refused"
    team.sign(request_of(nonce=NOW - 1))
    assert team.refusal(request_of(nonce=NOW - 2)) == "policy-refused"
    # The same request again is no further change.
    assert team.sign(request_of(nonce=NOW))["signed"][0]["alreadySigned"] is True


PROPOSING = 'proposers = ["alice"]\n'


def test_a_proposal_comes_with_the_request_and_its_author_does_not_count(team, request_of):
    team.policy.write_text(policy_text(head=PROPOSING))
    team.seal()
    request = request_of()
    said = [team.say(name, request) for name in ("bob", "carol")]
    assert team.refusal(request, *said) == "approvals-missing"


def test_two_keys_of_one_person_count_once(team, request_of):
    two = person_text("alice", ("risk",), KEYS["alice"].public.line, KEYS["erin"].public.line)
    rules = '[[rule]]\nname = "r"\nneeds = "2 of 2"\n'
    people = two + person_text("bob", ())
    team.policy.write_text(policy_text(people=people, rules=rules, change="1 of 2"))
    team.seal()
    request = request_of()
    said = [team.say(name, request) for name in ("alice", "erin")]
    assert team.refusal(request, *said) == "approvals-missing"


def test_a_statement_for_ssh_keygen_is_exactly_what_is_checked(sealed, request_of, cli, tmp_path):
    from tests.shared.ssh_tools import keygen_sign, make_key, public_line, require_ssh_keygen

    require_ssh_keygen()
    key = make_key(tmp_path, "frank")
    people = "".join(
        (
            person_text("alice", ("risk",)),
            person_text("frank", ("ops",), public_line(key).rsplit(" ", 1)[0]),
        )
    )
    rules = '[[rule]]\nname = "r"\nneeds = "risk: 1 of 1 and ops: 1 of 1"\n'
    policy = sealed.write(
        "f.toml", policy_text(version=8, people=people, rules=rules, change="1 of 2")
    )
    request, statement = request_of(), tmp_path / "statement"
    shown = cli.json(
        "approve", request, "--policy", policy, "--key", f"{key}.pub", "--statement-only",
        "--out", statement,
    )  # fmt: skip
    assert statement.read_text() == shown["statement"]
    keygen_sign(key, "approve@coldlever", statement)
    options = ("--policy", policy)
    document = cli.json("approvals", "add", request, f"{statement}.sig", *options)["document"]
    assert document["approvals"][0]["decision"] == "approve"

    def refused(namespace="approve@coldlever", change=lambda data: data):
        data = statement.read_bytes()
        changed = tmp_path / "changed"
        changed.write_bytes(change(data))
        keygen_sign(key, namespace, changed)
        changed.write_bytes(data)
        answer = cli.json("approvals", "add", request, f"{changed}.sig", *options, status=4)
        assert answer["error"]["code"] == "approval-invalid"
        return answer["error"]["message"]

    assert "propose@coldlever" in refused("propose@coldlever")
    assert "added a line end" in refused(change=lambda data: data + b"\n")
    assert "took the last line end away" in refused(change=lambda data: data[:-1])
    assert "CRLF" in refused(change=lambda data: data.replace(b"\n", b"\r\n"))
    swapped = lambda data: b"".join(sorted(data.splitlines(keepends=True)))  # noqa: E731
    refused(change=swapped)
    refused(change=lambda data: b"\xef\xbb\xbf" + data)
    refused(change=lambda data: data.replace(b" ", b"\xc2\xa0", 1))
    refused(change=lambda data: data.replace(b"a", b"\xd0\xb0", 1))


def test_a_no_at_the_prompt_writes_no_approval(sealed, request_of, cli, answers, tmp_path):
    answers("no")
    out = tmp_path / "never.json"
    refused = cli.json(
        "approve", request_of(), "--policy", sealed.policy, "--approver", sealed.person("alice"),
        "--passphrase-file", sealed.phrase, "--out", out, status=5,
    )  # fmt: skip
    assert refused["error"]["code"] == "declined"
    assert not out.exists()


def test_an_approver_key_that_others_can_read_is_refused(sealed, request_of, cli):
    sealed.person("alice").chmod(0o644)
    refused = cli.json(
        "approve", request_of(), "--policy", sealed.policy, "--approver", sealed.person("alice"),
        "--passphrase-file", sealed.phrase, "--yes", status=4,
    )  # fmt: skip
    assert refused["error"]["code"] == "too-open"


def test_an_approver_sees_the_review_the_rule_and_the_statement(sealed, request_of, cli, answers):
    asked = answers("yes")
    shown = cli(
        "approve", request_of(), "--policy", sealed.policy, "--approver", sealed.person("alice"),
        "--passphrase-file", sealed.phrase, "--challenge", "able acid also apex",
    )  # fmt: skip
    assert shown.exit_code == 0, shown.output
    assert asked == ['Type "yes" to approve']
    for words in ("Check words", "able acid also apex", 'rule "all else"', "decision: approve"):
        assert words in shown.stderr, words


def test_a_key_that_is_nobodys_does_not_approve(sealed, request_of, cli):
    refused = cli.json(
        "approve", request_of(), "--policy", sealed.policy, "--approver", sealed.person("mallory"),
        "--passphrase-file", sealed.phrase, "--yes", status=4,
    )  # fmt: skip
    assert refused["error"]["code"] == "unknown-approver"


def test_an_approver_key_is_made_shown_and_imported(cli, team, tmp_path, monkeypatch):
    import coldlever.signer.cli.approver as module
    from coldlever.shared.sshsig import seal_key

    monkeypatch.setattr(module, "seal_key", lambda seed, phrase: seal_key(seed, phrase, 1))
    made = cli.json("approver", "new", "--name", "zoe", "--passphrase-file", team.phrase)
    assert cli.json("approver", "show", "zoe") == made
    (cli.machine.state(None) / "approvers" / ".coldlever-0123456789abcdef.tmp").write_text("x")
    assert cli.json("approver", "show") == made
    assert "PRIVATE" not in json.dumps(made)
    again = cli.json("approver", "new", "--name", "zoe", "--passphrase-file", team.phrase, status=2)
    assert again["error"]["code"] == "output-exists"
    taken = cli.json(
        "approver", "import", team.person("alice"), "--name", "alice", "--old-passphrase-file",
        team.phrase, "--passphrase-file", team.phrase,
    )  # fmt: skip
    assert taken["publicKey"] == KEYS["alice"].public.line
    weak = team.write("weak", "password1234\n")
    refused = cli.json("approver", "new", "--name", "y", "--passphrase-file", weak, status=4)
    assert refused["error"]["code"] == "weak-passphrase"
