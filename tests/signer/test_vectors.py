"""Vectors through the command line: inspect, sign and verify must agree with others on every byte."""

import json

import pytest

from coldlever.shared.action.address import parse_address
from coldlever.shared.action.asset_class import class_of
from coldlever.shared.action.hashing import agent_digest, hash_wire_action
from coldlever.shared.action.network import Network
from coldlever.signer.key.signing_key import SigningKey

PHRASE = "a lantern over 7 quiet harbours"


def asked(case):
    return {
        name: case[name] for name in ("network", "action", "nonce", "vaultAddress", "expiresAfter")
    }


def sign_one_by_one(cli, make_keystore, tmp_path, secret, cases):
    """The signature of each case, each with a ledger of its own: vectors repeat nonces."""
    phrase = tmp_path / "phrase"
    phrase.write_text(PHRASE)
    request, signatures = tmp_path / "one.json", []
    for number, case in enumerate(cases):
        request.write_text(json.dumps(asked(case)))
        keystore = make_keystore(secret, folder=tmp_path / f"key{number}")
        document = cli.json(
            "sign", request, "--keystore", keystore, "--passphrase-file", phrase, "--yes",
            "--no-clock", "--accept-risk", "far-nonce",
            "--state-dir", tmp_path / f"state{number}",
        )  # fmt: skip
        signatures.append(document["payload"]["payload"]["signature"])
    return signatures


def envelope(case, signer, action_hash):
    vault = case["vaultAddress"]
    return {
        "kind": "coldlever/signed", "version": 1, "network": case["network"], "signer": signer,
        "actionHash": action_hash, "approvals": [],
        "payload": {
            "action": case["action"], "nonce": case["nonce"], "signature": case["signature"],
            "vaultAddress": vault and vault.lower(), "expiresAfter": case["expiresAfter"],
        },
    }  # fmt: skip


# Vectors of our own.


def test_own_vectors_cover_every_kind(own_vectors):
    kinds = {
        (case["action"]["type"], case["network"], bool(case["vaultAddress"]),
         bool(case["expiresAfter"]))
        for case in own_vectors["cases"]
    }  # fmt: skip
    assert len(kinds) == len(own_vectors["cases"]) == 24


def test_own_vectors_inspect_sign_and_verify(cli, sign, own_vectors, request_file, tmp_path):
    cases = own_vectors["cases"]
    path = request_file(*(asked(case) for case in cases))
    shown = cli.json("inspect", path)
    assert [(one["actionHash"], one["digest"]) for one in shown] == [
        (case["actionHash"], case["digest"]) for case in cases
    ]
    out = tmp_path / "signed.json"
    assert sign(path, "--out", out).exit_code == 0
    signed = json.loads(out.read_text())
    assert [one["payload"]["signature"] for one in signed] == [case["signature"] for case in cases]
    verified = cli.json("verify", out)
    assert {(one["ok"], one["signer"]) for one in verified} == {(True, own_vectors["signer"])}


# Reference vectors.


@pytest.fixture(scope="module")
def l1(reference):
    return json.loads((reference / "hyperliquid.json").read_text())["l1"]


def test_all_reference_vectors_are_there(l1):
    assert len(l1) == 120
    assert len({case["privateKey"] for case in l1}) == 12


def test_reference_vectors_inspect(cli, l1, request_file):
    shown = cli.json("inspect", request_file(*map(asked, l1)), "--no-clock")
    assert [(one["actionHash"], one["digest"]) for one in shown] == [
        (case["actionHash"], case["eip712Digest"]) for case in l1
    ]


def test_reference_vectors_verify(cli, l1, request_file):
    path = request_file(*(envelope(case, case["signer"], case["actionHash"]) for case in l1))
    verified = cli.json("verify", path)
    assert all(one["ok"] for one in verified)
    assert [parse_address(one["signer"]).lower for one in verified] == [
        case["signer"] for case in l1
    ]


@pytest.mark.parametrize("number", range(12))
def test_reference_vectors_sign(cli, l1, make_keystore, tmp_path, number):
    secret = sorted({case["privateKey"] for case in l1})[number]
    cases = [case for case in l1 if case["privateKey"] == secret and is_perpetual(case)]
    assert cases
    signatures = sign_one_by_one(cli, make_keystore, tmp_path, bytes.fromhex(secret[2:]), cases)
    assert signatures == [case["signature"] for case in cases]


def is_perpetual(case):
    return class_of(case["action"]["asset"]).is_perpetual


def test_reference_vectors_of_other_asset_classes_hold_but_are_never_signed_here(
    cli, l1, keystore, passphrase_file, request_file
):
    others = [case for case in l1 if not is_perpetual(case)]
    assert {case["action"]["asset"] for case in others} == {65_535, 65_536, 2**32 - 1}
    for case in others:
        made = SigningKey(bytes.fromhex(case["privateKey"][2:])).sign(
            bytes.fromhex(case["eip712Digest"][2:])
        )
        assert made.to_wire() == case["signature"]
        run = ("sign", request_file(asked(case)), "--no-clock", "--yes")
        options = ("--keystore", keystore, "--passphrase-file", passphrase_file)
        assert cli.refusal(*run, *options, status=4) == "asset-class"


def test_an_expiry_that_javascript_would_round_is_refused(cli, l1, request_file):
    case = asked(l1[0]) | {"expiresAfter": 2**53}
    assert cli.refusal("inspect", request_file(case), status=3) == "out-of-range"


# Values that other projects published.


@pytest.fixture(scope="module")
def published(reference):
    text = (reference / "hyperliquid_published" / "l1_action_vectors.json").read_text()
    return [
        {
            "network": case["network"],
            "action": case["action"],
            "nonce": case["nonce"],
            "vaultAddress": case["vault_address"],
            "expiresAfter": case["expires_after"],
            "connection_id": "0x" + case["connection_id"].removeprefix("0x"),
            "signature": case["signature"],
            "key": bytes.fromhex(case["private_key"].removeprefix("0x")),
        }
        for case in json.loads(text)["l1_actions"]
    ]


def test_published_hashes_and_signatures_of_every_action(published):
    for case in published:
        vault = case["vaultAddress"] and parse_address(case["vaultAddress"])
        action_hash = hash_wire_action(case["action"], case["nonce"], vault, case["expiresAfter"])
        assert "0x" + action_hash.hex() == case["connection_id"]
        made = SigningKey(case["key"]).sign(agent_digest(Network(case["network"]), action_hash))
        given = case["signature"]
        assert (made.r, made.s, made.v) == (int(given["r"], 16), int(given["s"], 16), given["v"])


def test_published_leverage_changes_sign_and_verify(
    cli, published, make_keystore, request_file, tmp_path
):
    changes = [case for case in published if case["action"]["type"] == "updateLeverage"]
    assert changes
    for number, case in enumerate(changes):
        folder = tmp_path / str(number)
        folder.mkdir()
        shown = cli.json("inspect", request_file(asked(case)), "--no-clock")
        assert shown["actionHash"] == case["connection_id"]
        (made,) = sign_one_by_one(cli, make_keystore, folder, case["key"], [case])
        for part in ("r", "s"):
            assert int(made[part], 16) == int(case["signature"][part], 16)
        assert made["v"] == case["signature"]["v"]
        signer = SigningKey(case["key"]).address.checksummed
        path = request_file(envelope(case, signer, case["connection_id"]))
        assert cli.json("verify", path)["signer"] == signer
