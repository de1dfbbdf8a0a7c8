"""The terminal, as both command lines use it: text to stderr, documents to stdout.

With ``--json`` stdout carries exactly one JSON document, for failures too. Without it, people's
output goes to stderr or the terminal, so that stdout stays free for documents.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from coldlever.shared.cli.refusals import refusal_of
from coldlever.shared.cli.terminal import (
    ask_other_terminal,
    discard_typed_ahead,
    has_other_terminal,
    note_stdin_is_document,
)
from coldlever.shared.errors import (
    ColdleverError,
    EnvironmentFault,
    InputRefused,
    Interrupted,
    UsageRefused,
)
from coldlever.shared.files import read_bounded, require_writable, write_exclusive
from coldlever.shared.printable import printable
from coldlever.shared.reading.strict_json import MAX_BYTES

STDIO = "-"
_PASSPHRASE_MAX_BYTES = 4096
_DESCRIPTOR = re.compile(r"[0-9]{1,6}")

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Lazy:
    """A command that is imported only when it is called, so that ``--help`` stays quick.

    Args:
        target: ``package.module:attribute``.
        summary: one line for the group's help.
    """

    target: str
    summary: str


class ColdleverGroup(click.Group):
    """A command group whose errors are texts or JSON documents with stable codes.

    Args:
        lazy: commands by name, in the order to show them.
    """

    def __init__(self, *args: Any, lazy: Mapping[str, Lazy] | None = None, **extra: Any) -> None:
        super().__init__(*args, **extra)
        self._lazy = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order they were declared in."""
        return [*self._lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a lazy command, or find an ordinary one."""
        lazy = self._lazy.get(cmd_name)
        if lazy is None:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = lazy.target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{lazy.target} is no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing the lazy ones."""
        rows = [(name, lazy.summary) for name, lazy in self._lazy.items()]
        for name in super().list_commands(ctx):
            command = super().get_command(ctx, name)
            if command is not None and not command.hidden:
                rows.append((name, command.get_short_help_str(limit=80)))
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Parse the arguments, and print the help where they ask for it."""
        with _noticing_closed_pipes():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _noticing_closed_pipes():
            return super().invoke(ctx)

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Run the command line and leave with its exit status."""
        arguments = list(sys.argv[1:] if args is None else args)
        as_json = _asks_for_json(arguments)
        if _no_color():
            extra["color"] = False
        extra["standalone_mode"] = False
        try:
            result = super().main(arguments, prog_name, **extra)
            status = result if isinstance(result, int) else 0
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one place that catches
            status = _fail(error, as_json=as_json)
        _leave(status)


class _PipeClosed(EnvironmentFault):
    """Nobody reads the output any more, so nobody is told either."""


@contextlib.contextmanager
def _noticing_closed_pipes() -> Iterator[None]:
    """Keep click from leaving with status 1, which stands for a defect here."""
    try:
        yield
    except BrokenPipeError:
        raise _PipeClosed("output-closed", "nobody reads the output any more") from None


def _asks_for_json(arguments: Sequence[str]) -> bool:
    """Whether ``--json`` is among the options; behind ``--`` it is a file name."""
    options = takewhile(lambda argument: argument != "--", arguments)
    return "--json" in options


def _fail(error: BaseException, *, as_json: bool) -> int:
    """Tell what happened and return the exit status, even where nobody listens any more."""
    refusal = refusal_of(error)
    with contextlib.suppress(OSError):
        if isinstance(error, click.UsageError) and not as_json:
            _show_usage(error, refusal.message)
        elif not isinstance(error, _PipeClosed):
            _report(refusal, as_json=as_json)
    return refusal.exit_status


def _show_usage(error: click.UsageError, message: str) -> None:
    """Tell what is wrong below the usage; a bare group name gets its help instead."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
    else:
        click.UsageError(message, error.ctx).show()


def _report(error: ColdleverError, *, as_json: bool) -> None:
    if isinstance(error, Interrupted):
        say()  # the ^C of the terminal stands on a line without an end
    if as_json:
        emit_json({"error": error.to_wire()})
        return
    say(f"error [{error.code}]: {error.message}", fg="red")
    if error.remedy is not None:
        say(f"remedy: {error.remedy}")


def _leave(status: int) -> NoReturn:
    """Exit without the interpreter complaining once more about a full disk or a closed pipe."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            try:
                stream.flush()
            except OSError:
                with contextlib.suppress(OSError):
                    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(status)


def _no_color() -> bool:
    return bool(os.environ.get("NO_COLOR"))


def json_option(command: F) -> F:
    """Add ``--json`` as the parameter ``as_json``."""
    decorator = click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document on stdout."
    )
    return decorator(command)


def say(text: str = "", *, fg: str | None = None, bold: bool = False) -> None:
    """A line for a person, on stderr; coloured on a terminal only."""
    # Outside a command click knows nothing of NO_COLOR, so it is said here each time.
    color = False if _no_color() else None
    click.secho(text, err=True, color=color, fg=fg, bold=bold or None)


def emit(text: str) -> None:
    """A line of a document, on stdout."""
    click.echo(text)


def emit_json(document: object) -> None:
    """The one JSON document of a ``--json`` run, on stdout."""
    click.echo(_ascii_json(document, indent=2))


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


def read_secret_line(name: str) -> str:
    """The first line of a secret file: a path, or ``fd:N`` for an open file descriptor.

    Raises:
        InputRefused: unreadable, empty, too long or not UTF-8.
    """
    if name.startswith("fd:"):
        data = _read_descriptor(name)
    else:
        data = read_bounded(Path(name), _PASSPHRASE_MAX_BYTES)
    try:
        text = data.decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise InputRefused("secret-not-utf8", f"{printable(name)}: not UTF-8") from None
    line = text.removesuffix("\n").removesuffix("\r")
    if not line or "\n" in line:
        raise InputRefused(
            "secret-not-one-line", f"{printable(name)}: expected exactly one line, not empty"
        )
    return line


def _read_descriptor(name: str) -> bytes:
    digits = name.removeprefix("fd:")
    if _DESCRIPTOR.fullmatch(digits) is None:
        raise UsageRefused("bad-descriptor", f"{printable(name)}: expected fd: and a number")
    try:
        with os.fdopen(int(digits), "rb", closefd=False) as stream:
            data = stream.read(_PASSPHRASE_MAX_BYTES + 1)
    except OSError as error:
        raise InputRefused(
            "file-unreadable", f"{printable(name)}: {printable(error.strerror or '')}"
        ) from None
    if len(data) > _PASSPHRASE_MAX_BYTES:
        raise InputRefused("file-too-large", f"{printable(name)}: too long for one line")
    return data


def _is_attended() -> bool:
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
    if not _is_attended():
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
    if not _is_attended() and not has_other_terminal():
        raise UsageRefused(
            "no-terminal",
            "a secret must be typed here, and stdin is no terminal",
            "give it with a file option, such as --passphrase-file F or --passphrase-file fd:3",
        )
    return str(click.prompt(prompt, hide_input=True, confirmation_prompt=confirm, err=True))
