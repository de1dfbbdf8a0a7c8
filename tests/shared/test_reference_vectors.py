"""The core against data of independent origin: hashes, digests, signatures, recovery."""

from __future__ import annotations

import json

import pytest

from coldlever.shared.action.actions import parse_action
from coldlever.shared.action.address import parse_address
from coldlever.shared.action.hashing import agent_digest, hash_wire_action
from coldlever.shared.action.network import Network
from coldlever.shared.action.signable import Signable
from coldlever.shared.action.signature import Signature, recover
from coldlever.shared.errors import ColdleverError, RuleRefused
from coldlever.shared.message.request import Defaults, load_requests
from coldlever.shared.message.signed import load_signed, verify
from coldlever.shared.reading.fields import Where
from coldlever.signer.key.signing_key import SigningKey


def _address(text):
    return None if text is None else parse_address(text)


def _signable(case):
    return Signable(
        Network(case["network"]),
        parse_action(case["action"], Where("vector")),
        case["nonce"],
        _address(case["vaultAddress"]),
        case["expiresAfter"],
    )


def _l1(folder):
    return json.loads((folder / "hyperliquid.json").read_text())["l1"]


def test_every_l1_vector_has_its_hash_digest_and_signature(reference_vectors):
    cases = _l1(reference_vectors)
    assert len(cases) == 120
    for case in cases:
        signable = _signable(case)
        assert "0x" + signable.action_hash().hex() == case["actionHash"]
        assert "0x" + signable.digest().hex() == case["eip712Digest"]
        key = SigningKey(bytes.fromhex(case["privateKey"][2:]))
        signature = key.sign(signable.digest())
        assert signature.to_wire() == case["signature"]
        assert recover(signable.digest(), signature).lower == case["signer"]


def test_every_l1_vector_passes_the_loaders(reference_vectors):
    for case in _l1(reference_vectors):
        body = {
            "action": case["action"],
            "nonce": case["nonce"],
            "vaultAddress": case["vaultAddress"],
            "expiresAfter": case["expiresAfter"],
        }
        request = json.dumps({"network": case["network"], **body}).encode()
        signed = json.dumps({**body, "signature": case["signature"]}).encode()
        loaded = load_requests(request, "vector", Defaults()).requests[0]
        assert "0x" + loaded.signable.action_hash().hex() == case["actionHash"]
        payload = load_signed(signed, "vector", Network(case["network"])).payloads[0]
        assert verify(payload).lower == case["signer"]


def test_the_other_network_recovers_somebody_else(reference_vectors):
    for case in _l1(reference_vectors)[:20]:
        signable = _signable(case)
        other = next(network for network in Network if network is not signable.network)
        signature = SigningKey(bytes.fromhex(case["privateKey"][2:])).sign(signable.digest())
        assert recover(agent_digest(other, signable.action_hash()), signature) != parse_address(
            case["signer"]
        )


def test_published_vectors_have_their_hash_and_signature(reference_vectors):
    path = reference_vectors / "hyperliquid_published" / "l1_action_vectors.json"
    cases = json.loads(path.read_text())["l1_actions"]
    assert len(cases) >= 16
    for case in cases:
        action_hash = hash_wire_action(
            case["action"], case["nonce"], _address(case["vault_address"]), case["expires_after"]
        )
        assert action_hash.hex() == case["connection_id"].removeprefix("0x")
        key = SigningKey(bytes.fromhex(case["private_key"][2:]))
        signature = key.sign(agent_digest(Network(case["network"]), action_hash))
        wanted = case["signature"]
        assert (signature.r, signature.s, signature.v) == (
            int(wanted["r"], 16),
            int(wanted["s"], 16),
            wanted["v"],
        )


def test_multi_sig_inner_hashes_can_be_recomputed(reference_vectors):
    """The wrapper is of no use here yet; its inner payload checks the hash on arrays."""
    cases = json.loads((reference_vectors / "hyperliquid.json").read_text())["multiSig"]
    for case in cases:
        inner = [case["multiSigUser"], case["signers"][0], case["action"]]
        digest = agent_digest(
            Network(case["network"]),
            hash_wire_action(
                inner, case["nonce"], _address(case["vaultAddress"]), case["expiresAfter"]
            ),
        )
        for private, wire in zip(case["privateKeys"], case["wrapper"]["signatures"], strict=False):
            signature = SigningKey(bytes.fromhex(private[2:])).sign(digest)
            assert (signature.r, signature.s, signature.v) == (
                int(wire["r"], 16),
                int(wire["s"], 16),
                wire["v"],
            )


def test_wycheproof_signatures_recover_exactly_the_key_they_belong_to(reference_vectors):
    import hashlib

    path = reference_vectors / "wycheproof" / "ecdsa_secp256k1_sha256_p1363_test.json"
    groups = json.loads(path.read_text())["testGroups"]
    from coldlever.shared.action.address import Address
    from coldlever.shared.action.keccak import keccak256

    recovered_count = 0
    for group in groups:
        public = bytes.fromhex(group["publicKey"]["uncompressed"])
        owner = Address(keccak256(public[1:])[12:])
        for test in group["tests"]:
            raw = bytes.fromhex(test["sig"])
            if len(raw) != 64 or test["tcId"] in (115, 247):
                continue
            digest = hashlib.sha256(bytes.fromhex(test["msg"])).digest()
            r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
            found = set()
            for v in (27, 28):
                try:
                    found.add(recover(digest, Signature(r, s, v)))
                except RuleRefused:
                    continue
            if test["result"] == "valid":
                assert owner in found, test["tcId"]
                recovered_count += 1
            else:
                assert owner not in found, test["tcId"]
    assert recovered_count > 50


def test_every_file_of_the_json_suite_is_refused_as_what_it_is(reference_vectors):
    files = sorted((reference_vectors / "json").glob("*.json"))
    assert len(files) > 300
    for path in files:
        with pytest.raises(ColdleverError) as refused:
            load_requests(path.read_bytes(), path.name, Defaults(network=Network.TESTNET, now=1))
        code = refused.value.code
        if path.name.startswith("y_"):
            # Valid JSON, so it must be refused for not being a request.
            is_ours = path.name in {
                "y_object_duplicated_key.json",
                "y_object_duplicated_key_and_value.json",
            }
            assert code == "json-duplicate-key" if is_ours else not code.startswith("json-"), (
                path.name,
                code,
            )
        elif path.name.startswith("n_"):
            assert code.startswith("json-"), (path.name, code)
        assert path.name in refused.value.message


def test_naughty_strings_reach_the_screen_as_printable_ascii(reference_vectors):
    from coldlever.shared.message.lines import review_lines
    from coldlever.shared.message.request import Request
    from coldlever.shared.message.review import review
    from coldlever.shared.printable import printable

    case = _l1(reference_vectors)[0]
    for text in json.loads((reference_vectors / "naughty" / "blns.json").read_text()):
        assert all(" " <= character <= "~" for character in printable(text))
        for line in review_lines([review(Request(_signable(case), note=text[:500]))]):
            assert all(" " <= character <= "~" for character in line.text)
