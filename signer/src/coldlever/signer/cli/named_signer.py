"""Who would sign, where the requests do not say: check words are those of a signer too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from coldlever.shared.action import Address, parse_address
from coldlever.shared.errors import InputRefused, RuleRefused, UsageRefused
from coldlever.signer.cli.machine import Machine
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
        click.option("--signer", metavar="A", help="The address that signs, or must have signed."),
    ):
        command = option(command)
    return command


def as_signer(text: str) -> Address:
    """The address of ``--signer``.

    Raises:
        UsageRefused: it is none.
    """
    try:
        return parse_address(text)
    except InputRefused as error:
        raise UsageRefused(error.code, f"--signer: {error.message}", error.remedy) from None


def named_signer(
    machine: Machine, signer: str | None, keystore: str | None, state_dir: str | None
) -> Address | None:
    """Who signs, as `signer_options` say; None when they leave it to the requests.

    Raises:
        RuleRefused: ``signer-mismatch`` when the two options name different signers.
    """
    named = None if signer is None else as_signer(signer)
    if keystore is None:
        return named
    # What reads keystores is half of the program, and most inspections go without.
    from coldlever.signer.key import load_keystore  # noqa: PLC0415 - see above

    address = load_keystore(keyring(machine, state_dir).locate(keystore)).address
    if named is not None and address is not None and named != address:
        raise RuleRefused(
            "signer-mismatch",
            f"--signer says {named}, the keystore is that of {address}",
            "give one of the two",
        )
    return named if address is None else address
