"""`approvals`: what people have said about a document."""

from __future__ import annotations

from copy import copy

import click

from coldlever.shared.cli import approvals_commands
from coldlever.signer.cli.caged import caged

_EPILOG = """\b
Examples:
  coldlever-signer approvals add request.json alice.json --policy treasury.toml --out r2.json
  coldlever-signer approvals list r2.json --policy treasury.toml
  coldlever-signer approvals check r2.json --policy treasury.toml
"""


@click.group("approvals", epilog=_EPILOG)
def command() -> None:
    """Bring approvals together, show them, and say who is missing."""


command.add_command(caged(copy(approvals_commands.add)))
command.add_command(caged(copy(approvals_commands.list_approvals)))
command.add_command(caged(copy(approvals_commands.check)))
