import json

import pytest

from coldlever.shared.errors import RuleRefused


@pytest.fixture
def now(machine):
    return machine.clock()


@pytest.fixture
def signed(sign_json, request_file, make_request, now):
    """Two signed payloads."""
    path = request_file(make_request(), make_request(nonce=now + 1, network="testnet"))
    return sign_json(path)["payloads"]


def test_a_good_payload_is_ok_and_names_its_signer(cli, signed, request_file, owner):
    path = request_file(signed[0], name="s.json")
    one = cli.json("verify", path)
    assert one["ok"] is True
    assert one["signer"] == str(owner)
    assert one["actionHash"] == signed[0]["actionHash"]
    assert "error" not in one
    result = cli("verify", path)
    assert result.exit_code == 0
    assert result.stdout == ""
    assert f"ok: {path}: signed by {owner}" in result.stderr
    assert "set leverage to cross 10x" in result.stderr


def test_batches_and_several_files_give_one_array(cli, signed, request_file):
    batch = request_file(*signed, name="b.json")
    one = request_file(signed[0], name="s.json")
    assert [item["ok"] for item in cli.json("verify", batch, one)] == [True] * 3
    assert len(cli.json("verify", request_file(signed[0], batch=True))) == 1


def test_the_expected_signer_is_checked(cli, signed, request_file, owner):
    path = request_file(signed[0], name="s.json")
    assert cli.json("verify", path, "--signer", owner.lower)["ok"]
    wrong = cli.json("verify", path, "--signer", "0x" + "11" * 20, status=4)
    assert (wrong["ok"], wrong["error"]["code"]) == (False, "signer-mismatch")
    assert "signer" not in wrong
    assert cli.refusal("verify", path, "--signer", "me", status=2) == "bad-address"


def test_a_bare_body_needs_its_network_and_warns_that_nobody_is_claimed(
    cli, signed, request_file, owner
):
    path = request_file(signed[0]["payload"], name="body.json")
    assert cli.refusal("verify", path, status=3) == "network-missing"
    one = cli.json("verify", path, "--network", "mainnet")
    assert one["signer"] == str(owner)
    assert one["warnings"][-1]["code"] == "signer-unclaimed"
    named = cli.json("verify", path, "--network", "mainnet", "--signer", owner.lower)
    assert "signer-unclaimed" not in [warning["code"] for warning in named["warnings"]]
    other = cli.json("verify", path, "--network", "testnet", "--signer", owner.lower, status=4)
    assert other["error"]["code"] == "signer-mismatch"


def test_all_payloads_are_verified_even_when_one_fails(cli, signed, request_file):
    signed[0]["payload"]["nonce"] += 7
    path = request_file(*signed, name="b.json")
    bad, good = cli.json("verify", path, status=4)
    assert (bad["ok"], bad["error"]["code"]) == (False, "action-hash-mismatch")
    assert good["ok"]
    result = cli("verify", path)
    assert result.exit_code == 4
    assert f"error [action-hash-mismatch]: {path}: $[0]: " in result.stderr
    assert "remedy: the file was changed" in result.stderr
    assert f"ok: {path}: $[1]: signed by" in result.stderr


def test_when_every_payload_fails_no_review_is_shown(cli, signed, request_file):
    signed[0]["payload"]["nonce"] += 7
    result = cli("verify", request_file(signed[0], name="b.json"))
    assert result.exit_code == 4
    assert "Check words" not in result.stderr


def test_an_envelope_of_the_other_network_is_refused(cli, signed, request_file):
    path = request_file(signed[0], name="s.json")
    assert cli.refusal("verify", path, "--network", "testnet", status=4) == "network-mismatch"
    moved = request_file(signed[0] | {"network": "testnet"}, name="m.json")
    assert cli.json("verify", moved, status=4)["error"]["code"] == "signer-mismatch"


def test_an_unsigned_request_is_refused_as_such(cli, request_file, make_request):
    assert cli.refusal("verify", request_file(make_request()), status=3) == "not-signed"


def test_stdin_is_read(cli, signed):
    assert cli.json("verify", "-", stdin=json.dumps(signed[0]))["ok"]
    assert cli.refusal("verify", "-", "-", status=2) == "stdin-twice"


@pytest.mark.slow
def test_any_changed_byte_of_a_signed_file_is_caught(cli, signed, tmp_path):
    """Each change is refused, or it means the same JSON document."""
    original = (json.dumps(signed[0], indent=2) + "\n").encode()
    path = tmp_path / "s.json"
    harmless = 0
    for position in range(len(original)):
        for mask in (0x01, 0x20):
            changed = bytearray(original)
            changed[position] ^= mask
            path.write_bytes(changed)
            result = cli("verify", path)
            if result.exit_code == 0:
                assert json.loads(bytes(changed)) == signed[0], (position, bytes(changed))
                harmless += 1
            else:
                assert result.exit_code in (3, 4)
    assert harmless < 10


def test_a_fault_without_a_remedy_is_reported_all_the_same(cli, signed, request_file, monkeypatch):
    def fail(*_):
        raise RuleRefused("some-rule", "some reason")

    monkeypatch.setattr("coldlever.signer.inspection.verify", fail)
    result = cli("verify", request_file(signed[0], name="s.json"))
    assert result.exit_code == 4
    assert "some reason" in result.stderr
    assert "remedy: " not in result.stderr
