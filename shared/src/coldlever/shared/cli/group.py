"""A command group that loads its commands late and ends with a stable code and exit status."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, NoReturn

import click

from coldlever.shared.cli.console import emit_json, no_color, say, say_refusal
from coldlever.shared.cli.refusals import refusal_of
from coldlever.shared.cli.stop_signals import holding, interruptible
from coldlever.shared.errors import ColdleverError, EnvironmentFault, Interrupted


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
        if no_color():
            extra["color"] = False
        extra["standalone_mode"] = False
        with interruptible():
            try:
                result = super().main(arguments, prog_name, **extra)
                status = result if isinstance(result, int) else 0
            except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one place that catches
                leave_refused(error, arguments)
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


def leave_refused(error: BaseException, arguments: Sequence[str]) -> NoReturn:
    """Tell what went wrong, as text or as the one JSON document, and exit with its status."""
    with holding():
        _leave(_fail(error, as_json=_asks_for_json(arguments)))


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
    if as_json and sys.stdout is not None:
        # Where stdout is what failed, the person is told on stderr.
        with contextlib.suppress(OSError):
            emit_json({"error": error.to_wire()})
            return
    say_refusal(error)


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
