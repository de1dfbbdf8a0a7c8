"""Attested markets: lines, the digest over them, proofs, and who of a policy vouches."""

import subprocess
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldlever.shared.action import MarginMode, MarketEntry, MarketTable, Network
from coldlever.shared.action.attestation import Attestation, merge_attestations
from coldlever.shared.action.market import parse_market_table
from coldlever.shared.compact import decode, encode
from coldlever.shared.errors import InputRefused, RuleRefused
from coldlever.shared.message import Request
from coldlever.shared.message.attested import attested_table
from coldlever.shared.message.request import Defaults, RequestFile, parse_requests
from coldlever.shared.policy.findings import remarks_on
from coldlever.shared.policy.vouching import (
    market_vouchers,
    require_fresh,
    table_vouchers,
)
from coldlever.shared.reading import Where
from coldlever.shared.sshsig import dearmor, enarmor, parse_public_key, parse_sshsig
from coldlever.shared.statement.market_list import (
    MARKET_NAMESPACE,
    list_of,
    market_line,
    prove_markets,
    proven_list,
)
from tests.shared import ssh_tools
from tests.shared.approving import KEYS, NOW, PEOPLE, make_policy, make_signable, person_text

ATTESTORS = 'attestors = ["carol", "dave"]\nmarket-max-age = "7d"'
DAY = 86_400_000


def entry(asset=110_001, coin="xyz:TSLA", **changes):
    known = MarketEntry(Network.MAINNET, asset, coin, 20, MarginMode.NORMAL, False, NOW - 1000)
    return replace(known, **changes)


def table(count=5, network=Network.MAINNET):
    entries = [entry(110_000 + n, f"xyz:C{n}", network=network) for n in range(count)]
    return MarketTable(network, NOW - 1000, {one.asset: one for one in entries})


def attest(listed, *names, namespace=MARKET_NAMESPACE, what=None):
    """The table with the word of these people."""
    made = []
    for name in names:
        key = KEYS[name]
        text = list_of(listed if what is None else what).statement(key.public)
        made.append(Attestation(key.public.key_id, key.sign(namespace, text).raw.pack()))
    return replace(listed, attestations=merge_attestations(tuple(made)))


def policy(head=ATTESTORS, **changes):
    return make_policy(head=head, **changes)


def refused(code, head, listed, asset=110_001, changed=None):
    """The refusal of one market of a table."""
    proof = prove_markets(listed)[asset]
    with pytest.raises(RuleRefused) as caught:
        market_vouchers(policy(head), changed or listed.entries[asset], proof)
    assert caught.value.code == code
    assert caught.value.remedy
    return caught.value.message


def test_a_line_says_all_of_a_market():
    assert market_line(entry()) == (
        "asset 110001: xyz:TSLA, up to 20x, normal, listed, read 1795000099000 "
        "(2026-11-18 11:08:19 UTC)"
    )


def test_the_statement_names_the_digest_of_the_lines():
    one = MarketTable(Network.MAINNET, NOW, {110_001: entry()})
    root = sha256(b"\0" + market_line(entry()).encode() + b"\n").hexdigest()
    assert list_of(one).statement(KEYS["carol"].public).decode() == (
        "coldlever markets: 1\nnetwork: mainnet\nmarkets: 1\n"
        f"list: sha256:{root}\nattestor: {KEYS['carol'].public.fingerprint}\n"
    )


def test_three_lines_are_hashed_as_the_document_says():
    """RFC 6962: the first two together, then with the third."""
    leaves = [
        sha256(b"\0" + market_line(one).encode() + b"\n").digest()
        for one in table(3).entries.values()
    ]
    pair = sha256(b"\1" + leaves[0] + leaves[1]).digest()
    assert list_of(table(3)).root == sha256(b"\1" + pair + leaves[2]).digest()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 233])
def test_each_market_leads_to_the_one_digest(count):
    listed = table(count)
    proofs = prove_markets(listed)
    whole = list_of(listed)
    assert {proven_list(listed.entries[asset], proof) for asset, proof in proofs.items()} == {whole}
    assert max(len(proof.path) for proof in proofs.values()) <= 8


@given(st.integers(1, 40), st.data())
def test_no_other_market_place_or_path_leads_there(count, data):
    listed = table(count)
    asset = data.draw(st.sampled_from(sorted(listed.entries)))
    one, proof, whole = listed.entries[asset], prove_markets(listed)[asset], list_of(listed)
    assert proven_list(replace(one, coin="xyz:OTHER"), proof) != whole
    assert proven_list(replace(one, max_leverage=21), proof) != whole
    assert proven_list(one, replace(proof, path=(*proof.path, bytes(32)))) != whole
    assert proven_list(one, replace(proof, markets=proof.markets + 1)) != whole
    if proof.path:
        assert proven_list(one, replace(proof, path=proof.path[1:])) != whole
        other = data.draw(st.integers(0, count - 1).filter(lambda n: n != proof.position))
        assert proven_list(one, replace(proof, position=other)) != whole


def test_a_branch_is_not_taken_for_a_market():
    """Lines and branches are hashed behind other bytes, so that no line can be a branch."""
    two = table(2)
    left, right = (prove_markets(two)[110_000 + n].path[0] for n in (1, 0))
    assert sha256(b"\0" + left + right).digest() != list_of(two).root


@pytest.mark.parametrize("coin", ["", "a b", "x, up to 99x", "xyz:T\u0405LA", "a\nb", "x" * 41])
def test_a_name_that_could_be_other_words_is_not_attested(coin):
    with pytest.raises(RuleRefused) as caught:
        market_line(entry(coin=coin))
    assert caught.value.code == "market-not-plain"


def test_who_vouches_is_named_in_the_order_of_the_policy():
    listed = attest(table(), "dave", "carol")
    assert table_vouchers(policy(), listed) == ("carol", "dave")
    proof = prove_markets(listed)[110_001]
    assert market_vouchers(policy(), listed.entries[110_001], proof) == ("carol", "dave")


def test_one_attestor_is_enough_unless_the_policy_wants_two():
    listed = attest(table(), "carol")
    proof = prove_markets(listed)[110_001]
    assert market_vouchers(policy(), listed.entries[110_001], proof) == ("carol",)
    words = refused("attestations-missing", ATTESTORS + "\nattestors-needed = 2", listed)
    assert "1 of 2; missing one of: dave" in words


def test_one_person_with_two_keys_attests_once():
    keys = (KEYS["carol"].public.line, KEYS["erin"].public.line)
    people = "".join(
        person_text(name, groups, *(keys if name == "carol" else ()))
        for name, groups in PEOPLE.items()
    )
    listed = attest(table(), "carol", "erin")
    strict = policy(ATTESTORS + "\nattestors-needed = 2", people=people)
    with pytest.raises(RuleRefused) as caught:
        market_vouchers(strict, listed.entries[110_001], prove_markets(listed)[110_001])
    assert caught.value.code == "attestations-missing"


@pytest.mark.parametrize("name", ["alice", "mallory"])
def test_who_is_no_attestor_vouches_for_nothing(name):
    refused("not-an-attestor", ATTESTORS, attest(table(), name))
    refused("not-an-attestor", ATTESTORS, attest(table(), "carol", name))


def test_a_policy_without_attestors_takes_no_ones_word():
    refused("not-an-attestor", "", attest(table(), "carol"))


@pytest.mark.parametrize("namespace", ["approve@coldlever", "policy@coldlever", "file"])
def test_a_signature_for_another_namespace_is_refused(namespace):
    refused("attestation-invalid", ATTESTORS, attest(table(), "carol", namespace=namespace))


def test_a_list_of_the_other_network_is_refused():
    other = attest(table(network=Network.TESTNET), "carol")
    refused("attestation-invalid", ATTESTORS, replace(table(), attestations=other.attestations))


@pytest.mark.parametrize(
    "changes",
    [
        {"coin": "xyz:NVDA"},
        {"max_leverage": 40},
        {"asset": 110_002},
        {"time": NOW},
        {"delisted": True},
        {"margin_mode": MarginMode.NO_CROSS},
        {"network": Network.TESTNET},
    ],
)
def test_an_edited_line_is_refused(changes):
    listed = attest(table(), "carol")
    changed = replace(listed.entries[110_001], **changes)
    refused("attestation-invalid", ATTESTORS, listed, changed=changed)


def test_a_market_that_was_added_dropped_or_taken_from_another_table_is_refused():
    signed = attest(table(), "carol")
    for other in (table(6), table(4)):
        refused("attestation-invalid", ATTESTORS, replace(other, attestations=signed.attestations))


@pytest.mark.parametrize("flipped", range(0, 64, 9))
def test_a_changed_signature_is_refused(flipped):
    listed = attest(table(), "carol")
    (one,) = listed.attestations
    raw = bytearray(one.signature)
    raw[flipped] ^= 1
    broken = replace(listed, attestations=(replace(one, signature=bytes(raw)),))
    refused("attestation-invalid", ATTESTORS, broken)


def test_limits_age_and_the_future_is_refused():
    for age, fine in ((0, True), (7 * DAY, True), (7 * DAY + 1, False), (-200_000, False)):
        one = entry(time=NOW - age)
        if fine:
            require_fresh(policy(), one, NOW)
            continue
        with pytest.raises(RuleRefused) as caught:
            require_fresh(policy(), one, NOW)
        assert caught.value.code == "market-stale"
    require_fresh(policy('attestors = ["carol"]'), entry(time=0), NOW)
    require_fresh(policy(), entry(time=0), None)


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ('attestors = ["zoe"]', "unknown-name"),
        ("attestors-needed = 1", "missing-key"),
        ('market-max-age = "1d"', "missing-key"),
        ('attestors = ["carol"]\nattestors-needed = 2', "bad-threshold"),
        ('attestors = ["carol"]\nmarket-max-age = "soon"', "bad-duration"),
        ('attestors = ["carol", "carol"]', "repeated-value"),
    ],
)
def test_attestors_that_make_no_sense_are_refused_with_the_policy(head, code):
    with pytest.raises(InputRefused) as caught:
        policy(head)
    assert caught.value.code == code


def test_policy_check_warns_of_who_drafts_and_vouches_and_of_limits_that_never_age():
    both = policy('attestors = ["carol"]\nproposers = ["carol", "dave"]')
    assert {"proposer-attests", "no-market-age", "loss-blocks"} <= {
        one.code for one in remarks_on(both)
    }
    assert "proposer-attests" not in {one.code for one in remarks_on(policy())}


def request_with_proof(names=("carol",), count=5):
    signable = make_signable()
    signable = replace(signable, action=replace(signable.action, asset=110_001))
    return attested_table(attest(table(count), *names)).attach(Request(signable))


def test_a_request_carries_the_proof_of_its_own_market_alone():
    wire = request_with_proof().to_wire()
    assert wire["market"]["coin"] == "xyz:C1"
    assert "xyz:C2" not in str(wire)
    again = parse_requests(wire, Where("f"), Defaults()).requests[0]
    assert again == request_with_proof()
    assert market_vouchers(policy(), again.market, again.proof) == ("carol",)


def test_proof_and_attested_table_go_through_codes_unchanged():
    request = RequestFile((request_with_proof(("carol", "dave")),), is_batch=False)
    listed = attest(table(), "carol", "dave")
    for message in (request, listed):
        kind, data = encode(message)
        assert decode(kind, data) == message


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda wire: wire.pop("market"), "missing-key"),
        (lambda wire: wire["marketProof"].update(position=5), "out-of-range"),
        (lambda wire: wire["marketProof"].update(markets=0), "out-of-range"),
        (lambda wire: wire["marketProof"].update(path=["0x00"]), "bad-hex"),
        (lambda wire: wire["marketProof"].update(path=["0x" + "0" * 64] * 33), "wrong-length"),
        (lambda wire: wire["marketProof"].update(attestations=[]), "wrong-length"),
        (lambda wire: wire["marketProof"]["attestations"].reverse(), "wrong-order"),
        (lambda wire: wire["marketProof"].update(other=1), "unknown-key"),
    ],
)
def test_a_malformed_proof_is_refused_by_name(change, code):
    wire = request_with_proof(("carol", "dave")).to_wire()
    change(wire)
    with pytest.raises(InputRefused) as caught:
        parse_requests(wire, Where("f"), Defaults())
    assert caught.value.code == code


def test_a_table_with_attestations_is_read_as_it_was_written():
    listed = attest(table(), "carol", "dave")
    assert parse_market_table(listed.to_wire(), Where("f")) == listed
    assert "attestations" not in table().to_wire()


def test_ssh_keygen_takes_what_we_sign_and_we_take_what_it_signs(tmp_path):
    ssh_tools.require_ssh_keygen()
    listed, key = table(), KEYS["carol"]
    text = list_of(listed).statement(key.public)
    armored = enarmor(key.sign(MARKET_NAMESPACE, text).to_blob())
    assert ssh_tools.keygen_accepts(key.public.line, MARKET_NAMESPACE, text, armored, tmp_path)
    assert not ssh_tools.keygen_accepts(
        key.public.line, "approve@coldlever", text, armored, tmp_path
    )
    path = ssh_tools.make_key(tmp_path, "frank")
    line = ssh_tools.public_line(path)
    public = parse_public_key(line)
    document = tmp_path / "statement"
    document.write_bytes(list_of(listed).statement(public))
    made = parse_sshsig(dearmor(ssh_tools.keygen_sign(path, MARKET_NAMESPACE, document)))
    signed = replace(listed, attestations=(Attestation(public.key_id, made.raw.pack()),))
    people = "".join(person_text(name, groups) for name, groups in PEOPLE.items())
    ours = policy(
        'attestors = ["frank"]', people=people + person_text("frank", (), line), change="2 of 5",
        rules='[[rule]]\nname = "all"\nneeds = "2 of 5"\n',
    )  # fmt: skip
    assert table_vouchers(ours, signed) == ("frank",)


@pytest.mark.parametrize(("flags", "fine"), [("01", True), ("05", True), ("00", False)])
def test_a_security_key_attests_when_it_was_touched(tmp_path, flags, fine):
    ssh_tools.require_ssh_keygen()
    library = ssh_tools.build_security_key(tmp_path)
    path = ssh_tools.make_key(tmp_path, "frank", "ed25519-sk", library)
    public = parse_public_key(ssh_tools.public_line(path))
    document = tmp_path / "statement"
    document.write_bytes(list_of(table()).statement(public))
    try:
        text = ssh_tools.keygen_sign(path, MARKET_NAMESPACE, document, library=library, flags=flags)
    except subprocess.CalledProcessError:
        pytest.fail("ssh-keygen has not signed with the stand-in key")
    made = parse_sshsig(dearmor(text))
    signed = replace(table(), attestations=(Attestation(public.key_id, made.raw.pack()),))
    people = "".join(person_text(name, groups) for name, groups in PEOPLE.items())
    ours = policy(
        'attestors = ["frank"]', change="2 of 5",
        people=people + person_text("frank", (), ssh_tools.public_line(path)),
        rules='[[rule]]\nname = "all"\nneeds = "2 of 5"\n',
    )  # fmt: skip
    if fine:
        assert table_vouchers(ours, signed) == ("frank",)
        return
    with pytest.raises(RuleRefused) as caught:
        table_vouchers(ours, signed)
    assert caught.value.code == "attestation-invalid"
