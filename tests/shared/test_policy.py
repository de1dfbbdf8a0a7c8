"""Policies: how they are read, which rule decides, whose word counts, and what `check` finds."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coldlever.shared.action import (
    Network,
    Setting,
    UpdateIsolatedMargin,
    UpdateLeverage,
)
from coldlever.shared.errors import ColdleverError
from coldlever.shared.policy import assess, daily_problem, judge, load_policy, no_policy, remarks_on
from coldlever.shared.policy.daily import DAY_MS, most_in_a_day
from coldlever.shared.policy.judging import Approved
from coldlever.shared.policy.threshold import Part, Threshold, parse_threshold
from coldlever.shared.statement import Decision, PolicyRef
from tests.shared.approving import (
    ACCOUNT,
    KEYS,
    LIMITS,
    NOW,
    PEOPLE,
    RULES,
    SIGNER,
    VAULT,
    around,
    make_case,
    make_policy,
    make_signable,
    person_text,
    policy_text,
    say,
    with_list,
)
from tests.shared.test_sshsig import SK_KEY

ROOT = Path(__file__).resolve().parents[2]
POLICY = make_policy()
KEYS_OF_SK = SK_KEY.point
CASE = make_case()


def refused(code, do, *arguments, **named):
    with pytest.raises(ColdleverError) as caught:
        do(*arguments, **named)
    assert caught.value.code == code, caught.value
    return caught.value.message


def said(*names, policy=POLICY, case=CASE, **named):
    return [say(policy, case, name, **named) for name in names]


# --- what is needed ---------------------------------------------------------------------------


def test_enough_persons_of_each_group_give_leave_for_exactly_these_digests():
    leave = judge(POLICY, CASE, said("alice", "carol"), around())
    assert leave.digests == {CASE.signables[0].digest()}
    assert leave.standing.to_wire() == {
        "policy": POLICY.ref.to_wire(),
        "rules": ["all else"],
        "approvedBy": ["alice", "carol"],
        "rejectedBy": [],
        "proposedBy": [],
        "missing": [],
    }


@pytest.mark.parametrize("names", [("alice",), ("alice", "bob"), ("carol", "dave"), ()])
def test_too_few_persons_or_of_one_group_alone_are_not_enough(names):
    refused("approvals-missing", judge, POLICY, CASE, said(*names), around())


def test_what_is_missing_is_said_by_name():
    message = refused("approvals-missing", judge, POLICY, CASE, said("alice"), around())
    assert 'rule "all else"' in message
    assert "1 of 2; missing one of: carol, dave (ops)" in message


def test_the_first_rule_that_matches_decides_and_a_read_setting_makes_a_lowering():
    lower = around(Setting(True, 20), is_current_read=True)
    assert judge(POLICY, CASE, said("dave"), lower).standing.rules == ("lower or add",)


def test_a_drafters_word_makes_no_lowering_unless_the_policy_trusts_it():
    drafted = around(Setting(True, 20))
    refused("approvals-missing", judge, POLICY, CASE, said("dave"), drafted)
    trusting = make_policy(head="trust-drafted-setting = true")
    judge(trusting, CASE, said("dave", policy=trusting), drafted)


@pytest.mark.parametrize(
    ("action", "current", "is_easy"),
    [
        (UpdateLeverage(0, True, 10), Setting(True, 10), True),
        (UpdateLeverage(0, True, 10), Setting(True, 9), False),
        (UpdateLeverage(0, True, 10), Setting(False, 20), False),
        (UpdateLeverage(0, True, 10), None, False),
        (UpdateIsolatedMargin(0, True, 5), None, True),
        (UpdateIsolatedMargin(0, True, -5), None, False),
    ],
)
def test_raising_switching_and_removing_need_more_than_lowering_and_adding(
    action, current, is_easy
):
    case = make_case(make_signable(action=action))
    standing = assess(POLICY, case, said("dave", case=case), around(current, is_current_read=True))
    assert (standing.lacking == ()) is is_easy


def test_nobody_is_asked_where_no_policy_is_in_force():
    leave = no_policy(CASE.signables)
    assert leave.standing is None
    assert leave.digests == {CASE.signables[0].digest()}


def test_nothing_else_can_make_an_approval():
    with pytest.raises(TypeError):
        Approved(frozenset(), None, object())
    with pytest.raises(TypeError):
        type("Mine", (Approved,), {})


# --- whose word counts ------------------------------------------------------------------------

TWO_KEYS = "".join(
    (
        person_text("alice", ("risk",), KEYS["alice"].public.line, KEYS["erin"].public.line),
        person_text("bob", ("risk",)),
    )
)


def test_one_person_with_two_keys_counts_once():
    policy = make_policy(
        people=TWO_KEYS, rules='[[rule]]\nname = "r"\nneeds = "2 of 2"\n', change="1 of 2"
    )
    both = [say(policy, CASE, "alice"), say(policy, CASE, "alice", key=KEYS["erin"])]
    assert "missing one of: bob" in refused(
        "approvals-missing", judge, policy, CASE, both, around()
    )
    judge(policy, CASE, [*both, say(policy, CASE, "bob")], around())


def test_a_person_in_two_groups_fills_one_place():
    people = person_text("alice", ("risk", "ops")) + person_text("bob", ("risk",))
    rules = '[[rule]]\nname = "r"\nneeds = "risk: 1 of 2 and ops: 1 of 1"\n'
    policy = make_policy(people=people, rules=rules, change="1 of 2")
    refused("approvals-missing", judge, policy, CASE, said("alice", policy=policy), around())
    judge(policy, CASE, said("alice", "bob", policy=policy), around())


def test_the_same_approval_twice_counts_once():
    twice = said("alice") * 3
    refused("approvals-missing", judge, POLICY, CASE, twice, around())


def test_a_stranger_and_a_removed_approver_are_refused():
    stranger = say(POLICY, CASE, "mallory")
    refused("approval-invalid", judge, POLICY, CASE, [*said("alice", "carol"), stranger], around())
    fewer = make_policy(
        people="".join(person_text(name, PEOPLE[name]) for name in ("alice", "bob", "carol")),
        rules='[[rule]]\nname = "r"\nneeds = "2 of 3"\n',
        change="2 of 3",
    )
    message = refused(
        "approval-invalid", judge, fewer, CASE, said("alice", "dave", policy=fewer), around()
    )
    assert "nobody's" in message


def test_an_approval_under_another_policy_is_refused():
    later = make_policy(version=8)
    message = refused("policy-mismatch", judge, later, CASE, said("alice", "carol"), around())
    assert "under policy 7, in force is 8" in message
    other_text = make_policy(limits=LIMITS + "\n")
    message = refused("policy-mismatch", judge, other_text, CASE, said("alice"), around())
    assert "another text" in message


def test_an_approval_that_hides_its_policy_is_refused_all_the_same():
    hiding = [_unnamed(name) for name in ("alice", "carol")]
    judge(POLICY, CASE, hiding, around())
    refused("approval-invalid", judge, make_policy(version=8), CASE, hiding, around())


def _unnamed(name):
    from dataclasses import replace

    return replace(say(POLICY, CASE, name), policy=None)


OTHERS = [
    make_case(make_signable(network=Network.TESTNET)),
    make_case(make_signable(action=UpdateLeverage(0, True, 11))),
    make_case(make_signable(nonce=NOW)),
    make_case(make_signable(expires_after=NOW + 3_500_001)),
    make_case(make_signable(vault=VAULT)),
    make_case(signer=ACCOUNT),
    make_case(account=VAULT),
    make_case(account=None),
    make_case(is_batch=True),
]


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_an_approval_of_another_request_is_refused(other):
    refused("approval-invalid", judge, POLICY, other, said("alice", "carol"), around())


def test_an_approval_replayed_on_a_request_that_was_drafted_again_is_refused():
    again = make_case(make_signable(nonce=NOW - 99_999, expires_after=NOW + 3_500_001))
    refused("approval-invalid", judge, POLICY, again, said("alice", "carol"), around())


def test_an_approval_counts_until_its_end_and_no_longer_than_the_payload():
    short = said("alice", "carol", not_after=NOW + 10)
    judge(POLICY, CASE, short, around(now=NOW + 10))
    assert "counted until" in refused(
        "approval-invalid", judge, POLICY, CASE, short, around(now=NOW + 11)
    )
    long = said("alice", "carol", not_after=CASE.end + 1)
    assert "outlive" in refused("approval-invalid", judge, POLICY, CASE, long, around())
    judge(POLICY, CASE, short, around(now=None))


def test_a_signature_for_another_purpose_does_not_approve():
    from dataclasses import replace

    proposal = say(POLICY, CASE, "carol", Decision.PROPOSE)
    forged = replace(proposal, decision=Decision.APPROVE)
    refused("approval-invalid", judge, POLICY, CASE, [*said("alice"), forged], around())


def test_a_changed_signature_does_not_approve():
    from dataclasses import replace

    (good,) = said("alice")
    bad = replace(good, signature=good.signature[:-1] + bytes((good.signature[-1] ^ 1,)))
    refused("approval-invalid", judge, POLICY, CASE, [bad], around())
    short = replace(good, signature=good.signature + bytes(5))
    refused("approval-invalid", judge, POLICY, CASE, [short], around())


def test_a_security_key_counts_with_touch_and_with_the_pin_that_the_policy_wants():
    from coldlever.shared.sshsig.public_key import KeyType, PublicKey
    from coldlever.shared.statement import Approval, statement_bytes
    from tests.shared.test_sshsig import SPACE, sk_signature

    dave = PublicKey(KeyType.SK_ED25519, KEYS_OF_SK)

    def judged(head, flags):
        rules = '[[rule]]\nname = "r"\nneeds = "1 of 1"\n'
        people = person_text("dave", (), dave.line)
        policy = make_policy(head=head, people=people, rules=rules, change="1 of 1")
        text = statement_bytes(CASE, policy.ref, dave, Decision.APPROVE)
        raw = sk_signature(flags, message=text, space=SPACE)
        approval = Approval(Decision.APPROVE, dave.key_id, raw.pack())
        return judge(policy, CASE, [approval], around()).standing.evidence.approvers

    assert judged("", 0x01) == judged("pin = true", 0x05) == ("dave",)
    for head, flags in (("", 0x00), ("pin = true", 0x01), ("", 0x81)):
        refused("approval-invalid", judged, head, flags)


# --- rejecting and proposing ------------------------------------------------------------------


def test_a_rejection_blocks_until_its_author_approves_in_a_later_round():
    no = say(POLICY, CASE, "bob", Decision.REJECT)
    enough = said("alice", "carol")
    assert "rejected by bob" in refused(
        "policy-refused", judge, POLICY, CASE, [*enough, no], around()
    )
    earlier = say(POLICY, CASE, "bob")
    refused("policy-refused", judge, POLICY, CASE, [*enough, no, earlier], around())
    after_all = say(POLICY, CASE, "bob", number=2)
    leave = judge(POLICY, CASE, [after_all, *enough, no], around())
    assert leave.standing.evidence.approvers == ("alice", "bob", "carol")
    again = say(POLICY, CASE, "bob", Decision.REJECT, number=3)
    refused("policy-refused", judge, POLICY, CASE, [*enough, again, no, after_all], around())


def test_a_rejection_by_a_stranger_is_no_word_of_the_policys_people():
    no = say(POLICY, CASE, "mallory", Decision.REJECT)
    refused("approval-invalid", judge, POLICY, CASE, [*said("alice", "carol"), no], around())


PROPOSING = 'proposers = ["alice", "bob"]\n'


def test_a_proposal_is_missed_where_the_policy_wants_one():
    policy = make_policy(head=PROPOSING)
    approvals = said("alice", "carol", policy=policy)
    message = refused("approvals-missing", judge, policy, CASE, approvals, around())
    assert "a proposal by one of: alice, bob" in message
    judge(policy, CASE, approvals, around(needs_proposal=False))
    judge(policy, CASE, [*approvals, say(policy, CASE, "bob", Decision.PROPOSE)], around())


def test_who_proposes_counts_only_if_the_policy_says_so():
    policy = make_policy(head=PROPOSING)
    own = [say(policy, CASE, "alice", Decision.PROPOSE), *said("alice", "carol", policy=policy)]
    message = refused("approvals-missing", judge, policy, CASE, own, around())
    assert "missing one of: bob (risk)" in message
    counting = make_policy(head=PROPOSING + "proposer-counts = true")
    own = [say(counting, CASE, "alice", Decision.PROPOSE), *said("carol", policy=counting)]
    judge(counting, CASE, own, around())


def test_a_proposal_by_somebody_else_is_refused():
    policy = make_policy(head=PROPOSING)
    proposal = say(policy, CASE, "carol", Decision.PROPOSE)
    refused("approval-invalid", judge, policy, CASE, [proposal], around())


# --- batches ----------------------------------------------------------------------------------

BATCH = make_case(
    make_signable(), make_signable(nonce=NOW, action=UpdateLeverage(1, True, 5)), is_batch=True
)


def test_one_approval_is_enough_for_the_list():
    approvals = said("alice", "carol", case=BATCH)
    leave = judge(POLICY, BATCH, approvals, around(None, None))
    assert leave.digests == {one.digest() for one in BATCH.signables}


def test_a_single_entry_of_the_list_can_be_checked_against_it():
    entry = make_case(BATCH.signables[1])
    listed = [
        with_list(say(POLICY, BATCH, name, not_after=BATCH.end), BATCH)
        for name in ("alice", "carol")
    ]
    assert judge(POLICY, entry, listed, around()).digests == {entry.signables[0].digest()}
    strange = make_case(make_signable(action=UpdateLeverage(9, True, 5)))
    message = refused("approval-invalid", judge, POLICY, strange, listed, around())
    assert "does not hold this request" in message


def test_a_list_that_was_changed_is_refused():
    from dataclasses import replace

    entry = make_case(BATCH.signables[1])
    (good,) = [with_list(say(POLICY, BATCH, "alice", not_after=BATCH.end), BATCH)]
    forged = replace(good, listed=(good.listed[1], good.listed[1]))
    refused("approval-invalid", judge, POLICY, entry, [forged], around())


def test_an_approval_of_a_batch_does_not_fit_a_shorter_or_shuffled_one():
    approvals = said("alice", "carol", case=BATCH)
    first, second = BATCH.signables
    shuffled = make_case(second, first, is_batch=True)
    refused("approval-invalid", judge, POLICY, shuffled, approvals, around(None, None))
    shorter = make_case(first, is_batch=True)
    refused("approval-invalid", judge, POLICY, shorter, approvals, around())


def test_each_request_of_a_batch_needs_what_its_own_rule_says():
    batch = make_case(
        make_signable(action=UpdateIsolatedMargin(0, True, 5)),
        make_signable(nonce=NOW),
        is_batch=True,
    )
    one = said("carol", case=batch)
    standing = assess(POLICY, batch, one, around(None, None))
    assert standing.rules == ("lower or add", "all else")
    assert standing.lacking == ("1 of 2; missing one of: alice, bob (risk)",)


# --- limits -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "signable", "words"),
    [
        ('networks = ["testnet"]', {}, "network mainnet"),
        (f'signers = ["{ACCOUNT}"]', {}, "signer"),
        (f'accounts = ["{SIGNER}"]', {}, "account"),
        (f'accounts = ["{ACCOUNT}"]', {"vault": VAULT}, str(VAULT)),
        ('actions = ["updateIsolatedMargin"]', {}, "action updateLeverage"),
        ('modes = ["isolated"]', {}, "cross margin is not allowed"),
        ("ceiling = 9", {}, "10x is above the ceiling of all markets, 9x"),
        ('market = [{network = "mainnet", asset = 0, ceiling = 5}]', {}, "ceiling of asset 0, 5x"),
        ('longest-validity = "59m"', {}, "more than 59 min"),
        ('longest-validity = "59m"', {"expires_after": None}, "no expiry"),
        ("expiry-required = true", {"expires_after": None}, "no expiry"),
    ],
)
def test_nobodys_approval_helps_beyond_the_limits(limits, signable, words):
    policy = make_policy(limits=f"[limits]\n{limits}\n")
    case = make_case(make_signable(**signable))
    message = refused(
        "policy-refused",
        judge,
        policy,
        case,
        said("alice", "carol", policy=policy, case=case),
        around(),
    )
    assert words in message


def test_what_keeps_the_limits_passes():
    limits = f"""[limits]
networks = ["mainnet"]
signers = ["{SIGNER}"]
accounts = ["{ACCOUNT}"]
actions = ["updateLeverage"]
modes = ["cross"]
ceiling = 10
market = [{{network = "testnet", asset = 0, ceiling = 5}}, {{network = "mainnet", asset = 1, ceiling = 5}}]
longest-validity = "1h"
expiry-required = true
"""
    policy = make_policy(limits=limits)
    assert judge(policy, CASE, said("alice", "carol", policy=policy), around()).digests


def test_a_change_that_no_rule_is_about_is_refused():
    policy = make_policy(rules='[[rule]]\nname = "r"\nassets = [7]\nneeds = "1 of 4"\n')
    assert "no rule" in refused(
        "policy-refused", judge, policy, CASE, said("alice", policy=policy), around()
    )


def test_a_rule_may_refuse():
    rules = '[[rule]]\nname = "never"\nassets = [0]\nrefuse = true\n' + RULES
    policy = make_policy(rules=rules)
    assert '"never" refuses' in refused("policy-refused", judge, policy, CASE, [], around())


@pytest.mark.parametrize(
    ("condition", "matches"),
    [
        ('networks = ["mainnet"]', True),
        ('networks = ["testnet"]', False),
        (f'signers = ["{SIGNER}"]', True),
        (f'signers = ["{VAULT}"]', False),
        (f'accounts = ["{ACCOUNT}"]', True),
        (f'accounts = ["{SIGNER}"]', False),
        ("assets = [0, 1]", True),
        ("assets = [1]", False),
        ('actions = ["updateLeverage"]', True),
        ('actions = ["topUpIsolatedOnlyMargin"]', False),
        ('directions = ["raise"]', True),
        ('directions = ["lower"]', False),
        ('modes = ["cross"]', True),
        ('modes = ["isolated"]', False),
        ("leverage-up-to = 10", True),
        ("leverage-up-to = 9", False),
    ],
)
def test_each_condition_of_a_rule_is_looked_at(condition, matches):
    rules = f'[[rule]]\nname = "first"\n{condition}\nneeds = "nobody"\n' + RULES
    standing = assess(make_policy(rules=rules), CASE, [], around())
    assert standing.rules == (("first",) if matches else ("all else",))


# --- the file ---------------------------------------------------------------------------------


def test_the_digest_is_over_the_bytes():
    from hashlib import sha256

    data = policy_text().encode()
    policy = load_policy(data, "f")
    assert policy.ref == PolicyRef(7, sha256(data).digest())
    assert load_policy(data + b"# note\n", "f").ref != policy.ref


MALFORMED = [
    (lambda text: "\ufeff" + text, "policy-malformed"),
    (lambda text: text.replace("\n", "\r\n"), "policy-malformed"),
    (lambda text: text + "[", "policy-malformed"),
    (lambda text: text + "#" * 40_000, "policy-malformed"),
    (lambda text: text + "x = " + "[" * 5000, "policy-malformed"),
    (lambda text: text.replace("policy = 1", "policy = 2"), "out-of-range"),
    (lambda text: text.replace("version = 7", "version = 0"), "out-of-range"),
    (lambda text: text.replace("version = 7", "version = 7.0"), "wrong-type"),
    (lambda text: text.replace("version = 7", "version = true"), "wrong-type"),
    (lambda text: text.replace("version = 7", "version = 2026-11-22"), "wrong-type"),
    (lambda text: text.replace("version = 7\n", ""), "missing-key"),
    (lambda text: text.replace('name = "treasury"', 'name = "tr\u0435asury"'), "bad-name"),
    (lambda text: text.replace("ceiling = 50", "cieling = 50"), "unknown-key"),
    (lambda text: text.replace("ceiling = 50", "ceiling = 0"), "out-of-range"),
    (lambda text: text.replace('"24h"', '"24 hours"'), "bad-duration"),
    (lambda text: text.replace("2 of 4", "2 of 5"), "bad-threshold"),
    (lambda text: text.replace("2 of 4", "5 of 4"), "bad-threshold"),
    (lambda text: text.replace("2 of 4", "nobody"), "bad-threshold"),
    (lambda text: text.replace("risk: 1 of 2", "rsk: 1 of 2"), "bad-threshold"),
    (lambda text: text.replace("risk: 1 of 2", "risk: one of 2"), "bad-threshold"),
    (lambda text: text.replace('"alice"', '"bob"'), "repeated-value"),
    (lambda text: text.replace('"alice"', '"Alice"'), "bad-name"),
    (lambda text: text.replace('"alice"', '"al ice"'), "bad-name"),
    (
        lambda text: text.replace(KEYS["alice"].public.line, KEYS["bob"].public.line),
        "shared-key",
    ),
    (lambda text: text.replace("ssh-ed25519 AAAA", "ssh-ed25519 AAAB", 1), "bad-public-key"),
    (
        lambda text: text.replace('needs = "1 of 4"', 'needs = "1 of 4"\nrefuse = true'),
        "bad-rule",
    ),
    (lambda text: text.replace('needs = "1 of 4"', ""), "bad-rule"),
    (lambda text: text.replace('["lower", "add"]', '["lower", "lower"]'), "repeated-value"),
    (lambda text: text.replace('["lower", "add"]', "[]"), "wrong-length"),
    (lambda text: text.replace('["lower", "add"]', '["up"]'), "unknown-value"),
]


@pytest.mark.parametrize(("change", "code"), MALFORMED)
def test_a_policy_that_is_not_exactly_right_is_refused(change, code):
    refused(code, load_policy, change(policy_text()).encode(), "policy.toml")


def test_proposers_are_people_of_the_policy():
    refused("unknown-name", make_policy, head='proposers = ["zoe"]')


def test_a_weak_key_is_refused_when_the_policy_is_loaded():
    import base64

    from coldlever.shared.sshsig.fields import string

    blob = string(b"ssh-ed25519") + string(b"\1" + bytes(31))
    line = f"ssh-ed25519 {base64.b64encode(blob).decode()}"
    refused("weak-key", make_policy, people=person_text("alice", (), line), change="1 of 1")


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda raw: raw.decode("latin-1")))
@example("a = 1e999\n")
@example("a = inf\n")
@settings(max_examples=200, deadline=None)
def test_foreign_text_raises_nothing_but_refusals(text):
    with pytest.raises(ColdleverError):
        load_policy(text.encode("utf-8", "surrogatepass"), "f")


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_policy_with_a_damaged_character_is_read_or_refused(data):
    text = policy_text()
    position = data.draw(st.integers(0, len(text) - 1))
    damaged = text[:position] + data.draw(st.characters()) + text[position + 1 :]
    data = damaged.encode("utf-8", "surrogatepass")
    assert _read_or_refused(data) in {data, None}


def _read_or_refused(data):
    try:
        return load_policy(data, "f").text
    except ColdleverError:
        return None


def test_the_schema_says_the_same_as_far_as_it_can():
    import json
    import tomllib

    import jsonschema

    path = ROOT / "docs" / "schemas" / "policy.schema.json"
    validator = jsonschema.Draft202012Validator(json.loads(path.read_text()))
    validator.check_schema(validator.schema)
    texts = [policy_text(), policy_text(limits="", people=TWO_KEYS, change="1 of 2")]
    assert all(validator.is_valid(tomllib.loads(text)) for text in texts)
    for change, code in MALFORMED:
        damaged = change(policy_text())
        if code in {
            "out-of-range",
            "wrong-type",
            "missing-key",
            "unknown-key",
            "bad-rule",
            "wrong-length",
            "unknown-value",
        }:
            wire = json.loads(json.dumps(tomllib.loads(damaged), default=str))
            is_fraction = "version = 7.0" in damaged  # JSON Schema counts 7.0 as an integer
            assert validator.is_valid(wire) is is_fraction, damaged[:60]


# --- thresholds -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["2 of 3", "risk: 1 of 2 and ops: 1 of 3", "nobody", "a-1: 9 of 12"]
)
def test_a_threshold_is_read_and_written(text):
    assert str(parse_threshold(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0 of 3",
        "2 of 0",
        "2 from 3",
        "2 of 3 and 1 of 3",
        "a: 1 of 2 and a: 1 of 2",
        "100 of 1",
        "Risk: 1 of 2",
        "2 of 3 ",
    ],
)
def test_another_text_is_no_threshold(text):
    assert parse_threshold(text) is None


@given(
    st.lists(st.sets(st.integers(0, 4), max_size=5), min_size=1, max_size=4),
    st.lists(st.integers(1, 3), min_size=4, max_size=4),
    st.sets(st.integers(0, 4)),
)
@settings(max_examples=300, deadline=None)
def test_a_threshold_is_reached_when_its_places_can_be_filled_by_different_people(
    groups, counts, agreed
):
    from itertools import permutations

    members = {f"g{n}": tuple(f"p{one}" for one in sorted(group)) for n, group in enumerate(groups)}
    parts = tuple(Part(name, counts[n], 9) for n, name in enumerate(members))
    places = [part.group for part in parts for _ in range(part.count)]
    people = [f"p{one}" for one in agreed]
    possible = len(places) <= len(people) and any(
        all(person in members[place] for person, place in zip(chosen, places, strict=True))
        for chosen in permutations(people, len(places))
    )
    assert (Threshold(parts).lacking(people, members) == ()) is possible


# --- a day ------------------------------------------------------------------------------------


def test_changes_a_day_are_counted_over_nonces_and_over_times_of_recording():
    limit = 3
    assert daily_problem(limit, [0, 1], [5, 6], [2], 7) is None
    assert daily_problem(limit, [0, 1, 2], [None] * 3, [3], None).code == "policy-refused"
    assert daily_problem(limit, [0, 1, 2], [0, 1, 2], [3 * DAY_MS], DAY_MS - 1) is not None
    assert daily_problem(limit, [0, 1, 2], [0, 1, 2], [3 * DAY_MS], DAY_MS + 2) is None
    assert (
        daily_problem(limit, [5 * DAY_MS + n for n in range(3)], [], [4 * DAY_MS + 9], 0)
        is not None
    )
    assert daily_problem(None, range(99), [], [1], 1) is None
    assert daily_problem(limit, range(99), [], [], 1) is None


def test_what_was_too_many_before_does_not_stand_against_today():
    assert daily_problem(2, range(50), range(50), [9 * DAY_MS], 9 * DAY_MS) is None


@given(st.lists(st.integers(0, 50)), st.lists(st.integers(0, 50), max_size=5))
@settings(max_examples=200, deadline=None)
def test_the_count_is_that_of_every_window_tried(known, added):
    import coldlever.shared.policy.daily as module

    day = module.DAY_MS
    scaled = [n * day // 7 for n in known], [n * day // 7 for n in added]
    best = 0
    for start in (time for times in scaled for time in times):
        inside = [sum(start <= t < start + day for t in times) for times in scaled]
        best = max(best, sum(inside) if inside[1] else 0)
    assert most_in_a_day(*scaled) == best


# --- what `check` finds -----------------------------------------------------------------------


def found(**changes):
    return {remark.code for remark in remarks_on(make_policy(**changes))}


def test_a_sound_policy_has_no_problem():
    assert not any(remark.is_problem for remark in remarks_on(POLICY))
    assert found() == set()


@pytest.mark.parametrize(
    ("rules", "is_found"),
    [
        ('[[rule]]\nname = "any"\nneeds = "1 of 4"\n' + RULES, True),
        (
            '[[rule]]\nname = "a"\nassets = [1, 2]\nneeds = "1 of 4"\n[[rule]]\nname = "b"\nassets = [2]\nneeds = "1 of 4"\n',
            True,
        ),
        (
            '[[rule]]\nname = "a"\nassets = [1]\nneeds = "1 of 4"\n[[rule]]\nname = "b"\nassets = [1, 2]\nneeds = "1 of 4"\n',
            False,
        ),
        (
            '[[rule]]\nname = "a"\nleverage-up-to = 5\nneeds = "1 of 4"\n[[rule]]\nname = "b"\nleverage-up-to = 9\nneeds = "1 of 4"\n',
            False,
        ),
        (
            '[[rule]]\nname = "a"\nleverage-up-to = 9\nneeds = "1 of 4"\n[[rule]]\nname = "b"\nleverage-up-to = 5\nneeds = "1 of 4"\n',
            True,
        ),
        (
            '[[rule]]\nname = "a"\nactions = ["updateLeverage"]\ndirections = ["add"]\nneeds = "1 of 4"\n',
            True,
        ),
        (
            '[[rule]]\nname = "a"\nactions = ["updateIsolatedMargin"]\nmodes = ["cross"]\nneeds = "1 of 4"\n',
            True,
        ),
        (f'[[rule]]\nname = "a"\nsigners = ["{SIGNER}"]\nneeds = "1 of 4"\n', False),
    ],
)
def test_a_rule_that_never_decides_is_found(rules, is_found):
    assert ("rule-never-matches" in found(rules=rules)) is is_found


def test_a_rule_outside_the_limits_is_found():
    limits = '[limits]\nnetworks = ["testnet"]\nceiling = 5\nexpiry-required = true\n'
    rules = '[[rule]]\nname = "a"\nnetworks = ["mainnet"]\nneeds = "1 of 4"\n'
    assert "rule-never-matches" in found(limits=limits, rules=rules)


def test_a_threshold_that_nobody_can_reach_is_found():
    assert "threshold-unreachable" in found(
        head='proposers = ["alice"]', rules='[[rule]]\nname = "r"\nneeds = "4 of 4"\n'
    )
    people = person_text("alice", ("risk", "ops")) + person_text("bob", ())
    rules = '[[rule]]\nname = "r"\nneeds = "risk: 1 of 1 and ops: 1 of 1"\n'
    assert "threshold-unreachable" in found(people=people, rules=rules, change="1 of 2")


def test_whose_loss_blocks_everything_is_named():
    rules = '[[rule]]\nname = "r"\nneeds = "4 of 4"\n'
    texts = [one.text for one in remarks_on(make_policy(rules=rules)) if one.code == "loss-blocks"]
    assert any('rule "r"' in text and "without alice or without bob" in text for text in texts)
    assert "loss-blocks" not in found()


def test_several_keys_and_what_is_left_open_are_pointed_out():
    assert "several-keys" in found(
        people=TWO_KEYS, rules='[[rule]]\nname = "r"\nneeds = "1 of 2"\n', change="1 of 2"
    )
    assert found(limits="") == {"no-expiry-required", "no-ceiling"}
    assert "needs-nobody" in found(rules='[[rule]]\nname = "r"\nneeds = "nobody"\n')
    assert "trusts-drafted-setting" in found(head="trust-drafted-setting = true")
    assert "no-security-key" in found(head="pin = true")
