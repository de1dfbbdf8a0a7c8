"""The state folder on the command line: where keys and ledger lie."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from coldlever.signer.cli.machine import Machine

if TYPE_CHECKING:
    from coldlever.signer.key import Keyring

_KEYS = "keys"

F = TypeVar("F", bound=Callable[..., Any])


def state_option(command: F) -> F:
    """Add ``--state-dir``."""
    option = click.option(
        "--state-dir",
        metavar="D",
        type=click.Path(),
        help="The folder for keys and ledger, instead of the one below XDG_STATE_HOME.",
    )
    return option(command)


def keyring(machine: Machine, option: str | None) -> Keyring:
    """The key folder."""
    # `inspect` has the option too, and seldom a key.
    from coldlever.signer.key import Keyring  # noqa: PLC0415 - see above

    return Keyring(machine.state(option) / _KEYS)


def ledger_path(machine: Machine, option: str | None) -> Path:
    """The ledger's file; its folder need not exist."""
    from coldlever.signer.ledger.store import FILE_NAME  # noqa: PLC0415 - as above

    return machine.state(option) / FILE_NAME
