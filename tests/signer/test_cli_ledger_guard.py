# ruff: noqa: PLR0917 - a test's parameters are its fixtures
"""`sign` and a ledger that is not the one the key signed on last."""

import shutil

import pytest


@pytest.fixture
def options(keystore, passphrase_file):
    return ["--keystore", keystore, "--passphrase-file", passphrase_file]


@pytest.fixture
def signed(sign, request_file, make_request):
    """One request was signed; the ledger was lost afterwards and can be brought back."""
    result = sign(request_file(make_request(), name="first.json"))
    assert result.exit_code == 0
    return result


@pytest.fixture
def another(request_file, make_request):
    """A second action with the same nonce."""
    action = make_request()["action"] | {"leverage": 40}
    return request_file(make_request(action=action), name="second.json")


def test_a_first_use_says_that_the_ledger_is_new(signed, sign, request_file, make_request):
    assert "This ledger is new" in signed.stderr
    again = sign(request_file(make_request(nonce=make_request()["nonce"] + 1)))
    assert again.exit_code == 0
    assert "new" not in again.stderr


def test_a_lost_ledger_is_noticed_before_the_passphrase_is_asked_for(
    cli, signed, another, keystore, state
):
    shutil.rmtree(state)
    # No terminal and no passphrase file: asking for the passphrase would be another refusal.
    assert cli.refusal("sign", another, "--keystore", keystore, "--yes", status=4) == (
        "ledger-behind"
    )
    assert not state.exists()


def test_an_older_ledger_is_noticed(cli, signed, sign, request_file, make_request, options, state):
    older = (state / "ledger.sqlite3").read_bytes()
    assert sign(request_file(make_request(nonce=make_request()["nonce"] + 1))).exit_code == 0
    (state / "ledger.sqlite3").write_bytes(older)
    path = request_file(make_request(nonce=make_request()["nonce"] + 1, expiresAfter=None))
    assert cli.refusal("sign", path, *options, "--yes", status=4) == "ledger-behind"


def test_a_keystore_without_an_address_is_checked_once_it_is_open(
    cli, signed, another, keystore, passphrase_file, state
):
    keystore.write_text(keystore.read_text().replace('"address"', '"label"'))
    shutil.rmtree(state)
    rest = ["--keystore", keystore, "--passphrase-file", passphrase_file, "--yes"]
    assert cli.refusal("sign", another, *rest, status=4) == "ledger-behind"
    assert cli.json("ledger", "show") == {"entries": []}


def test_yes_does_not_answer_whether_the_ledger_is_new(cli, signed, another, options, state):
    shutil.rmtree(state)
    assert cli.refusal("sign", another, *options, "--yes", "--new-ledger", status=2) == (
        "no-terminal"
    )
    assert not state.exists()


@pytest.mark.parametrize("typed", ["yes", "", "A nonce may be signed twice."])
def test_other_words_than_the_ones_asked_for_sign_nothing(
    cli, signed, another, options, state, typed
):
    shutil.rmtree(state)
    rest = ["--yes", "--new-ledger"]
    code = cli.refusal("sign", another, *options, *rest, status=5, ask=lambda prompt: typed)
    assert code == "declined"
    assert not state.exists()


def test_with_the_words_typed_a_new_ledger_is_taken_and_afterwards_is_normal(
    cli, sign, signed, another, options, state, request_file, make_request
):
    shutil.rmtree(state)
    words = "a nonce may be signed twice"
    result = cli("sign", another, *options, "--yes", "--new-ledger", ask=lambda prompt: words)
    assert result.exit_code == 0, result.output
    assert "either could be posted" in result.stderr
    assert sign(request_file(make_request(nonce=make_request()["nonce"] + 1))).exit_code == 0


def test_no_variable_stands_for_the_option(cli, signed, another, options, state, monkeypatch):
    shutil.rmtree(state)
    monkeypatch.setenv("COLDLEVER_NEW_LEDGER", "1")
    assert cli.refusal("sign", another, *options, "--yes", status=4) == "ledger-behind"


def test_an_imported_export_makes_up_for_a_lost_ledger(
    cli, signed, another, options, state, tmp_path
):
    cli("ledger", "export", "--out", tmp_path / "export.json")
    shutil.rmtree(state)
    cli.json("ledger", "import", tmp_path / "export.json")
    assert cli.refusal("sign", another, *options, "--yes", status=4) == "nonce-used"


def test_an_altered_head_signs_nothing(cli, signed, keystore, options, request_file, make_request):
    (head,) = keystore.parent.glob("*.ledger-head")
    head.write_text(head.read_text().replace('"count": 1', '"count": 0'))
    path = request_file(make_request(nonce=make_request()["nonce"] + 1))
    assert cli.refusal("sign", path, *options, "--yes", status=4) in (
        "head-damaged",
        "ledger-behind",
    )
    assert len(cli.json("ledger", "show")["entries"]) == 1
