"""``policy``: the same words as on the signer."""

from __future__ import annotations

import click

from coldlever.shared.cli import policy_commands


@click.group(short_help="Show and check a policy, and what it says about a payload.")
def policy() -> None:
    """Show and check a policy, and what it says about a payload."""


policy.add_command(policy_commands.show)
policy.add_command(policy_commands.check)
policy.add_command(policy_commands.explain)
