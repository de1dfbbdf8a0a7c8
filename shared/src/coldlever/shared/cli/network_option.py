"""``--network``, the same on both sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from coldlever.shared.action import Network

F = TypeVar("F", bound=Callable[..., Any])

_FOR_FILES = "The network, for files that do not name one; checked against those that do."


def network_option(words: str = _FOR_FILES) -> Callable[[F], F]:
    """Add ``--network``; the command gets it as ``network``, a `Network` or None.

    Args:
        words: its line in the command's help.
    """
    return click.option(
        "--network",
        type=click.Choice([network.value for network in Network]),
        callback=_network,
        help=words,
    )


def _network(_context: click.Context, _option: click.Parameter, name: str | None) -> Network | None:
    return None if name is None else Network(name)
