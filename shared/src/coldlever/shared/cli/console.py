"""The terminal, as both command lines use it: text to stderr, documents to stdout.

With ``--json`` stdout carries exactly one JSON document, for failures too. Without it, people's
output goes to stderr or the terminal, so that stdout stays free for documents.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import click

from coldlever.shared.cli.terminal import (
    ask_other_terminal,
    discard_typed_ahead,
    has_other_terminal,
    note_stdin_is_document,
)
from coldlever.shared.cli.wrapping import columns_of, wrapped
from coldlever.shared.errors import ColdleverError, EnvironmentFault, InputRefused, UsageRefused
from coldlever.shared.files import read_bounded, require_writable, write_exclusive
from coldlever.shared.reading.strict_json import MAX_BYTES

STDIO = "-"
# Enough that writing them costs nothing, few enough to hold.
_ROWS_AT_ONCE = 100

F = TypeVar("F", bound=Callable[..., Any])


def no_color() -> bool:
    """Whether the person wants no colours (no-color.org)."""
    return bool(os.environ.get("NO_COLOR"))


def json_option(command: F) -> F:
    """Add ``--json`` as the parameter ``as_json``."""
    decorator = click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document on stdout."
    )
    return decorator(command)


def say(text: str = "", *, fg: str | None = None, bold: bool = False) -> None:
    """A line for a person, on stderr; on a terminal it is coloured, and broken between words."""
    # Outside a command click knows nothing of NO_COLOR, so it is said here each time.
    color = False if no_color() else None
    columns = columns_of(sys.stderr)
    text = text if columns is None else wrapped(text, columns)
    click.secho(text, err=True, color=color, fg=fg, bold=bold or None)


def say_refusal(error: ColdleverError) -> None:
    """A refusal for a person: what happened, and what can be done about it."""
    say(f"error [{error.code}]: {error.message}", fg="red")
    if error.remedy is not None:
        say(f"remedy: {error.remedy}")


def emit(text: str) -> None:
    """A line of a document, on stdout."""
    click.echo(text)


def emit_json(document: object) -> None:
    """The one JSON document of a ``--json`` run, on stdout."""
    click.echo(_ascii_json(document, indent=2))


def emit_json_rows(elements: Iterable[object]) -> None:
    """As `emit_json` for a long array: an element a line, made when its turn comes."""
    rows, separator = iter(elements), "[\n"
    while some := [_ascii_json(element) for element in islice(rows, _ROWS_AT_ONCE)]:
        click.echo(separator + ",\n".join(some), nl=False)
        separator = ",\n"
    click.echo("\n]")


def read_document(name: str, limit: int = MAX_BYTES) -> bytes:
    """Read a named file, or stdin for ``-``.

    Raises:
        InputRefused: unreadable or larger than ``limit`` bytes.
    """
    if name != STDIO:
        return read_bounded(Path(name), limit)
    if sys.stdin is None:
        raise InputRefused("file-unreadable", "stdin: closed")
    note_stdin_is_document()
    data = sys.stdin.buffer.read(limit + 1)
    if len(data) > limit:
        raise InputRefused("file-too-large", f"stdin: larger than {limit} bytes")
    return data


def source_name(name: str) -> str:
    """What error messages call a file argument."""
    return "stdin" if name == STDIO else name


def require_output(name: str, *, force: bool) -> None:
    """Refuse early when `write_document` would fail."""
    if name != STDIO:
        require_writable(Path(name), force=force)
    elif sys.stdout is None:
        raise EnvironmentFault("output-closed", "stdout: closed", "write to a file with --out")


def write_document(name: str, data: bytes, *, force: bool) -> None:
    """Write a document to a new file, or to stdout for ``-``."""
    if name != STDIO:
        write_exclusive(Path(name), data, force=force)
        return
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def dump_document(wire: object) -> bytes:
    """The bytes of a JSON document file: indented, ASCII, with a final newline.

    An array gets one element a line, so that large batches stay within the loader's bounds.
    """
    if isinstance(wire, list):
        rows = ",\n".join(_ascii_json(row) for row in wire)
        return f"[\n{rows}\n]\n".encode("ascii")
    return f"{_ascii_json(wire, indent=2)}\n".encode("ascii")


def _ascii_json(document: object, indent: int | None = None) -> str:
    # DEL is the one control character that JSON and ASCII let through as itself.
    return json.dumps(document, indent=indent, ensure_ascii=True).replace("\x7f", "\\u007f")


def is_attended() -> bool:
    """Whether somebody sits at the terminal who could answer."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask(prompt: str) -> str:
    """Ask a person on the terminal; the prompt goes to stderr.

    What was typed before is thrown away. Where stdin was the document, the controlling terminal
    is asked.

    Raises:
        UsageRefused: ``no-terminal`` when there is nobody to ask.
    """
    if has_other_terminal():
        return ask_other_terminal(prompt)
    if not is_attended():
        raise UsageRefused(
            "no-terminal",
            "a person must answer here, and stdin is no terminal",
            "run it in a terminal, or use --yes in a script",
        )
    discard_typed_ahead(sys.stdin.fileno())
    return str(click.prompt(prompt, err=True, default="", show_default=False)).strip()


def ask_secret(prompt: str, *, confirm: bool = False) -> str:
    """Ask for a secret on the terminal, without echo."""
    # `getpass` asks the controlling terminal by itself, and throws away what was typed before.
    if not is_attended() and not has_other_terminal():
        raise UsageRefused(
            "no-terminal",
            "a secret must be typed here, and stdin is no terminal",
            "give it with a file option, such as --passphrase-file F or --passphrase-file fd:3",
        )
    return str(click.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True))
