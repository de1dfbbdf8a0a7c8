"""Where state lives: the XDG base directories, or the folder given with ``--state-dir``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from coldlever.shared.errors import EnvironmentFault
from coldlever.shared.files import require_space
from coldlever.shared.printable import printable

_FOLDER_MODE = 0o700


def state_folder(program: str, option: str | None, environment: Mapping[str, str]) -> Path:
    """The folder for a program's ledger and keys.

    Args:
        program: "signer" or "broadcaster".
        option: ``--state-dir``, which is then the folder itself.
        environment: the process environment (``XDG_STATE_HOME``, ``HOME``).

    Raises:
        EnvironmentFault: ``no-home`` when neither is set.
    """
    if option is not None:
        return Path(option)
    base = environment.get("XDG_STATE_HOME", "")
    if base.startswith("/"):
        return Path(base) / "coldlever" / program
    home = environment.get("HOME", "")
    if not home.startswith("/"):
        raise EnvironmentFault(
            "no-home", "neither HOME nor XDG_STATE_HOME is set", "use --state-dir"
        )
    return Path(home) / ".local" / "state" / "coldlever" / program


def make_folder(folder: Path) -> Path:
    """Create ``folder`` (mode 0700) and return it.

    Raises:
        EnvironmentFault: ``state-folder``.
    """
    try:
        folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(folder, error.strerror or str(error)) from None
    return folder


def require_folder(folder: Path, size: int) -> None:
    """Find out whether `make_folder` and writing into it would work; nothing is made.

    Args:
        folder: it need not exist.
        size: how many bytes will be written there.

    Raises:
        EnvironmentFault: ``state-folder`` or ``disk-full``.
    """
    standing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not standing.is_dir():
        raise _unusable(folder, f"{printable(str(standing))} is no folder")
    if not os.access(standing, os.W_OK | os.X_OK):
        raise _unusable(folder, f"{printable(str(standing))} cannot be written to")
    require_space(standing, str(folder), size)


def _unusable(folder: Path, reason: str) -> EnvironmentFault:
    return EnvironmentFault(
        "state-folder",
        f"{printable(str(folder))}: {printable(reason)}",
        "choose another place with --state-dir",
    )
