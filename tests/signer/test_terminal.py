"""The signer in front of a person: real processes at a pseudo-terminal."""

import json

import pytest

PHRASE = "a lantern over 7 quiet harbours"
# A market that nobody vouches for.
BUILDER = {
    "action": {"type": "updateLeverage", "asset": 110_001, "isCross": True, "leverage": 10},
    "market": {
        "network": "mainnet", "asset": 110_001, "coin": "xyz:TSLA", "maxLeverage": 20,
        "marginMode": "normal", "delisted": False, "time": 1,
    },
}  # fmt: skip
EXPECTED = ("--yes", "--expect", "110001=xyz:TSLA")


@pytest.fixture
def now(machine):
    return str(machine.clock())


@pytest.fixture
def signing(terminal, keystore, request_file, make_request, now):
    """`sign` of one request at a terminal."""

    def start(*options, **extra):
        return terminal(
            "sign", request_file(make_request(**BUILDER)), "--keystore", keystore, "--out", "out.json",
            "--state-dir", "state", "--assume-time", now, *options, **extra,
        )  # fmt: skip

    return start


def test_a_person_reads_types_and_signs(signing, tmp_path):
    screen = signing()
    screen.expect("set leverage to cross 10x")
    screen.expect("Check words")
    screen.expect("Type the coin you mean to change")
    screen.type("xyz:TSLA")
    screen.expect('Type "yes" to sign')
    screen.type("yes")
    screen.expect("Passphrase of")
    screen.type(PHRASE)
    screen.expect("signed 1 request")
    assert screen.wait() == 0
    assert PHRASE not in screen.seen
    assert json.loads((tmp_path / "out.json").read_text())["kind"] == "coldlever/signed"


def test_a_no_leaves_nothing(signing, tmp_path):
    screen = signing()
    screen.expect("Type the coin you mean to change")
    screen.type("xyz:TSLA")
    screen.expect('Type "yes" to sign')
    screen.type("no")
    screen.expect("error [declined]")
    assert screen.wait() == 5
    assert not (tmp_path / "out.json").exists()
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("steps", [[], ["xyz:TSLA"], ["xyz:TSLA", "yes"]])
def test_an_interruption_at_any_prompt_leaves_nothing(signing, tmp_path, steps):
    prompts = ["Type the coin you mean", 'Type "yes" to sign', "Passphrase of"]
    screen = signing()
    for prompt, answer in zip(prompts, steps, strict=False):
        screen.expect(prompt)
        screen.type(answer)
    screen.expect(prompts[len(steps)])
    screen.interrupt()
    assert screen.wait() == 130
    assert "Traceback" not in screen.seen
    assert not (tmp_path / "out.json").exists()
    assert not (tmp_path / "state").exists()


def test_what_was_typed_before_a_question_is_no_answer_to_it(signing, tmp_path):
    screen = signing()
    screen.expect("Type the coin you mean")
    # A person who leans on the keys, or pastes: none of it was typed after the second question.
    screen.type("xyz:TSLA\nyes\nyes")
    screen.expect('Type "yes" to sign')
    screen.type("no")
    screen.expect("error [declined]")
    assert screen.wait() == 5
    assert not (tmp_path / "state").exists()


@pytest.fixture
def piped(make_request, keystore, now):
    """`sign` of one request that comes through stdin."""
    # An id that nothing names, so that there is a question before the last one.
    action = make_request()["action"] | {"asset": 500}
    document = json.dumps(make_request(action=action)).encode()
    arguments = ["sign", "-", "--keystore", keystore, "--out", "out.json", "--state-dir", "state"]
    return document, [*arguments, "--assume-time", now]


def test_where_stdin_is_the_document_the_controlling_terminal_is_asked(terminal, piped, tmp_path):
    document, arguments = piped
    screen = terminal(*arguments, document=document)
    screen.expect("Type the asset id")
    screen.type("500\nyes")
    screen.expect('Type "yes" to sign')
    screen.type("yes")
    screen.expect("Passphrase of")
    screen.type(PHRASE)
    screen.expect("signed 1 request")
    assert screen.wait() == 0
    assert PHRASE not in screen.seen
    assert (tmp_path / "out.json").exists()


@pytest.mark.parametrize("ending", ["\x03", "\x04"])
def test_an_interruption_on_the_controlling_terminal_leaves_nothing(
    terminal, piped, tmp_path, ending
):
    document, arguments = piped
    screen = terminal(*arguments, document=document)
    screen.expect("Type the asset id")
    screen.press(ending)
    assert screen.wait() == 130
    assert not (tmp_path / "state").exists()


def test_without_any_terminal_a_document_on_stdin_is_refused_naming_yes(run_process, piped):
    document, arguments = piped
    done = run_process(*arguments, input=document, start_new_session=True)
    assert done.returncode == 2
    assert b"error [no-terminal]" in done.stderr
    assert b"use --yes in a script" in done.stderr


def test_three_wrong_passphrases_end_it(signing, tmp_path):
    screen = signing(*EXPECTED)
    for _ in range(3):
        screen.expect("Passphrase of")
        screen.type("wrong")
    screen.expect("error [wrong-passphrase]")
    assert screen.wait() == 4
    assert not (tmp_path / "out.json").exists()


def test_cautions_are_coloured_on_a_terminal_unless_told_otherwise(signing):
    coloured = signing(*EXPECTED)
    coloured.expect("Passphrase of")
    assert "\x1b[33m  ! " in coloured.seen
    plain = signing(*EXPECTED, NO_COLOR="1")
    plain.expect("Passphrase of")
    assert "\x1b[" not in plain.seen


@pytest.mark.slow
def test_a_new_key_asks_twice_and_shows_nothing(terminal, tmp_path):
    screen = terminal("key", "new", "--out", "k.json")
    screen.expect("Passphrase for the new keystore")
    screen.type("velvet canyon otter plinth")
    screen.expect("Repeat for confirmation")
    screen.type("velvet canyon otter plinth")
    screen.expect("wrote the keystore of 0x")
    assert screen.wait() == 0
    assert "velvet" not in screen.seen
    assert (tmp_path / "k.json").exists()


def test_an_imported_mnemonic_is_hidden_too(terminal):
    screen = terminal("key", "import", "--out", "k.json")
    screen.expect("Private key or mnemonic")
    screen.type("test test test test test test test test test test test junk")
    screen.expect("This is the key of 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
    screen.expect("Passphrase for the new keystore")
    screen.interrupt()
    assert screen.wait() == 130
    assert "junk" not in screen.seen


def test_the_rules_for_a_passphrase_are_told_before_anything_is_typed(terminal):
    screen = terminal("key", "new", "--state-dir", "state")
    screen.expect("At least 12 characters, and hard to guess")
    screen.expect("Passphrase for the new keystore")
    screen.type("margaret1987smith")
    screen.expect("Repeat")
    screen.type("margaret1987smith")
    screen.expect("error [weak-passphrase]")
    assert screen.wait() == 4
