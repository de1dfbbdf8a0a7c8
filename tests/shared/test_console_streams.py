"""Documents, secrets and questions: what a command line reads and writes."""

import io
import json
import os
import pty
import sys
from types import SimpleNamespace

import click
import pytest

from coldlever.shared.cli import console
from coldlever.shared.cli.console import (
    ask,
    ask_secret,
    dump_document,
    read_document,
    require_output,
    say,
    source_name,
    write_document,
)
from coldlever.shared.cli.secret_line import read_secret_line


@pytest.fixture
def stdin(monkeypatch):
    def give(data, *, attended=False):
        stream = SimpleNamespace(buffer=io.BytesIO(data), isatty=lambda: attended)
        monkeypatch.setattr(sys, "stdin", stream)

    return give


@pytest.fixture
def descriptor():
    """A descriptor to read given bytes from."""
    opened = []

    def give(data):
        reading, writing = os.pipe()
        os.write(writing, data)
        os.close(writing)
        opened.append(reading)
        return f"fd:{reading}"

    yield give
    for number in opened:
        os.close(number)


def test_a_document_is_a_file_or_stdin(tmp_path, stdin):
    (tmp_path / "in.json").write_bytes(b"{}")
    stdin(b"[]")
    assert read_document(str(tmp_path / "in.json")) == b"{}"
    assert read_document("-") == b"[]"


def test_stdin_is_bounded_too(stdin, refusal):
    stdin(b"12345")
    assert refusal(read_document, "-", 4).code == "file-too-large"
    stdin(b"12345")
    assert read_document("-", 5) == b"12345"


def test_a_closed_stdin_is_unreadable(monkeypatch, refusal):
    monkeypatch.setattr(sys, "stdin", None)
    error = refusal(read_document, "-")
    assert (error.code, error.exit_status) == ("file-unreadable", 3)


def test_stdin_is_called_by_its_name():
    assert (source_name("-"), source_name("a.json")) == ("stdin", "a.json")


def test_a_document_is_written_to_a_new_file_or_to_stdout(tmp_path, capfdbinary, refusal):
    path = str(tmp_path / "out.json")
    require_output(path, force=False)
    write_document(path, b"content", force=False)
    assert (tmp_path / "out.json").read_bytes() == b"content"
    assert refusal(require_output, path, force=False).code == "output-exists"
    assert refusal(write_document, path, b"", force=False).code == "output-exists"
    require_output(path, force=True)
    require_output("-", force=False)
    write_document("-", b"to stdout", force=False)
    assert capfdbinary.readouterr().out == b"to stdout"


def test_a_closed_stdout_is_found_before_the_work_is_done(monkeypatch, refusal):
    monkeypatch.setattr(sys, "stdout", None)
    error = refusal(require_output, "-", force=False)
    assert (error.code, error.exit_status) == ("output-closed", 8)


def test_a_document_is_indented_ascii_and_a_batch_has_one_element_a_line():
    one = dump_document({"note": "\u00e9\x1b\x7f"})
    assert one == b'{\n  "note": "\\u00e9\\u001b\\u007f"\n}\n'
    batch = dump_document([{"a": 1}, {"a": [2]}])
    assert batch == b'[\n{"a": 1},\n{"a": [2]}\n]\n'
    assert json.loads(batch) == [{"a": 1}, {"a": [2]}]


@pytest.mark.parametrize(
    ("data", "secret"),
    [
        (b"secret", "secret"),
        (b"secret\n", "secret"),
        (b"secret\r\n", "secret"),
        (b" two words \n", " two words "),
        ("p\u00e4ss\n".encode(), "p\u00e4ss"),
    ],
)
def test_a_secret_is_the_one_line_of_a_file_or_descriptor(data, secret, tmp_path, descriptor):
    path = tmp_path / "secret"
    path.write_bytes(data)
    assert read_secret_line(str(path)) == secret
    assert read_secret_line(descriptor(data)) == secret


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "secret-not-one-line"),
        (b"\n", "secret-not-one-line"),
        (b"one\ntwo", "secret-not-one-line"),
        (b"one\n\n", "secret-not-one-line"),
        (b"\xff", "secret-not-utf8"),
        (b"x" * 4_097, "file-too-large"),
    ],
)
def test_anything_else_is_refused_without_repeating_it(data, code, tmp_path, descriptor, refusal):
    path = tmp_path / "secret"
    path.write_bytes(data)
    for name in (str(path), descriptor(data)):
        error = refusal(read_secret_line, name)
        assert (error.code, error.exit_status) == (code, 3)
        assert "two" not in error.message


def test_a_missing_secret_file_is_unreadable(tmp_path, refusal):
    assert refusal(read_secret_line, str(tmp_path / "missing")).code == "file-unreadable"


@pytest.mark.parametrize("name", ["fd:", "fd:x", "fd:-1", "fd:1.0", "fd:\u0663", "fd:9999999999"])
def test_a_descriptor_is_a_number(name, refusal):
    error = refusal(read_secret_line, name)
    assert (error.code, error.exit_status) == ("bad-descriptor", 2)


def test_a_descriptor_that_is_not_open_is_unreadable(refusal):
    assert refusal(read_secret_line, "fd:987").code == "file-unreadable"


def test_a_descriptor_is_left_open(descriptor):
    name = descriptor(b"secret\n")
    assert read_secret_line(name) == "secret"
    assert os.fstat(int(name.removeprefix("fd:")))


@pytest.mark.parametrize("question", [ask, ask_secret])
def test_without_a_terminal_nobody_is_asked(question, stdin, refusal):
    stdin(b"yes\n")
    error = refusal(question, "sure?")
    assert (error.code, error.exit_status) == ("no-terminal", 2)
    assert error.remedy is not None


def test_an_answer_is_stripped(stdin, monkeypatch):
    stdin(b"", attended=True)
    emptied = []
    monkeypatch.setattr(sys.stdin, "fileno", lambda: 7, raising=False)
    monkeypatch.setattr(console, "discard_typed_ahead", emptied.append)
    monkeypatch.setattr(click, "prompt", lambda *arguments, **options: "  yes ")
    assert ask("sure?") == "yes"
    assert emptied == [7]


def test_a_secret_is_taken_as_it_was_typed_and_never_shown(stdin, monkeypatch):
    stdin(b"", attended=True)
    seen = {}
    monkeypatch.setattr(click, "prompt", lambda text, **options: seen.update(options) or " s ")
    assert ask_secret("Passphrase", confirm=True) == " s "
    assert seen == {"hide_input": True, "confirmation_prompt": True, "err": True}


@pytest.mark.parametrize(("no_color", "is_coloured"), [(None, True), ("", True), ("1", False)])
def test_no_color_is_honoured_on_a_terminal(no_color, is_coloured, monkeypatch):
    if no_color is None:
        monkeypatch.delenv("NO_COLOR", raising=False)
    else:
        monkeypatch.setenv("NO_COLOR", no_color)
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        say("words", fg="red", bold=True)
        terminal.flush()
        text = os.read(leader, 100)
    os.close(leader)
    assert (b"\x1b[" in text) is is_coloured
    assert b"words" in text


def test_nothing_is_coloured_on_a_pipe(capsys, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    say("words", fg="red")
    assert capsys.readouterr().err == "words\n"
