"""``approvals``: the same words as on the signer."""

from __future__ import annotations

import click

from coldlever.shared.cli import approvals_commands


@click.group(short_help="Bring approvals together, show them, and say who is missing.")
def approvals() -> None:
    """Bring approvals together, show them, and say who is missing."""


approvals.add_command(approvals_commands.add)
approvals.add_command(approvals_commands.list_approvals)
approvals.add_command(approvals_commands.check)
