"""Where state lives: the XDG base directories, or the folder given with ``--state-dir``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from coldlever.shared.errors import EnvironmentFault
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
        raise EnvironmentFault(
            "state-folder",
            f"{printable(str(folder))}: {printable(error.strerror or str(error))}",
            "choose another place with --state-dir",
        ) from None
    return folder
