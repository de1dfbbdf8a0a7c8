"""``--signer``: an address that narrows what a command takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from coldlever.shared.action import Address, parse_address
from coldlever.shared.errors import InputRefused, UsageRefused

F = TypeVar("F", bound=Callable[..., Any])


def signer_option(words: str) -> Callable[[F], F]:
    """Add ``--signer``; the command gets it as ``signer``, an `Address` or None.

    Args:
        words: its line in the command's help.
    """
    return click.option("--signer", metavar="A", callback=_signer, help=words)


def _signer(_context: click.Context, _option: click.Parameter, text: str | None) -> Address | None:
    if text is None:
        return None
    try:
        return parse_address(text)
    except InputRefused as error:
        # What is typed on the command line is wrong usage; in a file it would be wrong input.
        raise UsageRefused(error.code, error.message, error.remedy).at("--signer") from None
