"""The seal: which policy a keystore opens under, and who may change it."""

import hmac
import json
import shutil
import subprocess
from hashlib import sha256

import pytest

from coldlever.shared.action.address import Address
from coldlever.shared.errors import EnvironmentFault, RuleRefused
from coldlever.shared.statement import PolicyRef
from coldlever.signer.key.keystore import load_keystore, seal
from coldlever.signer.key.sealed import SealedPolicy
from coldlever.signer.ledger import Ledger, PolicyMark
from coldlever.signer.ledger.policies import require_current
from coldlever.signer.ledger.store import FILE_NAME
from tests.shared.approving import LIMITS, policy_text
from tests.signer.conftest import LIGHT_WORK
from tests.signer.team import ADDRESS, PHRASE, SECRET


@pytest.fixture
def request_file(team, make_request):
    return team.document("request.json", make_request(signer=str(ADDRESS)))


def both(team, request):
    return [team.say(name, request) for name in ("alice", "carol")]


def test_a_sealed_keystore_holds_the_policy_and_opens_with_the_same_passphrase(team):
    assert team.seal()["policy"]["version"] == 7
    assert team.sealed.text == team.policy.read_bytes()
    assert load_keystore(team.keystore).open(PHRASE).address == ADDRESS
    with pytest.raises(RuleRefused, match="or the policy sealed in it was altered"):
        load_keystore(team.keystore).open(PHRASE + "x")


def test_the_seal_is_an_hmac_that_openssl_computes_too(team, tmp_path):
    team.seal()
    typed = "pa\u0308ssphrase"
    message = b"coldlever/seal/1\0" + "p\u00e4ssphrase".encode()
    expected = hmac.new(team.sealed.ref.digest, message, "sha256").hexdigest()
    assert team.sealed.passphrase(typed) == expected
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    hexkey = team.sealed.ref.digest.hex()
    command = ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{hexkey}"]
    shown = subprocess.run(command, input=message, capture_output=True, check=True).stdout
    assert shown.decode().strip().endswith(expected)


def test_any_v3_program_opens_a_sealed_file_with_the_derived_passphrase(team):
    from eth_account import Account

    team.seal()
    document = json.loads(team.keystore.read_text())
    del document["coldlever"]
    assert bytes(Account.decrypt(document, team.sealed.passphrase(PHRASE))) == SECRET


def test_sealing_wants_a_tested_backup_in_another_place(team, cli):
    options = ("--keystore", team.keystore, "--passphrase-file", team.phrase, "--yes")
    before = team.keystore.read_bytes()
    for copy in (team.keystore, team.phrase):
        refused = cli.json("policy", "seal", team.policy, "--backup", copy, *options, status=4)
        assert refused["error"]["code"] == "no-backup"
    assert team.keystore.read_bytes() == before


def test_a_wrong_passphrase_or_a_no_leaves_the_keystore_as_it_is(team, cli, answers):
    team.backup.write_bytes(team.keystore.read_bytes())
    before = team.keystore.read_bytes()
    wrong = team.write("wrong", PHRASE + "x\n")
    command = ("policy", "seal", team.policy, "--keystore", team.keystore, "--backup", team.backup)
    refused = cli.json(*command, "--passphrase-file", wrong, "--yes", status=4)
    assert refused["error"]["code"] == "wrong-passphrase"
    answers("no")
    assert cli.refusal(*command, "--passphrase-file", team.phrase, status=5) == "declined"
    assert team.keystore.read_bytes() == before


def test_an_unsound_policy_is_not_sealed(team):
    rules = '[[rule]]\nname = "a"\nneeds = "1 of 4"\n[[rule]]\nname = "b"\nneeds = "1 of 4"\n'
    team.policy.write_text(policy_text(rules=rules))
    assert team.seal(status=4)["error"]["code"] == "policy-unsound"
    assert team.sealed is None


def test_the_largest_policy_leaves_a_keystore_that_can_be_read(team):
    text = policy_text(change="2 of 4")
    room = 32 * 1024 - len(text.encode()) - 2
    team.policy.write_text(text + "#" + "\u00e9" * (room // 2) + "\n", "utf-8")
    team.seal()
    assert load_keystore(team.keystore).open(PHRASE).address == ADDRESS


def change_member(team, change):
    document = json.loads(team.keystore.read_text())
    change(document)
    team.keystore.write_text(json.dumps(document))


def loosen(text):
    return text.replace("ceiling = 50", "ceiling = 99")


def test_a_policy_that_is_loosened_in_the_file_is_seen_before_anything_is_computed(
    team, request_file
):
    team.seal()
    change_member(team, lambda d: d["coldlever"].update(text=loosen(d["coldlever"]["text"])))
    assert team.refusal(request_file) == "policy-mismatch"


def test_a_policy_that_is_loosened_with_its_digest_does_not_open_the_key(team, request_file):
    team.seal()
    said = both(team, request_file)
    text = loosen(policy_text(version=8, change="2 of 4"))
    digest = "0x" + sha256(text.encode()).hexdigest()
    change_member(
        team,
        lambda d: d.update(coldlever={"policy": {"version": 8, "digest": digest}, "text": text}),
    )
    assert team.refusal(request_file, *said) == "policy-mismatch"
    later = team.write("later.toml", text)
    said = [team.say(name, request_file, policy=later) for name in ("alice", "carol")]
    assert team.refusal(request_file, *said) == "wrong-passphrase"


def test_a_policy_that_is_removed_from_the_file_does_not_open_the_key(team, request_file):
    team.seal()
    change_member(team, lambda d: d.pop("coldlever"))
    assert team.refusal(request_file) == "policy-older"  # the ledger knows one
    (team.cli.machine.state(None) / FILE_NAME).unlink()
    assert team.refusal(request_file) == "wrong-passphrase"


def test_a_policy_swapped_from_another_wallet_does_not_open_the_key(team, request_file, tmp_path):
    team.seal()
    said = both(team, request_file)
    easy = policy_text(version=7, rules='[[rule]]\nname = "r"\nneeds = "nobody"\n')
    other = SealedPolicy(PolicyRef(7, sha256(easy.encode()).digest()), easy.encode())
    data = json.loads(seal(sha256(b"other").digest(), PHRASE, LIGHT_WORK, other))
    change_member(team, lambda d: d.update(coldlever=data["coldlever"]))
    assert team.refusal(request_file, *said) == "policy-mismatch"  # by the ledger
    (team.cli.machine.state(None) / FILE_NAME).unlink()
    assert team.refusal(request_file) == "wrong-passphrase"


def test_an_older_unsealed_keystore_put_back_is_noticed_by_the_ledger(team, request_file):
    team.seal()
    team.keystore.write_bytes(team.backup.read_bytes())
    assert team.refusal(request_file) == "policy-older"


def test_a_policy_given_beside_must_be_the_sealed_one(team, request_file):
    team.seal()
    said = both(team, request_file)
    other = team.write("other.toml", policy_text(limits=LIMITS + "\n# looser?\n", change="2 of 4"))
    refused = team.sign(request_file, *said, status=4, options=("--policy", other))
    asked = []
    shown = team.cli(
        "sign", request_file, "--keystore", team.keystore, "--policy", other,
        ask_secret=lambda prompt, **_: asked.append(prompt),
    )  # fmt: skip
    assert "+# looser?" in shown.stderr
    assert asked == []
    assert refused["error"]["code"] == "policy-mismatch"
    assert team.sign(request_file, *said, options=("--policy", team.policy))["policy"]


def test_a_policy_may_bind_a_key_that_is_not_sealed(team, request_file):
    refused = team.sign(request_file, status=4, options=("--policy", team.policy))
    assert refused["error"]["code"] == "approvals-missing"


def test_a_lost_policy_file_comes_back_from_the_keystore(team, cli, tmp_path):
    team.seal()
    out = tmp_path / "again.toml"
    cli.json("policy", "show", "--keystore", team.keystore, "--out", out)
    assert out.read_bytes() == team.policy.read_bytes()


def test_an_older_unsealed_keystore_does_not_pass_with_a_policy_beside_it(team, request_file):
    team.seal()
    team.keystore.write_bytes(team.backup.read_bytes())
    loose = policy_text(version=99, rules='[[rule]]\nname = "r"\nneeds = "nobody"\n')
    for policy in (team.policy, team.write("loose.toml", loose)):
        out = team.folder / "never.json"
        refused = team.sign(request_file, status=4, options=("--policy", policy, "--out", out))
        assert refused["error"]["code"] == "policy-older"
        assert not out.exists()


def test_a_policy_beside_an_unsealed_key_binds_no_later_run(team, request_file):
    rules = '[[rule]]\nname = "r"\nneeds = "nobody"\n'
    free = team.write("free.toml", policy_text(rules=rules))
    assert team.sign(request_file, options=("--policy", free))["policy"]
    assert team.sign(request_file)["policy"] is None


def test_an_older_unsealed_keystore_is_not_sealed_to_another_policy(team, cli):
    team.seal()
    team.keystore.write_bytes(team.backup.read_bytes())
    rules = '[[rule]]\nname = "r"\nneeds = "nobody"\n'
    team.policy.write_text(policy_text(version=99, rules=rules))
    assert team.seal(status=4)["error"]["code"] == "policy-older"
    assert team.sealed is None


# --- changing it ------------------------------------------------------------------------------


@pytest.fixture
def sealed(team):
    team.seal()
    return team


def propose(team, *arguments, out="change.json"):
    path = team.folder / out
    team.cli.json("policy", "propose", *arguments, "--keystore", team.keystore, "--out", path)
    return path


def agree(team, change, name, old=None, status=0):
    path = team.folder / f"{name}-agrees.json"
    path.unlink(missing_ok=True)
    team.cli.json(
        "policy", "approve", change, "--old", old or team.policy, "--approver", team.person(name),
        "--passphrase-file", team.phrase, "--yes", "--out", path, status=status,
    )  # fmt: skip
    return path


def carry_out(team, *changes, verb="adopt", status=0, phrase=None):
    return team.cli.json(
        "policy", verb, *changes, "--keystore", team.keystore, "--passphrase-file",
        phrase or team.phrase, "--yes", status=status,
    )  # fmt: skip


@pytest.fixture
def next_policy(team):
    return team.write("next.toml", loosen(policy_text(version=8, change="2 of 4")))


def test_a_change_needs_the_people_of_the_old_policy_and_of_the_new(
    sealed, next_policy, request_file
):
    change = propose(sealed, next_policy)
    alice, bob = agree(sealed, change, "alice"), agree(sealed, change, "bob")
    refused = carry_out(sealed, alice, status=4)
    assert refused["error"]["code"] == "approvals-missing"
    assert sealed.sealed.ref.version == 7
    assert carry_out(sealed, alice, bob)["agreed"] == ["alice", "bob"]
    assert sealed.sealed.text == next_policy.read_bytes()
    assert load_keystore(sealed.keystore).open(PHRASE).address == ADDRESS
    said = both(sealed, request_file)  # under the old one: stale now
    assert sealed.refusal(request_file, *said) == "policy-mismatch"


def test_new_people_cannot_let_themselves_in(sealed):
    from tests.shared.approving import person_text

    people = person_text("mallory", ())
    rules = '[[rule]]\nname = "r"\nneeds = "1 of 1"\n'
    mine = sealed.write(
        "mine.toml", policy_text(version=8, people=people, rules=rules, change="1 of 1")
    )
    change = propose(sealed, mine)
    refused = carry_out(sealed, agree(sealed, change, "mallory"), status=4)
    assert refused["error"]["code"] == "approvals-missing"
    # And the old people cannot seal a key to people who do not agree.
    only_old = [agree(sealed, change, name) for name in ("alice", "bob")]
    assert carry_out(sealed, *only_old, status=4)["error"]["code"] == "approvals-missing"


def test_a_change_is_approved_with_ssh_keygen_too(sealed, next_policy, tmp_path):
    from tests.shared.approving import person_text
    from tests.shared.ssh_tools import keygen_sign, make_key, public_line, require_ssh_keygen

    require_ssh_keygen()
    key = make_key(tmp_path, "frank")
    frank = person_text("frank", ("ops",), public_line(key).rsplit(" ", 1)[0])
    text = policy_text(version=8, change="1 of 5").replace("1 of 4", "1 of 5")
    text = text.replace("ops: 1 of 2", "ops: 1 of 3") + frank
    grown = sealed.write("grown.toml", text)
    change = propose(sealed, grown)
    statement, out = tmp_path / "statement", tmp_path / "agreed.json"
    options = ("policy", "approve", change, "--old", sealed.policy)
    sealed.cli.json(*options, "--key", f"{key}.pub", "--statement-only", "--out", statement)
    keygen_sign(key, "approve@coldlever", statement)
    wrong = sealed.cli.json(*options, "--signature", f"{statement}.sig", status=4)
    assert wrong["error"]["code"] == "approval-invalid"
    keygen_sign(key, "policy@coldlever", statement)
    sealed.cli.json(*options, "--signature", f"{statement}.sig", "--out", out)
    agreed = [agree(sealed, change, name) for name in ("alice", "bob")]
    assert carry_out(sealed, out, *agreed)["agreed"] == ["alice", "bob", "frank"]


@pytest.mark.parametrize("version", [6, 7])
def test_a_policy_that_does_not_count_up_is_refused(sealed, version):
    older = sealed.write("older.toml", loosen(policy_text(version=version, change="2 of 4")))
    change = propose(sealed, older)
    agreed = [agree(sealed, change, name) for name in ("alice", "bob")]
    assert carry_out(sealed, *agreed, status=4)["error"]["code"] == "policy-older"


def test_a_change_from_another_policy_is_refused(sealed, next_policy):
    other = sealed.write("other.toml", policy_text(version=5, change="2 of 4"))
    path = sealed.folder / "c.json"
    sealed.cli.json("policy", "propose", next_policy, "--old", other, "--out", path)
    agreed = [agree(sealed, path, name, old=other) for name in ("alice", "bob")]
    assert carry_out(sealed, *agreed, status=4)["error"]["code"] == "policy-mismatch"


def test_an_approval_of_another_change_is_refused(sealed, next_policy):
    change = propose(sealed, next_policy)
    alice = agree(sealed, change, "alice")
    worse = sealed.write("worse.toml", next_policy.read_text() + "# more\n")
    other = propose(sealed, worse, out="other.json")
    wire = json.loads(agree(sealed, other, "bob").read_text())
    wire["approvals"] += json.loads(alice.read_text())["approvals"]
    forged = sealed.document("forged.json", wire)
    assert carry_out(sealed, forged, status=4)["error"]["code"] == "approval-invalid"
    assert sealed.sealed.ref.version == 7


def test_a_keystore_of_the_last_policy_put_back_is_refused(sealed, next_policy, request_file):
    before = sealed.keystore.read_bytes()
    change = propose(sealed, next_policy)
    carry_out(sealed, *(agree(sealed, change, name) for name in ("alice", "bob")))
    sealed.keystore.write_bytes(before)
    assert sealed.refusal(request_file, *both(sealed, request_file)) == "policy-older"


def test_the_people_of_an_older_policy_change_nothing_with_its_keystore(sealed, next_policy):
    before = sealed.keystore.read_bytes()
    carry_out(
        sealed, *(agree(sealed, propose(sealed, next_policy), name) for name in ("alice",)),
        agree(sealed, sealed.folder / "change.json", "bob"),
    )  # fmt: skip
    sealed.keystore.write_bytes(before)
    third = sealed.write("third.toml", loosen(policy_text(version=9, change="2 of 4")))
    change = propose(sealed, third, out="third.json")
    agreed = [agree(sealed, change, name) for name in ("alice", "bob")]
    assert carry_out(sealed, *agreed, status=4)["error"]["code"] == "policy-older"
    removal = propose(sealed, "--remove", out="removal.json")
    agreed = [agree(sealed, removal, name) for name in ("alice", "bob")]
    refused = carry_out(sealed, *agreed, verb="unseal", status=4)
    assert refused["error"]["code"] == "policy-older"
    assert sealed.keystore.read_bytes() == before


def test_the_seal_comes_off_when_its_people_agree_and_not_before(sealed, request_file):
    removal = propose(sealed, "--remove")
    alice, dave = agree(sealed, removal, "alice"), agree(sealed, removal, "dave")
    assert carry_out(sealed, alice, verb="unseal", status=4)["error"]["code"] == "approvals-missing"
    assert carry_out(sealed, alice, dave, verb="adopt", status=2)["error"]["code"] == "one-change"
    assert carry_out(sealed, alice, dave, verb="unseal")["policy"] is None
    assert sealed.sealed is None
    assert sealed.sign(request_file)["policy"] is None


def test_a_seal_that_came_off_does_not_come_back_by_an_old_file(sealed, request_file):
    before = sealed.keystore.read_bytes()
    removal = propose(sealed, "--remove")
    agreed = [agree(sealed, removal, name) for name in ("alice", "dave")]
    carry_out(sealed, *agreed, verb="unseal")
    (event,) = sealed.cli.json("audit", "show", "--last", "1")["events"]
    assert (event["kind"], event["policy"]) == ("policy-unsealed", None)
    assert event["says"] == "policy 7 is taken off; agreed to by alice, dave"
    sealed.keystore.write_bytes(before)
    assert sealed.refusal(request_file, *both(sealed, request_file)) == "policy-older"
    # What stopped half-way is given again: the end is remembered before the file is written.
    assert carry_out(sealed, *agreed, verb="unseal")["policy"] is None


def broken(*_arguments):
    raise EnvironmentFault("write-failed", "the disk is gone", "plug it in")


def test_an_adoption_that_stops_before_the_ledger_leaves_a_key_that_signs(
    sealed, next_policy, request_file, monkeypatch
):
    import coldlever.signer.cli.policy_adopt as module

    change = propose(sealed, next_policy)
    agreed = [agree(sealed, change, name) for name in ("alice", "bob")]
    with monkeypatch.context() as patch:
        patch.setattr(module, "remember", broken)
        assert carry_out(sealed, *agreed, status=8)["error"]["code"] == "write-failed"
    assert sealed.sealed.ref.version == 8
    said = [sealed.say(name, request_file, policy=next_policy) for name in ("alice", "carol")]
    assert sealed.sign(request_file, *said)["policy"][0]["policy"]["version"] == 8


def test_an_unsealing_that_stops_before_the_file_signs_nothing_until_it_is_given_again(
    sealed, request_file, monkeypatch
):
    from coldlever.signer.cli.policy_seal import Relocked

    removal = propose(sealed, "--remove")
    agreed = [agree(sealed, removal, name) for name in ("alice", "dave")]
    said = both(sealed, request_file)
    with monkeypatch.context() as patch:
        patch.setattr(Relocked, "write", broken)
        assert carry_out(sealed, *agreed, verb="unseal", status=8)["error"]["code"]
    assert sealed.sealed is not None
    assert sealed.refusal(request_file, *said) == "policy-older"
    assert carry_out(sealed, *agreed, verb="unseal")["policy"] is None
    assert sealed.sign(request_file)["policy"] is None


def test_a_keystore_that_would_not_open_replaces_nothing(sealed, next_policy, monkeypatch):
    import coldlever.signer.cli.policy_seal as module

    change = propose(sealed, next_policy)
    agreed = [agree(sealed, change, name) for name in ("alice", "bob")]
    before = sealed.keystore.read_bytes()
    other = sha256(b"another key").digest()
    lock = module.lock
    monkeypatch.setattr(module, "lock", lambda _secret, *rest: lock(other, *rest))
    assert carry_out(sealed, *agreed, status=8)["error"]["code"] == "keystore-damaged"
    assert sealed.keystore.read_bytes() == before


def test_a_wrong_passphrase_changes_neither_file_nor_ledger(sealed, next_policy):
    wrong = sealed.write("wrong", PHRASE + "x\n")
    removal = propose(sealed, "--remove")
    agreed = [agree(sealed, removal, name) for name in ("alice", "dave")]
    before = sealed.keystore.read_bytes()
    assert (
        carry_out(sealed, *agreed, verb="unseal", status=4, phrase=wrong)["error"]["code"]
        == "wrong-passphrase"
    )
    assert sealed.keystore.read_bytes() == before
    with Ledger.open(sealed.cli.machine.state(None) / FILE_NAME) as ledger:
        assert ledger.policy_mark(ADDRESS).digest is not None


# --- what the ledger remembers ----------------------------------------------------------------

MARK = PolicyMark(Address(bytes(20)), 7, bytes(32))
GONE = PolicyMark(Address(bytes(20)), 7, None)


@pytest.mark.parametrize(
    ("mark", "ref", "code"),
    [
        (None, None, None),
        (None, PolicyRef(1, bytes(32)), None),
        (MARK, PolicyRef(7, bytes(32)), None),
        (MARK, PolicyRef(8, bytes(32)), None),
        (MARK, PolicyRef(6, bytes(32)), "policy-older"),
        (MARK, None, "policy-older"),
        (MARK, PolicyRef(7, b"\1" * 32), "policy-mismatch"),
        (GONE, None, None),
        (GONE, PolicyRef(7, bytes(32)), "policy-older"),
        (GONE, PolicyRef(8, bytes(32)), None),
    ],
)
def test_the_policy_of_a_key_never_goes_back(mark, ref, code):
    found = None
    try:
        require_current(mark, ref)
    except RuleRefused as error:
        found = error.code
    assert found == code


def test_a_mark_stays_and_never_goes_back(tmp_path):
    with Ledger.open(tmp_path / FILE_NAME) as ledger:
        ledger.remember_policy(MARK)
        with pytest.raises(RuleRefused):
            ledger.remember_policy(PolicyMark(MARK.signer, 6, bytes(32)))
    with Ledger.open(tmp_path / FILE_NAME) as ledger:
        assert ledger.policy_mark(MARK.signer) == MARK
        assert ledger.policy_mark(Address(b"\1" * 20)) is None


def test_a_mark_that_was_changed_by_hand_is_seen_at_once(tmp_path):
    import contextlib
    import sqlite3

    path = tmp_path / FILE_NAME
    with Ledger.open(path) as ledger:
        ledger.remember_policy(MARK)
    with contextlib.closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE policy SET version = 1")
    with pytest.raises(RuleRefused) as caught:
        Ledger.open(path)
    assert caught.value.code == "ledger-damaged"


def test_the_moment_of_sealing_is_none_of_the_ledgers_nonces(team):
    team.seal()
    assert team.cli.json("ledger", "show")["entries"] == []
