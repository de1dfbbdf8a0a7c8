# ruff: noqa: PLR0917 - a test's parameters are its fixtures
"""A nonce far above everything known would block the key, so it needs the clock or a word."""

import json

import pytest

DAY = 86_400_000
LAST = 2**53 - 1 - 3 * DAY


@pytest.fixture
def now(machine):
    return machine.clock()


@pytest.fixture
def options(keystore, passphrase_file):
    return ["--keystore", keystore, "--passphrase-file", passphrase_file, "--no-clock"]


def recorded(cli):
    return [entry["nonce"] for entry in cli.json("ledger", "show")["entries"]]


def request(make_request, nonce):
    return make_request(nonce=nonce, expiresAfter=None)


TEN_YEARS_ON = 1_793_491_200_000 + 3_653 * DAY


@pytest.mark.parametrize("nonce", [LAST, TEN_YEARS_ON + 1])
def test_without_clock_and_ledger_a_nonce_ten_years_ahead_is_refused(
    cli, options, request_file, make_request, nonce
):
    path = request_file(request(make_request, nonce))
    assert cli.refusal("sign", path, *options, "--yes", status=4) == "far-nonce"
    assert recorded(cli) == []


def test_without_clock_and_ledger_a_nonce_of_these_years_is_signed(
    cli, options, request_file, make_request
):
    path = request_file(request(make_request, TEN_YEARS_ON))
    assert cli("sign", path, *options, "--yes").exit_code == 0


def test_a_month_above_the_highest_known_is_the_bound(
    cli, options, request_file, make_request, now
):
    assert cli("sign", request_file(request(make_request, now)), *options, "--yes").exit_code == 0
    far = request_file(request(make_request, now + 30 * DAY + 1))
    assert cli.refusal("sign", far, *options, "--yes", status=4) == "far-nonce"
    near = request_file(request(make_request, now + 30 * DAY))
    assert cli("sign", near, *options, "--yes").exit_code == 0


def test_one_far_nonce_in_a_batch_is_enough(cli, options, request_file, make_request, now):
    path = request_file(*(request(make_request, nonce) for nonce in (now, LAST)))
    assert cli.refusal("sign", path, *options, "--yes", status=4) == "far-nonce"
    assert recorded(cli) == []


def test_a_script_accepts_it_by_name(cli, options, request_file, make_request):
    path = request_file(request(make_request, LAST))
    result = cli("sign", path, *options, "--yes", "--accept-risk", "far-nonce")
    assert result.exit_code == 0, result.output
    assert "Accepted by --accept-risk" in result.stderr
    assert cli.refusal("sign", path, *options, "--accept-risk", "everything", status=2) == "usage"


@pytest.mark.parametrize(("typed", "status"), [("far-nonce", 0), ("yes", 5), ("", 5)])
def test_a_person_types_it(cli, options, request_file, make_request, monkeypatch, typed, status):
    monkeypatch.setattr("coldlever.signer.cli.sign.confirm", lambda *_, **__: ())
    path = request_file(request(make_request, LAST))
    result = cli("sign", path, *options, ask=lambda prompt: typed)
    assert result.exit_code == status, result.output
    assert len(recorded(cli)) == (status == 0)


def test_no_terminal_means_no_agreement(cli, options, request_file, make_request):
    path = request_file(request(make_request, LAST))
    assert cli.refusal("sign", path, *options, status=4) == "far-nonce"


def test_a_key_blocked_by_far_nonces_is_told_the_way_out(
    cli, options, request_file, make_request, now
):
    far = request_file(*(request(make_request, LAST - step) for step in range(100)))
    accept = ["--yes", "--accept-risk", "far-nonce"]
    assert cli("sign", far, *options, *accept).exit_code == 0
    refused = cli.json("sign", request_file(make_request()), *options[:-1], "--yes", status=4)
    assert refused["error"]["code"] == "nonce-too-low"
    assert "new API wallet" in refused["error"]["remedy"]
    assert "draft the request again" not in refused["error"]["remedy"]


@pytest.fixture
def hostile(tmp_path, owner):
    """An export with a hundred nonces near the end of time."""
    entries = [
        {
            "network": "mainnet", "signer": str(owner), "nonce": LAST - step, "recordedAt": None,
            "actionHash": "0x" + "11" * 32, "description": "",
        }
        for step in range(100)
    ]  # fmt: skip
    path = tmp_path / "hostile.json"
    path.write_text(
        json.dumps({"kind": "coldlever/signer-ledger", "version": 1, "entries": entries})
    )
    return path


def test_an_import_of_far_nonces_shows_what_it_blocks_and_is_refused(cli, hostile, owner, state):
    result = cli("ledger", "import", hostile)
    assert result.exit_code == 4
    assert "far-nonce" in result.stderr
    assert f"mainnet {owner}: with this import, nonces up to {LAST - 99}" in result.stderr
    assert not state.exists()


def test_an_import_of_far_nonces_can_be_accepted(cli, hostile, owner):
    document = cli.json("ledger", "import", hostile, "--accept-risk", "far-nonce")
    assert document == {
        "imported": 100,
        "known": 0,
        "blocks": [{"network": "mainnet", "signer": str(owner), "upTo": LAST - 99}],
    }
