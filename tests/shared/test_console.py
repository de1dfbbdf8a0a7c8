"""The one place that catches: exit statuses, texts and JSON of every way a command can end."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from coldlever.shared import errors
from coldlever.shared.cli.console import (
    ask,
    emit,
    emit_json,
    emit_json_rows,
    json_option,
    say,
)
from coldlever.shared.cli.group import ColdleverGroup, Lazy

CLASSES = [
    "UsageRefused", "InputRefused", "RuleRefused", "PersonDeclined", "ExchangeRefused",
    "OutcomeUnknown", "EnvironmentFault",
]  # fmt: skip


def ending(action):
    """A command line whose one command ends as ``action`` does."""
    group = ColdleverGroup(name="tool")

    @group.command("act")
    @json_option
    def act(as_json):
        return action()

    return group


def raising(error):
    def action():
        raise error

    return action


@pytest.fixture
def run(capsys):
    """Run a group; give back its exit status, stdout and stderr."""

    def call(group, *arguments):
        with pytest.raises(SystemExit) as left:
            group.main(list(arguments), "tool")
        captured = capsys.readouterr()
        return left.value.code, captured.out, captured.err

    return call


@pytest.mark.parametrize("name", CLASSES)
def test_a_refusal_is_a_text_on_stderr_and_an_exit_status(name, run):
    error = getattr(errors, name)("some-code", "A sentence.", "a remedy")
    status, out, err = run(ending(raising(error)), "act")
    assert status == error.exit_status
    assert out == ""
    assert err == "error [some-code]: A sentence.\nremedy: a remedy\n"


@pytest.mark.parametrize("name", CLASSES)
def test_with_json_the_same_refusal_is_one_document_on_stdout(name, run):
    error = getattr(errors, name)("some-code", "A sentence.")
    status, out, err = run(ending(raising(error)), "act", "--json")
    assert status == error.exit_status
    assert json.loads(out) == {
        "error": {"code": "some-code", "message": "A sentence.", "exitStatus": status}
    }
    assert err == ""


@pytest.mark.parametrize(("result", "status"), [(None, 0), (0, 0), (4, 4), ("text", 0)])
def test_a_command_may_return_its_status(result, status, run):
    assert run(ending(lambda: result), "act")[0] == status


@pytest.mark.parametrize(
    "arguments",
    [["nothing"], ["act", "--nothing"], ["act", "surplus"], ["--nothing"], []],
)
def test_wrong_usage_is_status_2_with_a_hint(arguments, run):
    status, out, err = run(ending(lambda: None), *arguments)
    assert (status, out) == (2, "")
    assert err.startswith("Usage: tool")


def test_what_was_typed_is_escaped_before_it_is_repeated(run):
    for typed in ("--\u0430\x1b[2J", "\u202ething", "--json=\u200b"):
        err = run(ending(lambda: None), "act", typed)[2]
        assert err.isascii()
        assert all(line.isprintable() for line in err.splitlines())


def test_wrong_usage_with_json_is_a_document(run):
    status, out, err = run(ending(lambda: None), "act", "--nothing", "--json")
    assert (status, err) == (2, "")
    error = json.loads(out)["error"]
    assert (error["code"], error["exitStatus"]) == ("usage", 2)
    assert "--nothing" in error["message"]


def test_behind_two_dashes_json_is_a_file_name(run):
    status, out, err = run(ending(lambda: None), "act", "--", "--json")
    assert (status, out) == (2, "")
    assert "--json" in err


@pytest.mark.parametrize("error", [click.ClickException("odd"), click.FileError("a\nb", "odd")])
def test_any_other_error_of_click_is_wrong_usage(error, run):
    status, _, err = run(ending(raising(error)), "act")
    assert status == 2
    assert err.startswith("error [usage]: ")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), EOFError(), click.Abort()])
def test_an_interrupt_is_status_130(error, run):
    status, out, err = run(ending(raising(error)), "act")
    assert (status, out) == (130, "")
    assert err.endswith("error [interrupted]: interrupted\n")


def test_an_interrupt_with_json_names_the_status_it_ends_with(run):
    status, out, _ = run(ending(raising(KeyboardInterrupt())), "act", "--json")
    assert status == 130
    assert json.loads(out)["error"] == {
        "code": "interrupted",
        "message": "interrupted",
        "exitStatus": 130,
    }


def test_a_failing_machine_is_status_8(run):
    error = OSError(errno.ENOSPC, "No space left on device", "/a\x1bb")
    status, _, err = run(ending(raising(error)), "act")
    assert status == 8
    assert err == "error [system-error]: /a\\u{001b}b: No space left on device\n"


def test_a_defect_is_status_1_without_traceback_or_secret(run):
    status, out, err = run(ending(raising(RuntimeError("hunter2"))), "act", "--json")
    assert (status, err) == (1, "")
    error = json.loads(out)["error"]
    assert (error["code"], error["exitStatus"]) == ("internal-error", 1)
    assert "RuntimeError at test_console.py:" in error["message"]
    assert "hunter2" not in out


def test_help_is_status_0(run):
    status, out, err = run(ending(lambda: None), "--help")
    assert (status, err) == (0, "")
    assert "Commands:\n  act" in out


def test_lazy_commands_are_listed_without_being_imported_and_run_when_called(run):
    group = ColdleverGroup(
        name="tool",
        lazy={
            "far": Lazy("no.such.module:x", "Far away."),
            "near": Lazy("near_module:go", "Near."),
        },
    )
    assert run(group, "--help")[1].index("far   Far away.") > 0
    assert run(group, "far")[0] == 1
    assert group.list_commands(click.Context(group)) == ["far", "near"]


def test_a_lazy_command_is_found_by_its_target(run, monkeypatch):
    module = type(sys)("near_module")
    module.go = click.Command("near", callback=lambda: 4)
    module.no = "not a command"
    monkeypatch.setitem(sys.modules, "near_module", module)
    lazy = {"near": Lazy("near_module:go", "Near."), "no": Lazy("near_module:no", "No.")}
    group = ColdleverGroup(name="tool", lazy=lazy)
    assert run(group, "near")[0] == 4
    assert run(group, "no")[0] == 1


def test_hidden_commands_are_not_listed(run):
    group = ending(lambda: None)
    group.add_command(click.Command("secret", hidden=True))
    assert "secret" not in run(group, "--help")[1]


def test_a_group_without_commands_has_no_such_section(run):
    assert "Commands:" not in run(ColdleverGroup(name="tool"), "--help")[1]


def test_documents_go_to_stdout_and_words_to_stderr(run):
    def action():
        say("words")
        emit("a line")
        emit_json({"name": "\u00e9\x7f"})

    status, out, err = run(ending(action), "act")
    assert (status, err) == (0, "words\n")
    assert out == 'a line\n{\n  "name": "\\u00e9\\u007f"\n}\n'


def test_an_answer_from_nobody_is_wrong_usage(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    status, _, err = run(ending(lambda: ask("sure?")), "act")
    assert status == 2
    assert err.startswith("error [no-terminal]: ")


def test_a_closed_pipe_is_status_8_and_told_to_nobody(run):
    assert run(ending(raising(BrokenPipeError())), "act") == (8, "", "")


def test_a_stream_that_cannot_be_flushed_does_not_change_the_status(monkeypatch):
    def flush():
        raise OSError(errno.ENOSPC, "full")

    with Path(os.devnull).open("wb") as sink:
        full = SimpleNamespace(flush=flush, fileno=sink.fileno)
        monkeypatch.setattr(sys, "stdout", full)
        monkeypatch.setattr(sys, "stderr", None)
        with pytest.raises(SystemExit) as left:
            ending(lambda: 4).main(["act"], "tool")
    assert left.value.code == 4


def test_no_color_reaches_the_commands(run, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert run(ending(lambda: int(click.get_current_context().color is False)), "act")[0] == 1


PROGRAM = """
import sys
from coldlever.shared.cli.console import emit_json, json_option
from coldlever.shared.cli.group import ColdleverGroup
from coldlever.shared.errors import RuleRefused
group = ColdleverGroup(name="tool")
@group.command("print")
@json_option
def print_(as_json):
    emit_json(["x" * 100] * 10_000)
@group.command("refuse")
@json_option
def refuse(as_json):
    raise RuleRefused("some-code", "A sentence.")
group.main()
"""


def started(*arguments, **options):
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.Popen(command, **{"stderr": subprocess.PIPE, **options})


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["print"], 8, b""),
        (["refuse", "--json"], 4, b"error [some-code]: A sentence.\n"),
        (["--help"], 8, b""),
        (["print", "--help"], 8, b""),
    ],
)
def test_a_closed_pipe_is_no_traceback_and_hides_no_refusal(arguments, status, told):
    reading, writing = os.pipe()
    os.close(reading)
    with started(*arguments, stdout=writing) as process:
        os.close(writing)
        assert process.stderr.read() == told
    assert process.returncode == status


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize(("arguments", "status"), [("print", 8), ("refuse", 4)])
def test_a_full_disk_behind_stdout_is_no_traceback(arguments, status):
    with Path("/dev/full").open("wb") as full, started(arguments, "--json", stdout=full) as process:
        text = process.stderr.read()
    assert b"Traceback" not in text
    assert b"Exception ignored" not in text
    assert process.returncode == status


@pytest.mark.parametrize(("arguments", "status"), [("refuse", 4), ("--nothing", 2)])
def test_where_nobody_reads_the_words_the_status_stays(arguments, status):
    reading, writing = os.pipe()
    os.close(reading)
    with started(arguments, stderr=writing) as process:
        os.close(writing)
    assert process.returncode == status


@pytest.mark.parametrize("count", [1, 2, 100, 101, 250])
def test_a_long_array_is_one_document_with_an_element_a_line(count, capsys):
    emit_json_rows({"n": n, "text": "\x7f\u202e"} for n in range(count))
    out = capsys.readouterr().out
    assert json.loads(out) == [{"n": n, "text": "\x7f\u202e"} for n in range(count)]
    assert len(out.splitlines()) == count + 2
    assert out.isascii()
    assert "\x7f" not in out
