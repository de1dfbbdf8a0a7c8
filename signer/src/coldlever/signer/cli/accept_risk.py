"""``--accept-risk``: going on where a named risk would be refused; from the command line only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

TOO_OPEN = "too-open"
RISKS = (TOO_OPEN,)

F = TypeVar("F", bound=Callable[..., Any])


def accept_risk_option(command: F) -> F:
    """Add ``--accept-risk`` as ``accepted``, a tuple of names."""
    option = click.option(
        "--accept-risk",
        "accepted",
        multiple=True,
        type=click.Choice(RISKS),
        help="Go on although this was refused. May be repeated.",
    )
    return option(command)
