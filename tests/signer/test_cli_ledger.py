# ruff: noqa: PLR0917 - a test's parameters are its fixtures
import json

import pytest


@pytest.fixture
def now(machine):
    return machine.clock()


@pytest.fixture
def two_signed(sign, request_file, make_request, now):
    path = request_file(make_request(), make_request(nonce=now + 1, network="testnet"))
    assert sign(path).exit_code == 0


@pytest.fixture
def exported(two_signed, cli, tmp_path):
    path = tmp_path / "export.json"
    assert cli.json("ledger", "export", "--out", path) == {"exported": 2, "out": str(path)}
    return path


@pytest.fixture
def elsewhere(tmp_path):
    """The state folder of another machine."""
    return ["--state-dir", tmp_path / "elsewhere"]


def without_chain(exported):
    """The export as release 0.1 would have written it: nothing binds its entries together."""
    entries = json.loads(exported.read_text())["entries"]
    return {"kind": "coldlever/signer-ledger", "version": 1, "entries": entries}


def test_an_empty_ledger_is_shown_and_not_made(cli, state):
    assert cli.json("ledger", "show") == {"entries": []}
    assert "0 entries" in cli("ledger", "show").stderr
    assert not state.exists()


def test_entries_are_shown_and_filtered(cli, two_signed, owner, now):
    entries = cli.json("ledger", "show")["entries"]
    assert [entry["network"] for entry in entries] == ["mainnet", "testnet"]
    assert entries[0]["signer"] == str(owner)
    assert entries[0]["nonce"] == entries[0]["recordedAt"] == now
    assert "cross 10x" in entries[0]["description"]
    assert len(cli.json("ledger", "show", "--network", "testnet")["entries"]) == 1
    assert len(cli.json("ledger", "show", "--signer", owner.lower)["entries"]) == 2
    assert cli.json("ledger", "show", "--signer", "0x" + "11" * 20)["entries"] == []
    assert cli.refusal("ledger", "show", "--signer", "me", status=2) == "bad-address"
    text = cli("ledger", "show", "--network", "testnet").stderr
    assert f"nonce {now + 1}" in text
    assert "1 entry" in text


def test_a_missing_time_is_said(cli, sign, request_file, make_request):
    sign(request_file(make_request()), "--no-clock")
    assert "without a clock" in cli("ledger", "show").stderr


def test_an_export_is_one_document(cli, exported):
    document = json.loads(exported.read_text())
    assert (document["kind"], document["version"]) == ("coldlever/signer-ledger", 2)
    assert len(document["entries"]) == 2
    assert exported.stat().st_mode & 0o777 == 0o600
    assert cli("ledger", "export").stdout == exported.read_text()
    assert cli("ledger", "export", "--json").stdout == exported.read_text()
    assert cli.refusal("ledger", "export", "--out", exported, status=2) == "output-exists"
    assert "wrote 2 entries" in cli("ledger", "export", "--out", exported, "--force").stderr


def test_an_import_brings_the_memory_to_another_machine(
    cli, exported, elsewhere, sign, request_file, make_request
):
    assert cli.json("ledger", "import", exported, *elsewhere) == {"imported": 2, "known": 0}
    assert cli.json("ledger", "import", exported, *elsewhere) == {"imported": 0, "known": 2}
    assert "0 new entries, 2 known" in cli("ledger", "import", exported, *elsewhere).stderr
    other = request_file(make_request(expiresAfter=None), name="other.json")
    refused = sign(other, *elsewhere)
    assert refused.exit_code == 4
    assert "nonce-used" in refused.stderr


def test_a_contradicting_import_changes_nothing(cli, exported, elsewhere, tmp_path):
    cli.json("ledger", "import", exported, *elsewhere)
    document = without_chain(exported)
    document["entries"][1]["actionHash"] = "0x" + "00" * 32
    document["entries"][0]["nonce"] += 50
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps(document))
    before = cli.json("ledger", "show", *elsewhere)
    assert cli.refusal("ledger", "import", bad, *elsewhere, status=4) == "nonce-used"
    assert cli.json("ledger", "show", *elsewhere) == before


def test_another_file_is_refused(cli, keystore, elsewhere, tmp_path):
    assert cli.refusal("ledger", "import", keystore, *elsewhere, status=3) == "unknown-key"
    assert cli.refusal("ledger", "import", tmp_path / "no", *elsewhere, status=3) == (
        "file-unreadable"
    )
    assert not (tmp_path / "elsewhere").exists()


def test_an_import_from_stdin(cli, exported, elsewhere):
    document = exported.read_text()
    assert cli.json("ledger", "import", "-", *elsewhere, stdin=document)["imported"] == 2


def test_foreign_words_in_an_import_are_escaped(cli, exported, elsewhere, tmp_path):
    document = without_chain(exported)
    document["entries"][0]["description"] = "\x1b[2J\u202e"
    hostile = tmp_path / "hostile.json"
    hostile.write_text(json.dumps(document))
    cli.json("ledger", "import", hostile, *elsewhere)
    text = cli("ledger", "show", *elsewhere).stderr
    assert "\\u{001b}[2J\\u{202e}" in text
