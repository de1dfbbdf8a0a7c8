"""`completion`: the script that lets a shell complete commands and options."""

from __future__ import annotations

import click

from coldlever.shared.cli.console import emit, emit_json, json_option

_EPILOG = """\b
Examples:
  coldlever-signer completion bash >> ~/.bashrc
  coldlever-signer completion zsh > ~/.zfunc/_coldlever-signer
  coldlever-signer completion fish > ~/.config/fish/completions/coldlever-signer.fish

Bash needs version 4.4 or newer.
"""
_PROGRAM = "coldlever-signer"
_VARIABLE = "_COLDLEVER_SIGNER_COMPLETE"


@click.command("completion", epilog=_EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@json_option
@click.pass_context
def command(context: click.Context, shell: str, *, as_json: bool) -> None:
    """Print the completion script for a shell."""
    script = _script(context.find_root().command, shell)
    if as_json:
        emit_json({"shell": shell, "script": script})
    else:
        emit(script)


def _script(commands: click.Command, shell: str) -> str:
    from click import shell_completion  # noqa: PLC0415 - used by this command alone

    class QuietBash(shell_completion.BashComplete):
        """Bash completion that does not start bash to ask for its version.

        The signer starts no other programs; the help says which version is needed.
        """

        @staticmethod
        def _check_version() -> None:
            return

    makers: dict[str, type[shell_completion.ShellComplete]] = {
        "bash": QuietBash,
        "zsh": shell_completion.ZshComplete,
        "fish": shell_completion.FishComplete,
    }
    return makers[shell](commands, {}, _PROGRAM, _VARIABLE).source()
