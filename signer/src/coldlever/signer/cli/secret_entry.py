"""Secrets from files, descriptors and the terminal; never from the command line itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from coldlever.shared.cli.console import STDIO, say
from coldlever.shared.cli.secret_line import read_secret_line
from coldlever.shared.errors import RuleRefused
from coldlever.shared.printable import printable
from coldlever.signer.cli.machine import Machine
from coldlever.signer.cli.state import permissions
from coldlever.signer.key import Keystore, SigningKey, require_strong
from coldlever.signer.key.passphrase import RULES, normalise

_ATTEMPTS = 3

F = TypeVar("F", bound=Callable[..., Any])


def secret_option(name: str, words: str) -> Callable[[F], F]:
    """Add an option that names a secret's file, as `read_secret` takes it.

    Args:
        name: such as ``--mnemonic-file``.
        words: its line in the command's help.
    """
    # Not checked by click: fd:3 is no file.
    path = click.Path(readable=False, allow_dash=True)
    return click.option(name, metavar="F", type=path, help=words)


def passphrase_option(command: F) -> F:
    """Add ``--passphrase-file``."""
    option: Callable[[F], F] = secret_option(
        "--passphrase-file",
        "Take the keystore's passphrase from this file (one line), from - or from an open "
        "descriptor such as fd:3, instead of asking.",
    )
    return option(command)


def prepare_for_secrets(machine: Machine) -> None:
    """Close the memory to other processes; say so when it cannot be done."""
    if not machine.seal_memory():
        say(
            "warning: this system does not let the signer close its memory to your other programs",
            fg="yellow",
        )


def read_secret(name: str, accepted: Sequence[str]) -> str:
    """One line from a secret file, ``-`` or ``fd:N``.

    Args:
        name: the file.
        accepted: ``--accept-risk``.

    Raises:
        RuleRefused: ``too-open``.
        InputRefused: see `read_secret_line`.
    """
    if name == STDIO:
        return read_secret_line("fd:0")
    if not name.startswith("fd:"):
        permissions(accepted).require_private(Path(name), "file with a secret")
    return read_secret_line(name)


def choose_passphrase(machine: Machine, file: str | None, accepted: Sequence[str]) -> str:
    """The passphrase for a new keystore, strong enough.

    Raises:
        RuleRefused: ``weak-passphrase`` or ``too-open``.
    """
    if file is not None:
        passphrase = normalise(read_secret(file, accepted))
    else:
        say(RULES)
        passphrase = normalise(machine.ask_secret("Passphrase for the new keystore", confirm=True))
    require_strong(passphrase)
    return passphrase


def unlock(
    machine: Machine, keystore: Keystore, file: str | None, accepted: Sequence[str]
) -> SigningKey:
    """Open a keystore; a person may try three times, a script once.

    Raises:
        RuleRefused: ``wrong-passphrase``, ``keystore-address-mismatch`` or ``too-open``.
    """
    if file is not None:
        return keystore.open(read_secret(file, accepted))
    prompt = f"Passphrase of {printable(keystore.source)}"
    for _ in range(_ATTEMPTS - 1):
        try:
            return keystore.open(machine.ask_secret(prompt))
        except RuleRefused as error:
            if error.code != "wrong-passphrase":
                raise
            say("That passphrase does not open it. Try again.", fg="yellow")
    return keystore.open(machine.ask_secret(prompt))
