"""Secrets where a file's name belongs are not repeated."""

import pytest

KEY = "4f" * 31 + "3A"
WORDS = "abandon ability able about above absent absorb abstract absurd abuse access accident"
SPANISH = "ábaco abdomen abeja abierto abogado abono aborto abrazo abrir abuelo abuso acabar"


@pytest.mark.parametrize("secret", [KEY, "0x" + KEY, f" {KEY} ", WORDS, SPANISH])
@pytest.mark.parametrize(
    "words",
    [
        ["inspect"],
        ["sign"],
        ["sign", "a.json", "--keystore"],
        ["sign", "a.json", "--passphrase-file"],
        ["key", "import", "--private-key-file"],
        ["key", "new", "--name"],
        ["key", "show"],
        ["ledger", "import"],
        ["qr", "read"],
        [],
    ],
    ids=" ".join,
)
def test_a_secret_as_an_argument_is_refused_and_not_repeated(cli, words, secret):
    done = cli(*words, secret)
    assert done.exit_code == 2
    assert "secret-exposed" in done.output
    assert secret.split()[0] not in done.output


@pytest.mark.parametrize("secret", [KEY, WORDS])
@pytest.mark.parametrize("option", ["--keystore", "--passphrase-file", "--out", "--unknown"])
def test_a_secret_behind_an_equals_sign_is_not_repeated(cli, option, secret):
    done = cli("sign", "a.json", f"{option}={secret}")
    assert done.exit_code == 2
    assert "secret-exposed" in done.output
    assert secret.split()[0] not in done.output


def test_words_without_quotes_are_recognised(cli):
    done = cli("key", "import", "--mnemonic-file", *WORDS.split())
    assert done.exit_code == 2
    assert "secret-exposed" in done.output
    assert "abandon" not in done.output


def test_files_of_such_names_are_files(cli, request_file, make_request, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    request_file(make_request(), name=KEY)
    names = WORDS.split()
    for step, name in enumerate(names):
        request_file(make_request(nonce=make_request()["nonce"] + step), name=name)
    assert cli("inspect", KEY).exit_code == 0
    assert cli("inspect", *names).exit_code == 0


@pytest.mark.parametrize("name", [KEY[:-2], KEY + "00", KEY + ".json", "0x" + "4f" * 20])
def test_other_names_are_named_as_ever(cli, name):
    done = cli("inspect", name)
    assert done.exit_code == 3
    assert name in done.output
