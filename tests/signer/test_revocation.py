# ruff: noqa: PLR0917 - a test's parameters are its fixtures
"""Revocations at the signer: what is shown, what is recorded, and what is not signed afterwards."""

import json

import pytest


@pytest.fixture
def noop(make_request, owner):
    """The request that kills what `make_request` makes."""
    original = make_request()
    return {
        **original,
        "action": {"type": "noop"},
        "expiresAfter": None,
        "signer": str(owner),
        "kills": {
            "action": original["action"],
            "expiresAfter": original["expiresAfter"],
            "vaultAddress": None,
        },
    }


@pytest.fixture
def kill(request_file, noop):
    return request_file(noop, name="kill.json")


@pytest.fixture
def refused(cli, keystore, passphrase_file):
    def run(*arguments):
        return cli.refusal(
            "sign", *arguments, "--keystore", keystore, "--passphrase-file", passphrase_file,
            "--yes", status=4,
        )  # fmt: skip

    return run


def kinds(cli):
    return [one.get("what", "payload") for one in cli.json("ledger", "show")["entries"]]


def test_what_was_signed_is_revoked_and_shown_from_the_ledger(
    sign, cli, request_file, make_request, kill
):
    assert sign(request_file(make_request())).exit_code == 0
    done = sign(kill)
    assert done.exit_code == 0, done.stderr
    known = '"BTC = asset 0 (in coldlever\'s table): set leverage to cross 10x" (signed on'
    assert known in done.stderr
    assert "as drafted" not in done.stderr
    envelope = json.loads(done.stdout)
    assert envelope["payload"]["action"] == {"type": "noop"}
    assert kinds(cli) == ["payload", "revocation"]


def test_the_original_is_never_signed_again(sign, refused, request_file, make_request, kill):
    original = request_file(make_request())
    assert sign(original).exit_code == 0
    assert sign(kill).exit_code == 0
    assert refused(original) == "nonce-revoked"


def test_what_was_never_signed_here_is_revoked_and_not_signed_then(
    sign, refused, request_file, make_request, kill
):
    done = sign(kill)
    assert done.exit_code == 0
    assert "(as drafted, not signed)" in done.stderr
    assert refused(request_file(make_request())) == "nonce-revoked"


def test_the_same_revocation_may_be_signed_again(sign_json, cli, kill):
    first, again = sign_json(kill), sign_json(kill)
    assert first["payload"] == again["payload"]
    assert [one["signed"][0]["alreadySigned"] for one in (first, again)] == [False, True]
    assert kinds(cli) == ["revocation"]


def test_a_revocation_that_says_it_kills_something_else_is_refused(
    sign, refused, cli, request_file, make_request, noop
):
    assert sign(request_file(make_request())).exit_code == 0
    noop["kills"]["action"]["leverage"] = 3
    assert refused(request_file(noop, name="kill.json")) == "kills-mismatch"
    assert kinds(cli) == ["payload"]
    del noop["kills"]
    assert sign(request_file(noop, name="kill.json")).exit_code == 0


def test_a_revocation_needs_no_market_and_nobody_types_one(
    cli, keystore, passphrase_file, kill, answers
):
    asked = answers("yes")
    done = cli("sign", kill, "--keystore", keystore, "--passphrase-file", passphrase_file)
    assert done.exit_code == 0, done.stderr
    assert len(asked) == 1


def test_a_payload_and_its_revocation_are_not_signed_in_one_run(
    refused, cli, request_file, make_request, noop
):
    assert refused(request_file(make_request(), noop, batch=True)) == "nonce-repeated"


def test_inspect_shows_what_the_ledger_knows(sign, cli, request_file, make_request, kill):
    before = cli.json("inspect", kill)
    assert before["kills"].endswith("(as drafted, not signed)")
    assert sign(request_file(make_request())).exit_code == 0
    known = cli.json("inspect", kill)
    assert known["kills"].endswith("(signed on this machine)")
    assert "coin" not in known
    assert known["checkWords"] == before["checkWords"]


def test_verify_takes_a_signed_revocation(sign, cli, kill, tmp_path):
    out = tmp_path / "killed.json"
    assert sign(kill, "--out", out).exit_code == 0
    told = cli.json("verify", out)
    assert told["ok"]
    assert told["action"] == {"type": "noop"}
    assert cli.json("inspect", out)["action"] == {"type": "noop"}


def test_a_revocation_goes_by_code_both_ways(sign, cli, kill, tmp_path):
    request, signed = tmp_path / "kill.png", tmp_path / "killed.png"
    assert cli("qr", "show", kill, "--qr-out", request).exit_code == 0
    done = sign("--scan", request, "--qr-out", signed)
    assert done.exit_code == 0, done.stderr
    told = cli.json("verify", "--scan", signed)
    assert (told["ok"], told["action"]) == (True, {"type": "noop"})


def test_a_market_table_is_no_hindrance(sign, cli, kill, tmp_path):
    table = tmp_path / "market.json"
    table.write_text(
        json.dumps(
            {
                "kind": "coldlever/market",
                "version": 1,
                "network": "testnet",
                "time": 1,
                "entries": [],
            }
        )
    )
    assert sign(kill, "--market", table).exit_code == 0


def test_the_ledger_goes_out_and_comes_back_with_its_revocations(
    sign, cli, refused, request_file, make_request, kill, tmp_path
):
    assert sign(kill).exit_code == 0
    out = tmp_path / "ledger.json"
    assert cli("ledger", "export", "--out", out).exit_code == 0
    elsewhere = ["--state-dir", tmp_path / "elsewhere"]
    assert cli("ledger", "import", out, *elsewhere).exit_code == 0
    assert refused(request_file(make_request()), *elsewhere) == "nonce-revoked"


def test_what_the_ledger_says_is_escaped_too(sign, cli, request_file, make_request, kill, tmp_path):
    """An import may have brought it."""
    assert sign(request_file(make_request())).exit_code == 0
    out = tmp_path / "ledger.json"
    assert cli("ledger", "export", "--out", out).exit_code == 0
    (entry,) = json.loads(out.read_text())["entries"]
    entry["description"] = "\x1b[2Jnothing"
    old = {"kind": "coldlever/signer-ledger", "version": 1, "entries": [entry]}
    out.write_text(json.dumps(old))
    elsewhere = ["--state-dir", tmp_path / "elsewhere"]
    assert cli("ledger", "import", out, *elsewhere).exit_code == 0
    shown = cli.json("inspect", kill, *elsewhere)["kills"]
    assert shown == '"\\u{001b}[2Jnothing" (signed on this machine)'
