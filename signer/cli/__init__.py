"""The command line of the signer.

Each command lies in a module of its own and is imported when it is used, so that `--help` and
`inspect` do not wait for what `sign` needs.
"""

from __future__ import annotations

import importlib

import click

from shared.console import ColdleverGroup
from signer import __version__

# Name, and what the overview says of it; the same words open the command's own help.
_COMMANDS = {
    "key": "Make, import and list the keys that sign.",
    "inspect": "Show what a request would do, without signing it.",
    "sign": "Review requests, sign them and write the payloads.",
    "verify": "Check the signature of payloads and show who signed what.",
    "ledger": "Look at, back up and restore the memory of spent nonces.",
    "completion": "Print the completion script for a shell.",
}

_EPILOG = """\b
A first ceremony, on the machine without a network:
  coldlever-signer key new --name cold
  coldlever-signer inspect request.json
  coldlever-signer sign request.json --keystore cold --out signed.json
  coldlever-signer verify signed.json

Requests come from `coldlever-broadcaster draft` on the online machine, signed payloads go back to
its `post`. What people read goes to stderr, documents go to stdout or to --out.

\b
Exit status: 0 done; 2 wrong usage; 3 input refused; 4 refused by a rule;
5 you said no; 8 the machine failed (disk full, ledger locked); 130 interrupted.
"""


class _Commands(ColdleverGroup):
    """The top group; finds its commands by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"signer.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(
    cls=_Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, "-V", "--version", prog_name="coldlever-signer")
def commands() -> None:
    """Sign Hyperliquid leverage changes on a machine that never meets a network.

    You see what will be signed, computed from the very bytes that get signed, and type `yes`. The
    process itself refuses to open a socket or to start another program.
    """
