"""Attested markets, changes of policy, bare actions and warnings: both implementations agree."""

import base64
import json
import random
from dataclasses import replace

import pytest

from coldlever.shared.action import Network
from coldlever.shared.errors import ColdleverError
from coldlever.shared.message.any import ANY, CHANGES, TABLES, load_expected
from coldlever.shared.message.attested import attested_table
from coldlever.shared.message.policy_change import PolicyChange
from coldlever.shared.message.request import Defaults, Request, RequestFile
from coldlever.shared.policy import load_policy
from coldlever.shared.policy.changing import require_change
from coldlever.shared.policy.vouching import table_vouchers
from coldlever.shared.reading import Where
from coldlever.shared.statement import Approval, Decision
from coldlever.shared.statement.text import POLICY_NAMESPACE, change_bytes
from coldlever.signer.inspection import inspect_request
from coldlever.signer.rules import place
from coldlever.signer.vouching import vouch
from tests.interop.verifier import ask, require_node
from tests.shared.approving import KEYS, NOW, PEOPLE, make_policy, make_signable, policy_text
from tests.shared.test_market_list import ATTESTORS, attest, table
from tests.tools.test_verifier import DOCUMENTS, edited

POLICY = policy_text(head=ATTESTORS)


@pytest.fixture(scope="module")
def node():
    return require_node()


def wire(data, **options):
    encoded = {"base64": base64.b64encode(data).decode()}
    for key in ("policy", "markets"):
        if key in options:
            value = options.pop(key)
            encoded[key] = (
                base64.b64encode(value).decode()
                if isinstance(value, bytes)
                else [base64.b64encode(one).decode() for one in value]
            )
    return {**encoded, **options}


def warned(data, policy=None, now=NOW):
    """The warnings of our own inspection, of each request; None for a refusal."""
    try:
        file = load_expected(data, "f", ANY, Defaults(Network.MAINNET, now))
        if not isinstance(file, RequestFile):
            return "other"
        placed = [place(one, Where("f")) for one in file.requests]
        judged = None if policy is None else load_policy(policy.encode(), "policy.toml")
        found = [inspect_request(one, now) for one in vouch(placed, judged, now)]
    except ColdleverError:
        return None
    return [[caution.code for caution in one.review.cautions] for one in found]


def their_warnings(answer):
    if not answer["ok"]:
        return None
    if answer["what"] != "request":
        return "other"
    return [[one["code"] for one in item["warnings"]] for item in answer["items"]]


def agree_on_warnings(node, folder, documents, policy=None, now=NOW):
    options = {"network": "mainnet", "now": now}
    if policy is not None:
        options["policy"] = policy.encode()
    answers = ask(node, [wire(one, **options) for one in documents], folder)
    found = [their_warnings(one) for one in answers]
    for data, theirs, answer in zip(documents, found, answers, strict=True):
        expected = warned(data, policy, now)
        if expected != "other":  # what is no request is compared in full elsewhere
            assert (theirs, data) == (expected, data), answer.get("error")
    return found


@pytest.mark.parametrize("seed", range(2))
def test_both_warn_of_the_same_whatever_is_edited(node, seed, tmp_path):
    chance = random.Random(seed)
    bare = [{"type": "updateLeverage", "asset": 0, "isCross": True, "leverage": 3}]
    bare += [[*bare, *bare], {"type": "noop"}]
    entry = {**table(2).to_wire()["entries"][1], "delisted": True, "marginMode": "noCross"}
    named = {**DOCUMENTS[-1], "nonce": NOW, "expiresAfter": NOW + 90_000_000, "market": entry}
    named["action"] = {"type": "updateLeverage", "asset": 110_001, "isCross": True, "leverage": 21}
    documents = [*DOCUMENTS, *bare, named]
    documents += [edited(chance.choice(DOCUMENTS), chance) for _ in range(400)]
    data = [json.dumps(one).encode() for one in documents]
    found = agree_on_warnings(node, tmp_path, data)
    assert None in found
    codes = {code for one in found if isinstance(one, list) for each in one for code in each}
    assert {"current-unknown", "nonce-window", "market-unverified", "no-expiry"} <= codes


def request_with_proof(listed, asset=110_001, **changes):
    signable = make_signable(**changes)
    signable = replace(signable, action=replace(signable.action, asset=asset))
    return Request(signable, signer=None), attested_table(listed)


def test_both_take_and_refuse_the_same_proofs(node, tmp_path):
    found = []
    for count in (1, 2, 3, 5, 8):
        listed = attest(table(count), "carol")
        for asset in (110_000, 110_000 + count - 1):
            request, attested = request_with_proof(listed, asset)
            found.append(attested.attach(request).to_wire())
    both = attest(table(), "carol", "dave")
    request, attested = request_with_proof(both)
    good = attested.attach(request).to_wire()
    proofs = (
        {"position": 2}, {"position": 9}, {"markets": 6}, {"path": []}, {"attestations": []},
        {"attestations": good["marketProof"]["attestations"][::-1]},
    )  # fmt: skip
    found += [{**good, "marketProof": {**good["marketProof"], **one}} for one in proofs]
    entries = (
        {"coin": "xyz:OTHER"},
        {"maxLeverage": 21},
        {"time": NOW - 999},
        {"coin": "xyz:a b"},
    )
    found += [{**good, "market": {**good["market"], **one}} for one in entries]
    found.append({key: value for key, value in good.items() if key != "market"})
    stranger = request_with_proof(attest(table(), "alice"))
    found.append(stranger[1].attach(stranger[0]).to_wire())
    other = request_with_proof(attest(table(), "carol", namespace="approve@coldlever"))
    found.append(other[1].attach(other[0]).to_wire())
    data = [json.dumps(one).encode() for one in (*found, good)]
    for policy, now in (
        (POLICY, NOW), (POLICY, NOW + 8 * 86_400_000), (POLICY, NOW - 200_000),
        (policy_text(head=f"{ATTESTORS}\nattestors-needed = 2"), NOW), (policy_text(), NOW),
        (policy_text(head=f"{ATTESTORS}\nattestors-needed = 3"), NOW), (None, NOW),
    ):  # fmt: skip
        # A document without a signer has no case; so warnings and refusals are compared here.
        expected = [warned(one, policy, now) for one in data]
        options = {"now": now} if policy is None else {"now": now, "policy": policy.encode()}
        signed = [
            json.dumps({**json.loads(one), "signer": "0x" + "11" * 20}).encode() for one in data
        ]
        answers = ask(node, [wire(one, **options) for one in signed], tmp_path)
        refusals = ("policy-refused",)  # the limits of the policy are another test's
        for one, ours, answer in zip(data, expected, answers, strict=True):
            if answer["ok"] or answer["error"]["code"] not in refusals:
                assert (their_warnings(answer), one) == (ours, one), answer.get("error")
        assert policy is None or None in expected
    taken = ask(
        node,
        [
            wire(
                json.dumps({**good, "signer": "0x" + "11" * 20}).encode(),
                policy=POLICY.encode(),
                now=NOW,
            )
        ],
        tmp_path,
    )
    assert taken[0]["items"][0]["attestedBy"] == ["carol", "dave"]
    assert ["Market", '"xyz:C1" = asset 110001 (attested by carol, dave)'] in taken[0]["items"][0][
        "review"
    ]


def our_table(data, policy):
    try:
        return list(table_vouchers(policy, load_expected(data, "f", TABLES, Defaults())))
    except ColdleverError:
        return None


def test_a_table_is_attested_by_the_same_people(node, tmp_path):
    good = attest(table(), "carol", "dave").to_wire()
    documents = [good, table().to_wire(), attest(table(), "alice").to_wire()]
    for key, value in (("asset", 110_000), ("coin", "other"), ("network", "testnet"), ("time", -1)):
        entries = [{**good["entries"][1], key: value}, *good["entries"][2:], good["entries"][0]]
        documents.append({**good, "entries": entries})
    documents += [{**good, "attestations": good["attestations"][:1]}, {**good, "time": 1}]
    documents += [{**good, "attestations": good["attestations"] * 2}, {**good, "extra": 1}]
    data = [json.dumps(one).encode() for one in documents]
    policy = load_policy(POLICY.encode(), "policy.toml")
    answers = ask(node, [wire(one, policy=POLICY.encode()) for one in data], tmp_path)
    found = [one["attestedBy"] if one["ok"] else None for one in answers]
    assert found == [our_table(one, policy) for one in data]
    assert found[0] == ["carol", "dave"]
    assert None in found


def change(before, after, *names):
    old, new = (None if one is None else load_policy(one.encode(), "p") for one in (before, after))
    refs = [None if one is None else one.ref for one in (old, new)]
    approvals = []
    for name in names:
        key = KEYS[name]
        made = key.sign(POLICY_NAMESPACE, change_bytes(*refs, key.public))
        approvals.append(Approval(Decision.APPROVE, key.public.key_id, made.raw.pack()))
    return json.dumps(PolicyChange(refs[0], after, tuple(approvals)).to_wire()).encode()


def our_change(data, before):
    try:
        document = load_expected(data, "f", CHANGES, Defaults())
        old = None if before is None else load_policy(before.encode(), "policy.toml")
        if document.old != (None if old is None else old.ref):
            return None
        new = None if document.text is None else load_policy(document.text.encode(), "new")
        return list(require_change(old, new, document.approvals))
    except ColdleverError:
        return None


def test_a_change_of_policy_wants_the_people_of_both(node, tmp_path):
    before, after = policy_text(), policy_text(version=8, change="3 of 4")
    idle = policy_text(
        version=8,
        rules='[[rule]]\nname = "all"\nneeds = "1 of 4"\n[[rule]]\nname = "x"\nneeds = "2 of 4"\n',
    )
    cases = [
        (change(before, after, "alice", "bob", "carol"), before),
        (change(before, after, "alice", "bob"), before),
        (change(before, after, "alice", "bob", "carol"), after),
        (change(before, policy_text(), "alice", "bob"), before),
        (change(before, idle, "alice", "bob"), before),
        (change(before, None, "alice", "bob"), before),
        (change(before, None, "alice"), before),
        (change(None, after, "alice", "bob", "carol"), None),
        (change(before, after, "alice", "bob", "mallory"), before),
        (change(before, after, "alice", "bob", "carol").replace(b"3 of 4", b"2 of 4"), before),
    ]
    wires = [wire(one, **({} if old is None else {"policy": old.encode()})) for one, old in cases]
    answers = ask(node, wires, tmp_path)
    theirs = [one["agreed"] if one["ok"] and one["approved"] else None for one in answers]
    assert theirs == [our_change(*case) for case in cases]
    assert [one is not None for one in theirs] == [True] + [False] * 4 + [
        True,
        False,
        True,
        False,
        False,
    ]


def test_a_table_beside_a_request_names_its_market(node, tmp_path):
    request, _ = request_with_proof(table())
    data = json.dumps({**request.to_wire(), "signer": "0x" + "11" * 20}).encode()
    attested = json.dumps(attest(table(), "carol").to_wire()).encode()
    elsewhere = json.dumps(table(network=Network.TESTNET).to_wire()).encode()
    wires = [
        wire(data, markets=[one], policy=POLICY.encode(), now=NOW) for one in (attested, elsewhere)
    ]
    good, bad = ask(node, wires, tmp_path)
    assert good["items"][0]["attestedBy"] == ["carol"]
    assert bad["error"]["code"] == "market-mismatch"


def test_the_policy_of_these_tests_has_its_attestors():
    assert make_policy(head=ATTESTORS).markets.attestors == ("carol", "dave")
    assert len(PEOPLE) == 4
