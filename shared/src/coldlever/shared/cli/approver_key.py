"""Approver keys on the command line: which one, and its passphrase; the same on both sides."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from coldlever.shared.cli.console import say
from coldlever.shared.cli.secret_line import read_secret_line
from coldlever.shared.errors import InputRefused, RuleRefused
from coldlever.shared.files import read_bounded
from coldlever.shared.printable import printable, quoted
from coldlever.shared.sshsig import ApproverKey, PublicKey, open_key, parse_public_key
from coldlever.shared.sshsig.private_key import MAX_BYTES

FOLDER = "approvers"
_ATTEMPTS = 3

F = TypeVar("F", bound=Callable[..., Any])


def approver_option(command: F) -> F:
    """Add ``--approver`` as the parameter ``approver``."""
    option = click.option(
        "--approver",
        metavar="K",
        help="Your approver key: a name of `approver show`, or a file in OpenSSH's format.",
    )
    return option(command)


def locate_approver(state: Path, choice: str | None) -> Path:
    """The file of an approver key.

    Args:
        state: the state folder.
        choice: ``--approver``: a path, or a name in the state folder; None for the only one there.

    Raises:
        InputRefused: ``no-such-approver``.
    """
    folder = state / FOLDER
    if choice is None:
        return _only(folder)
    named = folder / choice
    if os.sep not in choice and named.is_file():
        return named
    if Path(choice).is_file():
        return Path(choice)
    raise _none(f"there is no approver key {quoted(choice, limit=80)}", folder)


def _only(folder: Path) -> Path:
    # What a killed run has left begins with a dot.
    files = sorted(path for path in folder.glob("[!.]*") if path.is_file())
    found = [path for path in files if path.suffix != ".pub"]
    if len(found) != 1:
        count = "several approver keys" if found else "no approver key"
        raise _none(f"there is {count}", folder)
    return found[0]


def _none(what: str, folder: Path) -> InputRefused:
    return InputRefused(
        "no-such-approver",
        f"{what} in {printable(str(folder))}",
        "make one with `coldlever-signer approver new`, or name a file with --approver",
    )


def public_half(path: Path) -> Path:
    """Where the public half of an approver key lies, as ssh-keygen puts it."""
    return path.with_name(f"{path.name}.pub")


def choose_approver(
    state: Path, choice: str | None, public_file: str | None
) -> tuple[Path | None, Path]:
    """An approver key's file and that of its public half; of ``--key`` there is only the latter.

    Args:
        state: the state folder.
        choice: ``--approver``, as `locate_approver` takes it.
        public_file: ``--key``, or None.

    Raises:
        InputRefused: ``no-such-approver``.
    """
    if public_file is not None:
        return None, Path(public_file)
    path = locate_approver(state, choice)
    return path, public_half(path)


def read_public(path: Path) -> PublicKey:
    """A public half in a file.

    Raises:
        InputRefused: unreadable, too large or no public key.
        RuleRefused: ``weak-key``.
    """
    return parse_public_key(read_bounded(path, MAX_BYTES).decode("utf-8", "replace"))


def unlock_approver(
    path: Path, passphrase_file: str | None, ask_secret: Callable[[str], str]
) -> ApproverKey:
    """Open an approver key; a person may try three times, a script once.

    Args:
        path: its file.
        passphrase_file: ``--passphrase-file``, or None to ask.
        ask_secret: asks for a secret, without echo.

    Raises:
        InputRefused: ``not-an-approver-key``, or the passphrase's file is unreadable.
        RuleRefused: ``wrong-passphrase``.
    """
    data, name = read_bounded(path, MAX_BYTES), printable(str(path))
    try:
        key = open_key(data, None, name)
    except RuleRefused as error:
        _require_wrong_passphrase(error)
    else:
        say(f"warning: {name} is not encrypted: whoever reads the file can approve", fg="yellow")
        return key
    if passphrase_file is not None:
        return open_key(data, _secret(passphrase_file), name)
    for _ in range(_ATTEMPTS - 1):
        try:
            return open_key(data, ask_secret(f"Passphrase of {name}"), name)
        except RuleRefused as error:
            _require_wrong_passphrase(error)
            say("That passphrase does not open it. Try again.", fg="yellow")
    return open_key(data, ask_secret(f"Passphrase of {name}"), name)


def unlock_pair(
    path: Path,
    public: PublicKey,
    passphrase_file: str | None,
    ask_secret: Callable[[str], str],
) -> ApproverKey:
    """As `unlock_approver`, and the public half that lay beside it must be its own.

    Raises:
        RuleRefused: ``key-mismatch`` too.
    """
    key = unlock_approver(path, passphrase_file, ask_secret)
    if key.public != public:
        raise RuleRefused(
            "key-mismatch",
            f"{printable(str(path))} and the public half beside it are two keys",
            "put the right .pub file beside it: ssh-keygen -y -f KEY",
        )
    return key


def _require_wrong_passphrase(error: RuleRefused) -> None:
    """Nothing else is answered by another passphrase."""
    if error.code != "wrong-passphrase":
        raise error


def _secret(name: str) -> str:
    return read_secret_line("fd:0" if name == "-" else name)
