"""Endings inside one process: closed pipes, full disks, and foreign words in usage errors."""

import errno
import json
import os
import sys
from pathlib import Path

import click
import pytest

from coldlever.shared.cli.console import emit, json_option
from coldlever.shared.cli.group import ColdleverGroup

FOREIGN = "\x1b[2J\u202e\u0430"


class Failing:
    """A stream that fails when it is flushed, over a real descriptor."""

    def __init__(self, descriptor, number=errno.ENOSPC):
        self._descriptor = descriptor
        self._number = number

    def write(self, text):
        return len(text)

    def flush(self):
        raise OSError(self._number, os.strerror(self._number))

    def fileno(self):
        return self._descriptor

    def isatty(self):
        return False


@pytest.fixture
def tool():
    group = ColdleverGroup(name="tool")

    @group.command("print")
    @json_option
    @click.option("--count", type=int)
    @click.option("--colour", type=click.Choice(["red", "blue"]))
    @click.option("--file", type=click.File("rb"))
    def print_(as_json, count, colour, file):
        emit("a document")

    @group.command("choke")
    def choke():
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    return group


@pytest.fixture
def leave(tool):
    def call(*arguments):
        with pytest.raises(SystemExit) as left:
            tool.main(list(arguments), "tool")
        return left.value.code

    return call


def test_a_closed_pipe_is_told_to_nobody(leave, capsys):
    assert leave("choke") == 8
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_the_arguments_are_those_of_the_process(tool, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["tool", "print"])
    with pytest.raises(SystemExit) as left:
        tool.main()
    assert left.value.code == 0
    assert capsys.readouterr().out == "a document\n"


@pytest.mark.parametrize(("value", "color"), [("1", False), ("", None)])
def test_no_color_reaches_the_command(value, color, monkeypatch):
    seen = []
    group = ColdleverGroup(name="tool")
    group.command("look")(lambda: seen.append(click.get_current_context().color))
    monkeypatch.setenv("NO_COLOR", value)
    with pytest.raises(SystemExit):
        group.main(["look"], "tool")
    assert seen == [color]


def test_what_could_not_be_flushed_goes_nowhere_instead(leave, monkeypatch, tmp_path):
    with (tmp_path / "full").open("wb") as full:
        monkeypatch.setattr(sys, "stdout", Failing(full.fileno()))
        assert leave("--help") == 8
        assert os.fstat(full.fileno()).st_rdev == Path(os.devnull).stat().st_rdev


def test_streams_that_are_closed_from_the_start_are_left_alone(leave, monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert leave("choke") == 8


@pytest.mark.parametrize(
    "arguments",
    [
        ["--count", FOREIGN],
        ["--colour", FOREIGN],
        ["--file", FOREIGN],
        [f"--{FOREIGN}"],
        [FOREIGN],
        ["--count", "\udcff"],
    ],
)
def test_foreign_words_in_a_usage_error_are_escaped(arguments, leave, capsys):
    assert leave("print", *arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert lines[0].startswith("Usage: tool print")
    assert lines[-1].startswith("Error: ")
    assert all(" " <= character <= "~" for line in lines for character in line)
    assert leave("print", "--json", *arguments) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["code"], error["exitStatus"]) == ("usage", 2)
    assert f"Error: {error['message']}" == lines[-1]


def test_an_unknown_command_is_escaped_too(leave, capsys):
    assert leave(FOREIGN) == 2
    assert "No such command '\\x1b[2J\\u202e\\u{0430}'" in capsys.readouterr().err


def test_a_choice_that_is_missing_keeps_its_lines(capsys):
    group = ColdleverGroup(name="tool")
    group.command("pick")(
        click.option("--colour", type=click.Choice(["red", "blue"]), required=True)(lambda: None)
    )
    with pytest.raises(SystemExit):
        group.main(["pick"], "tool")
    assert "Choose from:\n\tred,\n\tblue" in capsys.readouterr().err


def test_the_name_of_a_group_alone_shows_its_help(leave, capsys):
    assert leave() == 2
    shown = capsys.readouterr().err
    assert "Commands:" in shown
    assert "Error" not in shown
