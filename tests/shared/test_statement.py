"""Statements: the exact lines, and that nothing else than the request can make them."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coldlever.shared.action import (
    Address,
    Network,
    UpdateIsolatedMargin,
    UpdateLeverage,
)
from coldlever.shared.action.actions import TopUpIsolatedOnlyMargin
from coldlever.shared.compact import decode, encode
from coldlever.shared.errors import InputRefused, RuleRefused
from coldlever.shared.message import Defaults, load_signed, parse_requests
from coldlever.shared.message.any import message_wire
from coldlever.shared.message.approvals_file import ApprovalsFile, parse_approvals_file
from coldlever.shared.message.policy_change import PolicyChange, parse_policy_change
from coldlever.shared.message.request import Request, RequestFile
from coldlever.shared.reading import Where, loads
from coldlever.shared.statement import (
    Approval,
    Decision,
    PolicyRef,
    approval_wire,
    case_of,
    end_of,
    merge,
    parse_approvals,
    statement_bytes,
)
from coldlever.shared.statement.text import change_bytes, stamp
from tests.shared.approving import (
    ACCOUNT,
    KEYS,
    NOW,
    SIGNER,
    VAULT,
    make_case,
    make_policy,
    make_signable,
    say,
)

REF = PolicyRef(7, bytes(range(32)))
KEY = KEYS["alice"].public
HERE = Where("f")


def test_a_statement_has_exactly_these_lines():
    signable = make_signable(vault=VAULT)
    text = statement_bytes(make_case(signable), REF, KEY, Decision.APPROVE).decode()
    assert text == (
        "coldlever approval: 1\n"
        "decision: approve\n"
        "network: mainnet\n"
        f"signer: {SIGNER}\n"
        f"account: {VAULT} (vault)\n"
        "action: updateLeverage asset 0 to 10x cross\n"
        "nonce: 1795000000000 (2026-11-18 11:06:40 UTC)\n"
        "expires: 1795003600000 (2026-11-18 12:06:40 UTC)\n"
        f"digest: 0x{signable.digest().hex()}\n"
        f"policy: 7 sha256:{bytes(range(32)).hex()}\n"
        f"approver: {KEY.fingerprint}\n"
        "not after: 1795003600000 (2026-11-18 12:06:40 UTC)\n"
    )


def test_a_batch_has_a_numbered_line_for_each_request():
    batch = make_case(make_signable(), make_signable(nonce=NOW, expires_after=None), is_batch=True)
    text = statement_bytes(batch, REF, KEY, Decision.REJECT, number=2).decode()
    lines = text.splitlines()
    assert lines[1] == "decision: reject, round 2"
    assert lines[4] == f"account: {ACCOUNT} (as drafted)"
    assert lines[5] == "requests: 2"
    assert lines[6].startswith("1: updateLeverage asset 0 to 10x cross; nonce 1795000000000; ")
    assert "; expires never; digest 0x" in lines[7]
    assert lines[8].startswith("policy: ")
    assert lines[-1] == f"not after: {stamp(NOW + 172_800_000)}"


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (UpdateLeverage(3, False, 5), "updateLeverage asset 3 to 5x isolated"),
        (
            UpdateIsolatedMargin(3, True, 250_500_000),
            "updateIsolatedMargin asset 3 add 250.50 USD (long)",
        ),
        (
            UpdateIsolatedMargin(3, False, -1),
            "updateIsolatedMargin asset 3 remove 0.000001 USD (short)",
        ),
        (TopUpIsolatedOnlyMargin(3, "2.5"), "topUpIsolatedOnlyMargin asset 3 to 2.5x"),
    ],
)
def test_an_action_is_put_into_words_that_a_checker_can_rebuild(action, words):
    case = make_case(make_signable(action=action))
    assert f"\naction: {words}\n" in statement_bytes(case, REF, KEY, Decision.APPROVE).decode()


def test_a_proposal_and_a_change_of_policy_have_titles_of_their_own():
    proposal = statement_bytes(make_case(), REF, KEY, Decision.PROPOSE)
    assert proposal.startswith(b"coldlever proposal: 1\ndecision: propose\n")
    assert change_bytes(REF, None, KEY).decode() == (
        f"coldlever policy change: 1\nfrom: {REF}\nto: none\napprover: {KEY.fingerprint}\n"
    )


DIFFERENT = [
    {"network": Network.TESTNET},
    {"nonce": NOW},
    {"vault": VAULT},
    {"expires_after": NOW},
    {"expires_after": None},
    {"action": UpdateLeverage(1, True, 10)},
    {"action": UpdateLeverage(0, False, 10)},
    {"action": UpdateLeverage(0, True, 11)},
]


@pytest.mark.parametrize("change", DIFFERENT, ids=str)
def test_another_request_makes_another_statement(change):
    one = statement_bytes(make_case(), REF, KEY, Decision.APPROVE)
    assert statement_bytes(make_case(make_signable(**change)), REF, KEY, Decision.APPROVE) != one


def test_another_signer_account_policy_person_or_word_makes_another_statement():
    texts = {
        statement_bytes(make_case(), REF, KEY, Decision.APPROVE),
        statement_bytes(make_case(signer=ACCOUNT), REF, KEY, Decision.APPROVE),
        statement_bytes(make_case(account=VAULT), REF, KEY, Decision.APPROVE),
        statement_bytes(make_case(account=None), REF, KEY, Decision.APPROVE),
        statement_bytes(make_case(), PolicyRef(8, REF.digest), KEY, Decision.APPROVE),
        statement_bytes(make_case(), PolicyRef(7, bytes(32)), KEY, Decision.APPROVE),
        statement_bytes(make_case(), REF, KEYS["bob"].public, Decision.APPROVE),
        statement_bytes(make_case(), REF, KEY, Decision.REJECT),
        statement_bytes(make_case(), REF, KEY, Decision.APPROVE, number=2),
        statement_bytes(make_case(), REF, KEY, Decision.APPROVE, not_after=NOW),
        statement_bytes(make_case(is_batch=True), REF, KEY, Decision.APPROVE),
    }
    assert len(texts) == 11


@given(
    st.builds(
        make_signable,
        network=st.sampled_from(Network),
        nonce=st.integers(0, 2**53 - 1),
        expires_after=st.none() | st.integers(0, 2**53 - 1),
        vault=st.none() | st.binary(min_size=20, max_size=20).map(Address),
        action=st.builds(
            UpdateLeverage, st.integers(0, 2**32 - 1), st.booleans(), st.integers(1, 2**32 - 1)
        )
        | st.builds(
            UpdateIsolatedMargin, st.integers(0, 9), st.booleans(), st.integers(1, 2**53 - 1)
        ),
    ),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_a_statement_is_plain_ascii_with_one_fact_a_line(signable, is_batch):
    text = statement_bytes(make_case(signable, is_batch=is_batch), REF, KEY, Decision.APPROVE)
    lines = text.decode("ascii").split("\n")
    assert lines.pop() == ""
    assert all(line.isprintable() and line == line.strip() and ": " in line for line in lines)
    assert signable.digest().hex() in text.decode()


def test_the_end_of_a_payload_is_its_expiry_or_the_end_of_its_nonces_window():
    assert end_of(make_signable(expires_after=5)) == 5
    assert end_of(make_signable(nonce=7, expires_after=None)) == 7 + 172_800_000
    assert end_of(make_signable(nonce=7, expires_after=2**53 - 1)) == 7 + 172_800_000


def test_a_mixed_batch_and_a_missing_signer_are_refused():
    one, other = make_signable(), make_signable(network=Network.TESTNET)
    with pytest.raises(RuleRefused) as caught:
        case_of([(one, SIGNER, None), (other, SIGNER, None)], is_batch=True)
    assert caught.value.code == "batch-mixed"
    with pytest.raises(RuleRefused) as caught:
        case_of([(one, None, None)], is_batch=False)
    assert caught.value.code == "signer-missing"


POLICY = make_policy()
FULL = [
    say(POLICY, make_case(), "alice"),
    say(POLICY, make_case(), "bob", Decision.REJECT, number=3),
    say(POLICY, make_case(), "carol", not_after=NOW),
    say(POLICY, make_case(is_batch=True), "dave", not_after=NOW, listed=("1: a",)),
    Approval(Decision.APPROVE, bytes(8), bytes(69)),
]


@pytest.mark.parametrize("approval", FULL)
def test_an_approval_as_json_comes_back(approval):
    wire = json.dumps([approval_wire(approval)]).encode()
    assert parse_approvals(loads(wire, "f"), HERE) == (approval,)


@pytest.mark.parametrize(
    "change",
    [
        {"decision": "maybe"},
        {"keyId": "0x00"},
        {"signature": "0x" + "00" * 65},
        {"signature": "0x" + "00" * 70},
        {"signature": 5},
        {"round": 0},
        {"round": 100},
        {"notAfter": 0},
        {"requests": 0},
        {"requests": 2, "list": ["a"], "notAfter": 1},
        {"requests": 1, "list": ["a"]},
        {"requests": 1, "list": ["a\nb"], "notAfter": 1},
        {"requests": 1, "list": ["\u0430"], "notAfter": 1},
        {"requests": 1, "list": ["a\u00a0"], "notAfter": 1},
        {"policy": {"version": 0, "digest": "0x" + "00" * 32}},
        {"who": "me"},
    ],
    ids=str,
)
def test_a_malformed_approval_is_refused(change):
    wire = approval_wire(FULL[0]) | change
    with pytest.raises(InputRefused):
        parse_approvals(loads(json.dumps([wire]).encode(), "f"), HERE)


def test_merging_does_not_depend_on_the_order_and_drops_only_doubles():
    from dataclasses import replace

    bare = replace(FULL[0], policy=None)
    assert merge([bare], FULL) == merge(FULL, [bare]) == merge(reversed(FULL))
    assert len(merge(FULL, FULL)) == len(FULL)
    assert FULL[0] in merge([bare], FULL)


def request(*approvals, vault=None, signable=None):
    return Request(signable or make_signable(vault=vault), SIGNER, approvals=merge(approvals))


def test_a_request_carries_approvals_in_a_file_and_in_a_code():
    made = RequestFile((request(FULL[0], FULL[1]),), is_batch=False)
    wire = loads(json.dumps(message_wire(made)).encode(), "f")
    assert parse_requests(wire, HERE, Defaults()) == made
    again = decode(*encode(made))
    assert isinstance(again, RequestFile)
    assert [one.signature for one in again.requests[0].approvals] == [
        one.signature for one in made.requests[0].approvals
    ]
    assert encode(again) == encode(made)


def test_a_file_of_approvals_comes_back_from_a_code():
    made = ApprovalsFile(Network.TESTNET, bytes(32), merge(FULL[:3]))
    kind, data = encode(made)
    assert kind == "cl-approvals"
    assert decode(kind, data).subject == made.subject
    assert parse_approvals_file(loads(json.dumps(made.to_wire()).encode(), "f"), HERE) == made


def test_a_change_of_policy_comes_back_from_a_file_and_a_code():
    made = PolicyChange(REF, POLICY.text.decode(), (FULL[0],))
    assert parse_policy_change(loads(json.dumps(made.to_wire()).encode(), "f"), HERE) == made
    again = decode(*encode(made))
    assert (again.old, again.text) == (made.old, made.text)
    removal = PolicyChange(REF, None)
    assert decode(*encode(removal)) == removal
    with pytest.raises(InputRefused):
        parse_policy_change(
            loads(json.dumps(PolicyChange(None, None).to_wire()).encode(), "f"), HERE
        )


def test_the_schemas_take_what_is_written_and_refuse_a_malformed_approval():
    from pathlib import Path

    import jsonschema

    folder = Path(__file__).resolve().parents[2] / "docs" / "schemas"
    documents = {
        "approvals": ApprovalsFile(Network.TESTNET, bytes(32), merge(FULL)).to_wire(),
        "policy-change": PolicyChange(REF, "policy = 1\n", (FULL[0],)).to_wire(),
    }
    for name, wire in documents.items():
        schema = json.loads((folder / f"{name}.schema.json").read_text())
        validator = jsonschema.Draft202012Validator(schema)
        validator.check_schema(schema)
        assert validator.is_valid(json.loads(json.dumps(wire)))
        broken = json.loads(json.dumps(wire))
        broken["approvals"][0]["signature"] = "0x00"
        assert not validator.is_valid(broken)
    nothing = documents["policy-change"] | {"old": None, "policy": None}
    assert not validator.is_valid(json.loads(json.dumps(nothing)))


def test_approvals_out_of_order_in_a_code_are_refused():
    from coldlever.shared.compact import strict_cbor

    made = ApprovalsFile(Network.TESTNET, bytes(32), merge(FULL[:3]))
    kind, data = encode(made)
    value = strict_cbor.loads(data, "QR")
    value[2].reverse()
    with pytest.raises(InputRefused):
        decode(kind, strict_cbor.dumps(value))


def signed_wire(*approvals):
    from coldlever.shared.action import Signature
    from coldlever.shared.message import SignedPayload

    signable = make_signable(vault=VAULT)
    return SignedPayload(
        signable, Signature(2**255, 2**250, 27), SIGNER, signable.action_hash(), None, approvals
    )


def test_a_signed_payload_carries_approvals_and_its_code_leaves_the_proposal_out():
    from coldlever.shared.message import SignedFile

    proposal = say(POLICY, make_case(), "dave", Decision.PROPOSE)
    made = signed_wire(*merge([FULL[0], proposal]))
    loaded = load_signed(json.dumps(made.to_wire()).encode(), "f")
    assert loaded.payloads[0].approvals == made.approvals
    again = decode(*encode(SignedFile((made,), is_batch=False)))
    assert [one.decision for one in again.payloads[0].approvals] == [Decision.APPROVE]


@pytest.mark.parametrize(
    ("count", "size", "version"),
    [(1, 64, 11), (2, 64, 13), (3, 64, 16), (1, 69, 12), (2, 69, 14), (3, 69, 16)],
)
def test_a_signed_payload_with_a_vault_and_approvals_stays_one_readable_code(count, size, version):
    from coldlever.shared.message import SignedFile
    from coldlever.shared.qr.draw.matrix import version_of
    from coldlever.shared.ur import encode_ur

    approvals = [
        Approval(Decision.APPROVE, bytes((n,)) * 8, bytes((255,)) * size) for n in range(count)
    ]
    kind, data = encode(SignedFile((signed_wire(*approvals),), is_batch=False))
    assert version_of(encode_ur(kind, data).upper()) <= version
