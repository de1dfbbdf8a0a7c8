"""`--accept-risk`: what a script may agree to where a person would type it.

Each name is a question of its own, so that agreeing to one says nothing about the others. It comes
from the command line only, never from a variable or a profile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from coldlever.shared.cli.console import say
from coldlever.shared.errors import PersonDeclined, RuleRefused, UsageRefused

FAR_NONCE = "far-nonce"
TOO_OPEN = "too-open"
RISKS = (FAR_NONCE, TOO_OPEN)

F = TypeVar("F", bound=Callable[..., Any])


def accept_risk_option(command: F) -> F:
    """Add ``--accept-risk`` as the parameter ``accepted``."""
    option = click.option(
        "--accept-risk",
        "accepted",
        multiple=True,
        metavar="RISK",
        type=click.Choice(RISKS),
        help=f"Agree to a refusal by its code, as typing it would: {', '.join(RISKS)}. Repeat it "
        "for several.",
    )
    return option(command)


def agree_to(
    refusal: RuleRefused, accepted: tuple[str, ...], ask: Callable[[str], str] | None
) -> None:
    """Have a risk agreed to, by option or in words, or refuse.

    Args:
        refusal: what stands against going on; its code is the risk's name.
        accepted: ``--accept-risk``.
        ask: asks the person; None with ``--yes``, which answers this question with no.

    Raises:
        RuleRefused: the refusal, where nobody can be asked.
        PersonDeclined: ``declined``.
    """
    if refusal.code in accepted:
        say(f"Accepted by --accept-risk: {refusal.message}", fg="yellow")
        return
    if ask is None:
        raise refusal
    say(f"WARNING: {refusal.message}", fg="red", bold=True)
    try:
        typed = ask(f'Type "{refusal.code}" to go on all the same')
    except UsageRefused:
        raise refusal from None
    if typed != refusal.code:
        raise PersonDeclined("declined", "not confirmed; nothing was signed or recorded")
