"""``completion``: shell completion scripts."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from coldlever.shared.cli.console import emit, emit_json, json_option


@click.command(short_help="Print a completion script.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@json_option
@click.pass_context
def completion(ctx: click.Context, shell: str, *, as_json: bool) -> None:
    """Print the completion script of a shell.

    \b
    For bash, add to ~/.bashrc:
      eval "$(coldlever-broadcaster completion bash)"
    """  # noqa: D301 - \b is click's mark for text that must not be wrapped
    source = get_completion_class(shell)
    assert source is not None, "click knows all the shells that the argument allows"
    root = ctx.find_root()
    script = source(
        root.command, {}, "coldlever-broadcaster", "_COLDLEVER_BROADCASTER_COMPLETE"
    ).source()
    if as_json:
        emit_json({"shell": shell, "script": script})
    else:
        emit(script)
