"""`--challenge`, whose value may be left out, takes nothing that is not a challenge."""

import click
import pytest
from click.testing import CliRunner

from coldlever.shared.cli.challenge_option import (
    ChallengeCommand,
    challenge_option,
    take_challenge,
)
from coldlever.shared.errors import UsageRefused

WORDS = "able acid also apex"


@pytest.fixture
def run():
    """The challenge, the files and the note that a command line is understood as."""

    def call(*arguments):
        understood = []

        @click.command(cls=ChallengeCommand)
        @click.argument("files", nargs=-1)
        @click.option("--note")
        @click.option("--yes", is_flag=True)
        @challenge_option
        def command(files, note, yes, asked):
            challenge = take_challenge(asked, lambda size: b"\xff" * size)
            text = None if challenge is None else challenge.text
            understood.append((text, files, note))

        result = CliRunner().invoke(command, arguments)
        if isinstance(result.exception, UsageRefused):
            return result.exception.code
        assert result.exit_code == 0, result.output
        return understood[0]

    return call


DRAWN = "zoom zoom zoom zoom"


@pytest.mark.parametrize(
    ("arguments", "understood"),
    [
        (["a.json"], (None, ("a.json",), None)),
        (["--challenge", "a.json"], (DRAWN, ("a.json",), None)),
        (["a.json", "--challenge", "b.json", "c.json"], (DRAWN, ("a.json", "b.json", "c.json"), None)),
        (["a.json", "--challenge"], (DRAWN, ("a.json",), None)),
        (["--challenge", "--yes", "a.json"], (DRAWN, ("a.json",), None)),
        (["--challenge", "-"], (DRAWN, ("-",), None)),
        (["--challenge", "able"], (DRAWN, ("able",), None)),
        (["--challenge", "./able acid also apex"], (DRAWN, ("./able acid also apex",), None)),
        (["--challenge", ""], (DRAWN, ("",), None)),
        (["--challenge", WORDS, "a.json"], (WORDS, ("a.json",), None)),
        (["a.json", "--challenge", WORDS.upper()], (WORDS, ("a.json",), None)),
        ([f"--challenge={WORDS}", "a.json"], (WORDS, ("a.json",), None)),
        (["--note", "--challenge", "a.json"], (None, ("a.json",), "--challenge")),
        (["--", "--challenge", WORDS], (None, ("--challenge", WORDS), None)),
    ],
)  # fmt: skip
def test_a_file_is_never_taken_for_a_challenge(run, arguments, understood):
    assert run(*arguments) == understood


@pytest.mark.parametrize("told", ["able acid also", "able acid also apxe", "my request"])
def test_words_that_are_no_challenge_are_refused_and_not_read_as_a_file(run, told):
    assert run("--challenge", told, "a.json") == "bad-challenge"
    assert run(f"--challenge={told}", "a.json") == "bad-challenge"


def test_an_empty_value_with_an_equals_sign_draws_nothing(run):
    assert run("--challenge=", "a.json") == "bad-challenge"
