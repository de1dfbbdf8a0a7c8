"""Approvals and policies: the verifier in another language counts whom we count, and nobody else."""

import base64
import json
import random
import struct
from hashlib import sha256, sha512

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from coldlever.shared.action import Network, UpdateIsolatedMargin
from coldlever.shared.action.actions import TopUpIsolatedOnlyMargin
from coldlever.shared.errors import ColdleverError
from coldlever.shared.message.approvals_file import ApprovalsFile
from coldlever.shared.message.request import Request
from coldlever.shared.policy import load_policy
from coldlever.shared.sshsig.edwards import ORDER
from coldlever.shared.sshsig.public_key import KeyType, PublicKey
from coldlever.shared.sshsig.signature import signed_bytes
from coldlever.shared.statement import Approval, Decision, namespace_of, statement_bytes
from tests.interop.verifier import ask, our_standings, require_node, their_standings
from tests.shared.approving import (
    ACCOUNT,
    KEYS,
    NOW,
    SIGNER,
    VAULT,
    make_case,
    make_policy,
    make_signable,
    person_text,
    policy_text,
    say,
    with_list,
)
from tests.shared.test_sshsig import NOT_CANONICAL, SMALL_ORDER, line_of, mixed_order_point

_SEED = bytes(range(32))


@pytest.fixture(scope="module")
def node():
    return require_node()


def document(*signables, approvals=(), account=ACCOUNT, is_batch=False, signer=SIGNER):
    """A request with approvals, or a batch with them at its first request."""
    wires = [
        Request(
            one, signer=signer, account=account, approvals=tuple(approvals) if at == 0 else ()
        ).to_wire()
        for at, one in enumerate(signables)
    ]
    return json.dumps(wires if is_batch else wires[0]).encode()


def job(data, policy, sheets=(), now=NOW):
    encoded = [base64.b64encode(one).decode() for one in (data, policy, *sheets)]
    return {"base64": encoded[0], "policy": encoded[1], "approvals": encoded[2:], "now": now}


def agree(node, cases, folder):
    """What both say of each case of (document, policy, sheets, now), which must be the same."""
    answers = ask(node, [job(*case) for case in cases], folder)
    found = []
    for case, answer in zip(cases, answers, strict=True):
        expected, reason = our_standings(*case)
        assert (their_standings(answer), case) == (expected, case), (answer.get("error"), reason)
        found.append(expected)
    return found


def one(node, folder, approvals, policy=None, signables=None, **options):
    """What both say of one request under one policy."""
    text = policy_text() if policy is None else policy
    data = document(*(signables or (make_signable(),)), approvals=approvals, **options)
    [found] = agree(node, [(data, text.encode(), (), NOW)], folder)
    return found


def test_enough_people_of_each_group_approve_it(node, tmp_path):
    approvals = [say(make_policy(), make_case(), name) for name in ("alice", "carol")]
    [standing] = one(node, tmp_path, approvals)
    assert standing == (True, ["all else"], ["alice", "carol"], [], [])


@pytest.mark.parametrize("names", [(), ("alice",), ("alice", "bob"), ("carol", "dave")])
def test_two_of_one_group_are_not_enough(node, names, tmp_path):
    approvals = [say(make_policy(), make_case(), name) for name in names]
    [standing] = one(node, tmp_path, approvals)
    assert standing[0] is False


def test_a_stranger_and_a_changed_statement_count_for_nobody(node, tmp_path):
    policy, case = make_policy(), make_case()
    assert one(node, tmp_path, [say(policy, case, "alice")]) is not None
    for approval in (
        say(policy, case, "mallory"),
        say(policy, make_case(make_signable(nonce=NOW - 99_999)), "alice"),
        say(make_policy(version=8), case, "alice"),
        say(policy, make_case(account=None), "alice"),
        say(policy, case, "alice", number=2),
        say(policy, case, "alice", Decision.REJECT),
    ):
        forged = Approval(Decision.APPROVE, approval.key_id, approval.signature)
        assert one(node, tmp_path, [forged]) is None


def test_rejections_and_rounds_count_as_the_document_says(node, tmp_path):
    policy, case = make_policy(), make_case()
    carol = say(policy, case, "carol")
    first = say(policy, case, "alice")
    no = say(policy, case, "alice", Decision.REJECT)
    again = say(policy, case, "alice", number=2)
    assert one(node, tmp_path, [carol, first, no])[0][0] is False
    assert one(node, tmp_path, [carol, first, no, again])[0][0] is True


def security_key(kind):
    """A public key of a security key, and what signs with it under some flags."""
    if kind is KeyType.SK_P256:
        secret = ec.derive_private_key(0xC01D, ec.SECP256R1())
        numbers = secret.public_key().public_numbers()
        point = b"\4" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")

        def sign(data):
            r, s = decode_dss_signature(secret.sign(data, ec.ECDSA(SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    else:
        secret = ed25519.Ed25519PrivateKey.from_private_bytes(_SEED)
        point, sign = secret.public_key().public_bytes_raw(), secret.sign

    def attest(namespace, statement, flags):
        seen = bytes((flags,)) + struct.pack(">I", 5)
        data = signed_bytes(namespace, statement)
        return sign(sha256(b"ssh:").digest() + seen + sha256(data).digest()) + seen

    return PublicKey(kind, point), attest


@pytest.mark.parametrize("kind", [KeyType.SK_ED25519, KeyType.SK_P256])
@pytest.mark.parametrize("pin", ["true", "false"])
def test_security_keys_count_when_they_were_touched_and_asked_for_their_pin(
    node, kind, pin, tmp_path
):
    key, attest = security_key(kind)
    people = person_text("erin", (), key.line)
    rules = '[[rule]]\nname = "all"\nneeds = "1 of 1"\n'
    text = policy_text(people=people, rules=rules, change="1 of 1", head=f"pin = {pin}")
    policy = make_policy(people=people, rules=rules, change="1 of 1", head=f"pin = {pin}")
    statement = statement_bytes(make_case(), policy.ref, key, Decision.APPROVE)
    cases = []
    for flags in (0, 1, 4, 5, 3, 0x81, 0xFF):
        signature = attest(namespace_of(Decision.APPROVE), statement, flags)
        for changed in (signature, signature[:64] + b"\5" + signature[65:], signature[:64]):
            approval = Approval(Decision.APPROVE, key.key_id, changed)
            data = document(make_signable(), approvals=[approval])
            cases.append((data, text.encode(), (), NOW))
    counted = [found is not None for found in agree(node, cases, tmp_path)]
    # Touched, and with a PIN; the latter also where the flags are put as they were.
    assert sum(counted) == (2 if pin == "true" else 3)


def test_a_signature_that_is_not_reduced_counts_for_nobody(node, tmp_path):
    good = say(make_policy(), make_case(), "alice")
    s = int.from_bytes(good.signature[32:], "little") + ORDER
    longer = good.signature[:32] + s.to_bytes(32, "little")
    forged = Approval(good.decision, good.key_id, longer)
    assert one(node, tmp_path, [good]) is not None
    assert one(node, tmp_path, [forged]) is None


def clamped(seed):
    raw = bytearray(sha512(seed).digest()[:32])
    raw[0] &= 248
    raw[31] = raw[31] & 127 | 64
    return int.from_bytes(raw, "little")


def test_a_signature_whose_r_is_of_mixed_order_counts_for_nobody(node, tmp_path):
    """Libraries that multiply by the cofactor take it; OpenSSH and we do not."""
    good = say(make_policy(), make_case(), "alice")
    statement = statement_bytes(
        make_case(), make_policy().ref, KEYS["alice"].public, Decision.APPROVE
    )
    data = signed_bytes(namespace_of(Decision.APPROVE), statement)
    r = mixed_order_point()  # the point of the seed's scalar, and the point of order two
    k = int.from_bytes(sha512(r + KEYS["alice"].public.point + data).digest(), "little")
    s = (clamped(_SEED) + k * clamped(sha256(b"alice").digest())) % ORDER
    forged = Approval(good.decision, good.key_id, r + s.to_bytes(32, "little"))
    assert one(node, tmp_path, [good]) is not None
    assert one(node, tmp_path, [forged]) is None


def test_weak_keys_stand_in_no_policy(node, tmp_path):
    points = [*map(bytes.fromhex, SMALL_ORDER + NOT_CANONICAL), mixed_order_point()]
    rules = '[[rule]]\nname = "all"\nneeds = "nobody"\n'
    lines = [KEYS["alice"].public.line, *map(line_of, points)]
    texts = [
        policy_text(people=person_text("erin", (), line), rules=rules, change="1 of 1")
        for line in lines
    ]
    data = document(make_signable())
    found = agree(node, [(data, text.encode(), (), NOW) for text in texts], tmp_path)
    assert [one is not None for one in found] == [True] + [False] * len(points)


def batch():
    signables = (
        make_signable(),
        make_signable(nonce=NOW - 99_999, action=UpdateIsolatedMargin(3, True, -250_500_000)),
        make_signable(nonce=NOW - 99_998, action=TopUpIsolatedOnlyMargin(3, "2.5")),
    )
    return signables, make_case(*signables, is_batch=True)


def sheet(case, *approvals):
    return json.dumps(ApprovalsFile(case.network, case.subject, approvals).to_wire()).encode()


def test_a_batch_is_approved_as_a_list_whole_or_by_one_of_its_requests(node, tmp_path):
    policy, text = make_policy(), policy_text().encode()
    signables, case = batch()
    said = [say(policy, case, name) for name in ("alice", "carol")]
    listed = [
        with_list(say(policy, case, name, not_after=NOW + 1_000_000), case)
        for name in ("alice", "carol")
    ]
    whole = document(*signables, is_batch=True)
    single = document(signables[0])
    found = agree(
        node,
        [
            (document(*signables, approvals=said, is_batch=True), text, (), NOW),
            (whole, text, (sheet(case, *said),), NOW),
            (single, text, (sheet(case, *listed),), NOW),
            (single, text, (sheet(case, *said),), NOW),
            (document(*signables[::-1], is_batch=True), text, (sheet(case, *said),), NOW),
            (single, text, (sheet(case, *listed),), NOW + 1_000_001),
        ],
        tmp_path,
    )
    assert [one is not None and all(each[0] for each in one) for one in found] == [
        True, True, True, False, False, False,
    ]  # fmt: skip


# What a mutation of a policy puts in the place of one of its words.
_WORDS = [
    ("lower", "raise"), ("1 of 2", "2 of 2"), ("1 of 2", "1 of 4"), ("risk", "ops"), ("2 of 4", "4 of 4"),
    ('"24h"', '"1m"'), ("ceiling = 50", "ceiling = 9"), ("ceiling = 50", "ceiling = 0x0a"),
    ("true", "false"), ("mainnet", "testnet"), ("alice", "bob"), ("[[rule]]", "[rule]"), ("= 7", "= 1_0"),
    ("[limits]", "[limits]\nchanges-a-day = 3"), ("[limits]", "limits.market = [{network = 'mainnet', asset = 0, ceiling = 9}]\n[limits]"),
    ("ceiling = 50", "market = [{network = 'mainnet', asset = 0, ceiling = 9}]"), ("needs", "refuse = true #"), ("needs", "modes = ['cross']\nneeds"),
    ("needs", "leverage-up-to = 10\nneeds"), ("needs", "assets = [0, 1,]\nneeds"), ('"', "'"), ("=", " = "),
    ("version = 7", "version = 7.0"), ("version = 7", "version = 07"), ("name", '"name"'), ("\n", "\r\n"),
    ("policy = 1", "policy = 1 # \x01"), ("policy = 1", "proposers = ['alice']\npolicy = 1"),
    ("policy = 1", "proposers = ['alice']\nproposer-counts = true\npolicy = 1"),
    ("policy = 1", "trust-drafted-setting = true\npolicy = 1"), ("treasury", "tr\\u0065asury"),
    ("treasury", "tr\\xasury"), ("[limits]", "limits.ceiling = 3\n[limits]"), ("directions", "actions"),
    ("risk: 1 of 2 and ops: 1 of 2", "nobody"), ("keys = [", "keys = [\n# who\n"), ("treasury", ""),
    ("signers", "accounts"), ("[limits]", "[limits]\nsigners = ['0x0102030405060708090A0b0c0d0e0f1011121314']"),
    ("[limits]", "[limits]\nactions = ['topUpIsolatedOnlyMargin']"), ("name = ", 'name = """\\\n  """ #'),
]  # fmt: skip


def edited_policy(chance, text):
    for _ in range(chance.randrange(3)):
        old, new = chance.choice(_WORDS)
        places = text.count(old)
        if places:
            keep = chance.randrange(places)
            parts = text.split(old)
            text = old.join(parts[: keep + 1]) + new + old.join(parts[keep + 1 :])
    if chance.randrange(4) == 0:
        at = chance.randrange(len(text))
        text = (
            text[:at]
            + chance.choice(["", "\n", '"', "[", "]", ",", "=", ".", "a", "1", "_"])
            + text[at + 1 :]
        )
    return text


def edited_approvals(chance, policy, case):
    """What some people say, now and then with something changed afterwards."""
    said = []
    for name in chance.sample([*KEYS][: chance.choice([4, 4, 4, 6])], chance.randrange(5)):
        decision = chance.choice([*[Decision.APPROVE] * 6, Decision.REJECT, Decision.PROPOSE])
        approval = say(policy, case, name, decision, number=chance.choice([1, 1, 1, 2]))
        if chance.randrange(9) == 0:
            signature = bytearray(approval.signature)
            signature[chance.randrange(64)] ^= 1 << chance.randrange(8)
            approval = Approval(approval.decision, approval.key_id, bytes(signature))
        said.append(approval)
    return said


def random_case(chance):
    action = chance.choice(
        [make_signable().action, UpdateIsolatedMargin(3, False, 5), TopUpIsolatedOnlyMargin(3, "9")]
    )
    signables = [
        make_signable(
            action=action,
            nonce=NOW - 100_000 + number,
            network=chance.choice([*[Network.MAINNET] * 9, Network.TESTNET]),
            vault=None,
            expires_after=chance.choice([NOW + 3_500_000, NOW + 3_500_000, None]),
        )
        for number in range(chance.choice([1, 1, 2, 3]))
    ]
    is_batch = len(signables) > 1
    text = policy_text()
    changed = edited_policy(chance, text)
    try:
        policy = make_policy() if changed == text else load_policy(changed.encode(), "policy.toml")
    except ColdleverError:
        policy = make_policy()
    case = make_case(*signables, is_batch=is_batch)
    said = edited_approvals(chance, policy, case)
    data = document(*signables, approvals=said, is_batch=is_batch)
    return data, changed.encode(), (), chance.choice([NOW, NOW, NOW, None, None, NOW + 10**10])


def test_no_random_policy_finds_a_disagreement(node, tmp_path):
    chance = random.Random(2)
    found = agree(node, [random_case(chance) for _ in range(200)], tmp_path)
    approved = sum(one is not None and all(each[0] for each in one) for one in found)
    counted = sum(one is not None for one in found)
    assert 3 < approved < counted < len(found)


def test_the_vault_stands_in_the_statement(node, tmp_path):
    signable = make_signable(vault=VAULT)
    case = make_case(signable, account=VAULT)
    approvals = [say(make_policy(), case, name) for name in ("alice", "carol")]
    [standing] = one(node, tmp_path, approvals, signables=(signable,), account=VAULT)
    assert standing[0] is True
