"""The state folder on the command line: where keys and ledger lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from coldlever.shared.cli.console import say
from coldlever.shared.printable import printable
from coldlever.signer.cli.accept_risk import TOO_OPEN
from coldlever.signer.cli.machine import Machine
from coldlever.signer.permissions import Permissions

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


def tidy_up(machine: Machine, option: str | None, *others: Path) -> None:
    """Remove what killed runs left in the state folder, the key folder and ``others``.

    A keystore among it is named instead: it may be the only copy of a key.
    """
    state = machine.state(option)
    tidy_folders(state, state / _KEYS, *others)


def tidy_folders(*folders: Path) -> None:
    """As `tidy_up`, in these folders alone."""
    from coldlever.signer.key.leftovers import tidy  # noqa: PLC0415 - as above

    for folder in dict.fromkeys(folders):
        for one in tidy(folder):
            owner = "a key" if one.address is None else f"the key of {one.address}"
            say(
                f"A run that was stopped left a keystore with {owner} in "
                f"{printable(str(one.path))}: give it a name of its own, or remove it",
                fg="yellow",
            )


def ledger_path(machine: Machine, option: str | None) -> Path:
    """The ledger's file; its folder need not exist."""
    from coldlever.signer.ledger.store import FILE_NAME  # noqa: PLC0415 - as above

    return machine.state(option) / FILE_NAME


def permissions(accepted: Sequence[str]) -> Permissions:
    """How strictly files of others' reach are taken.

    Args:
        accepted: ``--accept-risk``.
    """
    return Permissions(TOO_OPEN in accepted, lambda text: say(f"warning: {text}", fg="yellow"))


def require_own_state(machine: Machine, option: str | None, accepted: Sequence[str]) -> None:
    """Refuse a state that other users of the machine may change.

    Raises:
        RuleRefused: ``too-open``.
    """
    strictness = permissions(accepted)
    for folder in (machine.state(option), keyring(machine, option).folder):
        strictness.require_own_folder(folder)
    strictness.require_no_link(ledger_path(machine, option))
