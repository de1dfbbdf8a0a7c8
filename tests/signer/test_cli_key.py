# ruff: noqa: PLR0917 - a test's parameters are its fixtures
import json
import os

import pytest

from coldlever.signer.key.keystore import load_keystore
from coldlever.signer.key.signing_key import SigningKey

PHRASE = "velvet canyon otter plinth"
WORDS = "test test test test test test test test test test test junk"
WORDS_ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
SECRET = "0x" + "5a" * 32


@pytest.fixture
def phrase(tmp_path):
    path = tmp_path / "phrase"
    path.write_text(PHRASE + "\n")
    return path


@pytest.fixture
def secret_file(tmp_path):
    def write(text, name="secret"):
        path = tmp_path / name
        path.write_text(text + "\n")
        return path

    return write


def test_a_new_key_goes_to_the_key_folder_under_its_address(cli, state, phrase):
    made = cli.json("key", "new", "--passphrase-file", phrase)
    path = state / "keys" / (made["address"].lower() + ".json")
    assert made["keystore"] == str(path)
    assert made["kdf"] == {"name": "scrypt", "n": 4096, "r": 8, "p": 1, "dklen": 32, "weak": True}
    assert str(load_keystore(path).open(PHRASE).address) == made["address"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_new_keys_differ(cli, phrase):
    first, second = (cli.json("key", "new", "--passphrase-file", phrase) for _ in range(2))
    assert first["address"] != second["address"]


def test_a_key_is_drawn_from_the_given_randomness(cli, phrase, tmp_path):
    out = tmp_path / "k.json"
    made = cli.json(
        "key", "new", "--passphrase-file", phrase, "--out", out,
        entropy=lambda size: bytes(range(1, size + 1)),
    )  # fmt: skip
    assert made["address"] == str(SigningKey(bytes(range(1, 33))).address)


def test_people_are_told_where_the_key_is_and_never_what_it_is(cli, phrase, tmp_path):
    result = cli("key", "new", "--passphrase-file", phrase, "--out", tmp_path / "k.json")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "Back up this file" in result.stderr
    secret = load_keystore(tmp_path / "k.json").open(PHRASE)
    assert secret._key.secret.hex() not in result.output


def test_a_weak_passphrase_is_refused_and_nothing_is_written(cli, tmp_path, secret_file):
    weak = secret_file("password1234", "weak")
    out = tmp_path / "k.json"
    assert cli.refusal("key", "new", "--passphrase-file", weak, "--out", out, status=4) == (
        "weak-passphrase"
    )
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        (["--out", "taken.json"], 2, "output-exists"),
        (["--out", "nowhere/k.json"], 8, "output-folder"),
        (["--out", "a.json", "--name", "a"], 2, "two-places"),
        (["--name", "../a"], 2, "bad-key-name"),
    ],
)
def test_a_bad_place_is_refused_before_a_passphrase_is_asked_for(
    cli, tmp_path, monkeypatch, options, status, code
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken.json").write_text("precious")
    assert cli.refusal("key", "new", *options, status=status) == code
    assert (tmp_path / "taken.json").read_text() == "precious"


def test_a_name_is_taken_once(cli, phrase, state):
    cli.json("key", "new", "--name", "cold", "--passphrase-file", phrase)
    before = (state / "keys" / "cold.json").read_bytes()
    assert cli.refusal(
        "key", "new", "--name", "cold", "--passphrase-file", phrase, status=2
    ) == "output-exists"  # fmt: skip
    assert (state / "keys" / "cold.json").read_bytes() == before


def test_without_a_terminal_a_passphrase_must_come_from_a_file(cli, tmp_path):
    assert cli.refusal("key", "new", "--out", tmp_path / "k.json", status=2) == "no-terminal"


def test_a_private_key_is_imported(cli, phrase, secret_file, tmp_path):
    made = cli.json(
        "key", "import", "--private-key-file", secret_file(SECRET),
        "--passphrase-file", phrase, "--out", tmp_path / "k.json",
    )  # fmt: skip
    assert made["address"] == str(SigningKey(b"\x5a" * 32).address)
    assert SECRET[2:] not in json.dumps(made)


def test_a_mnemonic_is_imported(cli, phrase, secret_file, tmp_path):
    made = cli.json(
        "key", "import", "--mnemonic-file", secret_file(WORDS.upper() + "  "),
        "--passphrase-file", phrase, "--out", tmp_path / "k.json",
    )  # fmt: skip
    assert made["address"] == WORDS_ADDRESS


def test_another_path_or_mnemonic_passphrase_gives_another_key(cli, phrase, secret_file, tmp_path):
    words = secret_file(WORDS)
    extra = secret_file("a 25th word", "extra")
    addresses = set()
    for number, options in enumerate(
        ([], ["--path", "m/44'/60'/0'/0/1"], ["--mnemonic-passphrase-file", extra])
    ):
        made = cli.json(
            "key", "import", "--mnemonic-file", words, "--passphrase-file", phrase,
            "--out", tmp_path / f"{number}.json", *options,
        )  # fmt: skip
        addresses.add(made["address"])
    assert len(addresses) == 3


@pytest.mark.parametrize(
    ("option", "text", "code"),
    [
        ("--private-key-file", "nothing of the kind", "bad-private-key"),
        ("--private-key-file", "00" * 32, "bad-private-key"),
        ("--mnemonic-file", "test test test", "bad-mnemonic"),
        ("--mnemonic-file", WORDS.replace("junk", "test"), "bad-mnemonic"),
        ("--mnemonic-file", "two\nlines", "secret-not-one-line"),
    ],
)
def test_a_bad_secret_is_refused_unseen(cli, phrase, secret_file, tmp_path, option, text, code):
    out = tmp_path / "k.json"
    result = cli(
        "key", "import", option, secret_file(text), "--passphrase-file", phrase, "--out", out,
        "--json",
    )  # fmt: skip
    assert result.exit_code == 3
    assert json.loads(result.stdout)["error"]["code"] == code
    assert text.split()[0] not in result.output
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--private-key-file", "a", "--mnemonic-file", "b"], "two-secrets"),
        (["--private-key-file", "a", "--mnemonic-passphrase-file", "b"], "two-secrets"),
        (["--mnemonic-file", "-", "--passphrase-file", "-"], "stdin-twice"),
        (["--mnemonic-file", "a", "--path", "44/60"], "bad-path"),
    ],
)
def test_options_that_do_not_go_together_are_wrong_usage(cli, options, code):
    assert cli.refusal("key", "import", *options, status=2) == code


def test_no_option_takes_a_secret_itself(cli):
    for command in (["key", "new"], ["key", "import"], ["sign"]):
        text = cli(*command, "--help").stdout
        for option in ("--passphrase ", "--private-key ", "--mnemonic ", "--password"):
            assert option not in text


@pytest.mark.slow
def test_secrets_come_from_descriptors_and_stdin(run_process, tmp_path):
    reading, writing = os.pipe()
    os.write(writing, (PHRASE + "\n").encode())
    os.close(writing)
    done = run_process(
        "key", "import", "--private-key-file", "-", "--passphrase-file", f"fd:{reading}",
        "--out", "k.json", "--json", input=SECRET.encode(), pass_fds=(reading,),
    )  # fmt: skip
    os.close(reading)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["kdf"]["n"] == 1 << 18
    assert (
        load_keystore(tmp_path / "k.json").open(PHRASE).address == SigningKey(b"\x5a" * 32).address
    )


@pytest.mark.parametrize("secret", [SECRET, WORDS])
def test_the_prompt_takes_a_private_key_or_a_mnemonic(cli, tmp_path, secret):
    answers = iter([secret, PHRASE])
    made = cli.json(
        "key", "import", "--out", tmp_path / "k.json", ask_secret=lambda *_, **__: next(answers)
    )
    assert made["address"] in (WORDS_ADDRESS, str(SigningKey(b"\x5a" * 32).address))


def test_keys_are_listed_and_shown(cli, phrase, state):
    assert "no keystores in" in cli("key", "list").stderr
    assert cli.json("key", "list") == {"folder": str(state / "keys"), "keys": []}
    assert cli.refusal("key", "show", status=2) == "keystore-missing"
    made = cli.json("key", "new", "--name", "cold", "--passphrase-file", phrase)
    (state / "keys" / "broken.json").write_text("{}")
    listed = cli.json("key", "list")["keys"]
    assert [one["name"] for one in listed] == ["broken", "cold"]
    assert listed[0]["problem"]["code"] == "not-a-keystore"
    assert listed[1]["address"] == made["address"]
    text = cli("key", "list").stderr
    assert "broken  unusable: " in text
    assert f"cold  {made['address']}" in text
    for choice in ([], ["cold"], [state / "keys" / "cold.json"]):
        assert cli.json("key", "show", *choice) == made
    shown = cli("key", "show").stderr
    assert made["address"] in shown
    assert "scrypt N=4096 r=8 p=1" in shown
    assert "cheap to guess" in shown


def test_a_keystore_that_names_no_address_says_so(cli, tmp_path, make_keystore):
    path = make_keystore(b"\x5a" * 32)
    path.write_text(path.read_text().replace('"address"', '"label"').replace("4096", "262144"))
    assert cli.json("key", "show", path)["address"] is None
    shown = cli("key", "show", path).stderr
    assert "unknown until opened" in shown
    assert "cheap" not in shown


def test_an_open_memory_is_said_aloud(cli, phrase, tmp_path):
    result = cli(
        "key", "new", "--passphrase-file", phrase, "--out", tmp_path / "k.json",
        seal_memory=lambda: False,
    )  # fmt: skip
    assert "does not let the signer close its memory" in result.stderr
