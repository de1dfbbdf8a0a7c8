"""Who would sign, where the requests do not say: check words are those of a signer too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from coldlever.shared.action import Address
from coldlever.shared.errors import RuleRefused
from coldlever.signer.cli.machine import Machine
from coldlever.signer.cli.signer_option import signer_option
from coldlever.signer.cli.state import keyring, state_option

F = TypeVar("F", bound=Callable[..., Any])


def signer_options(command: F) -> F:
    """Add ``--signer``, ``--keystore`` and ``--state-dir``."""
    for option in (
        state_option,
        click.option(
            "--keystore",
            metavar="K",
            help="A key's name or a keystore file: show the review as its key would sign it. It "
            "is not opened.",
        ),
        signer_option("The address that signs, or must have signed."),
    ):
        command = option(command)
    return command


def named_signer(
    machine: Machine, signer: Address | None, keystore: str | None, state_dir: str | None
) -> Address | None:
    """Who signs, as `signer_options` say; None when they leave it to the requests.

    Raises:
        RuleRefused: ``signer-mismatch`` when the two options name different signers.
    """
    if keystore is None:
        return signer
    # What reads keystores is half of the program, and most inspections go without.
    from coldlever.signer.key import load_keystore  # noqa: PLC0415 - see above

    address = load_keystore(keyring(machine, state_dir).locate(keystore)).address
    if signer is not None and address is not None and signer != address:
        raise RuleRefused(
            "signer-mismatch",
            f"--signer says {signer}, the keystore is that of {address}",
            "give one of the two",
        )
    return signer if address is None else address
