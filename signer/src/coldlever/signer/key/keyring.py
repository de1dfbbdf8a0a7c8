"""The folder of keystores: each file is a key, its name is the file's name without ``.json``."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coldlever.shared.action import Address
from coldlever.shared.errors import ColdleverError, EnvironmentFault, InputRefused, UsageRefused
from coldlever.shared.printable import printable, quoted
from coldlever.signer.key.keystore import Keystore, load_keystore

_SUFFIX = ".json"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class KeyFile:
    """One file of the folder.

    Args:
        name: how ``--keystore`` calls it.
        path: where it lies.
        content: its keystore, or why it cannot be used.
    """

    name: str
    path: Path
    content: Keystore | ColdleverError

    @property
    def address(self) -> Address | None:
        """Whose key it says it holds, if it does."""
        return None if isinstance(self.content, ColdleverError) else self.content.address

    def __str__(self) -> str:
        name = printable(self.name)
        return name if self.address is None else f"{name} ({self.address})"


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keystores of one state folder.

    Args:
        folder: need not exist.
    """

    folder: Path

    def place_for(self, name: str) -> Path:
        """Where a key of that name lies.

        Raises:
            UsageRefused: ``bad-key-name``.
        """
        if _NAME.fullmatch(name) is None:
            raise UsageRefused(
                "bad-key-name",
                f"found {quoted(name, limit=80)}, expected up to 64 letters, digits, dots, "
                "dashes or underscores",
            )
        return self.folder / (name + _SUFFIX)

    def files(self) -> tuple[KeyFile, ...]:
        """All keystores, in the order of their names; unusable ones with the reason.

        Raises:
            EnvironmentFault: ``key-folder`` when the folder cannot be read.
        """
        try:
            names = sorted(path.name for path in self.folder.iterdir())
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise EnvironmentFault(
                "key-folder",
                f"{printable(str(self.folder))}: {printable(error.strerror or str(error))}",
                "choose another place with --state-dir, or name a file with --keystore",
            ) from None
        return tuple(
            _read(self.folder / name) for name in names if name.endswith(_SUFFIX) and name[0] != "."
        )

    def choose(self, choice: str | None) -> Path:
        """The keystore that is named, or the only one there is; errors as both below."""
        return self.only_fitting(None) if choice is None else self.locate(choice)

    def locate(self, choice: str) -> Path:
        """The file that ``--keystore`` names: a path, or the name of a key in the folder.

        A name with a slash or ``.json`` is a path. Any other is a key's name first and a file's
        only when there is no such key.

        Raises:
            InputRefused: ``no-such-key``.
        """
        path = Path(choice)
        if os.sep in choice or choice.endswith(_SUFFIX):
            return path
        if _NAME.fullmatch(choice) is not None and self.place_for(choice).exists():
            return self.place_for(choice)
        if path.exists():
            return path
        raise InputRefused(
            "no-such-key",
            f"there is no key {quoted(choice, limit=80)} in {printable(str(self.folder))}, "
            "and no file of that name here",
            "see `key list`, or give the path of a keystore file",
        )

    def only_fitting(self, wanted: Address | None) -> Path:
        """The keystore to take when none was named.

        Args:
            wanted: who must sign, when the requests say so.

        Raises:
            UsageRefused: ``keystore-missing``, or ``keystore-ambiguous`` with a list of the keys.
        """
        files = [file for file in self.files() if isinstance(file.content, Keystore)]
        if wanted is not None:
            # A file that names no address may hold the key too, but one that does goes first.
            files = _naming(files, wanted) or _naming(files, None)
        if len(files) == 1:
            return files[0].path
        purpose = "" if wanted is None else f" for {wanted}"
        if not files:
            raise UsageRefused(
                "keystore-missing",
                f"there is no keystore{purpose} in {printable(str(self.folder))}",
                "name one with --keystore, or make one with `key new` or `key import`",
            )
        raise UsageRefused(
            "keystore-ambiguous",
            f"several keystores could sign{purpose}: {_enumerate(files)}",
            "choose one with --keystore",
        )


def _naming(files: Sequence[KeyFile], address: Address | None) -> list[KeyFile]:
    return [file for file in files if file.address == address]


def _enumerate(files: Sequence[KeyFile]) -> str:
    return ", ".join(str(file) for file in files)


def _read(path: Path) -> KeyFile:
    name = path.name.removesuffix(_SUFFIX)
    try:
        return KeyFile(name, path, load_keystore(path))
    except ColdleverError as error:
        return KeyFile(name, path, error)
