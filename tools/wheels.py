"""What wheels hold, and whether what they installed is still theirs.

Usage: ``wheels.py names DIST`` (our three wheels in a folder) or ``wheels.py installed NAME …``
(distributions of the interpreter that runs this).
"""

from __future__ import annotations

import base64
import csv
import hashlib
import sys
import zipfile
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

SIDES = ("shared", "signer", "broadcaster")


def strays(names: Iterable[str], side: str) -> list[str]:
    """The names in a side's wheel that neither its package nor its dist-info holds.

    An ``__init__.py`` of the namespace itself is one of them.
    """
    package = f"coldlever/{side}/"
    information = f"coldlever_{side}-"
    return [
        name
        for name in names
        if not name.startswith(package)
        and not (name.startswith(information) and name.split("/")[0].endswith(".dist-info"))
    ]


def wheel_of(folder: Path, side: str) -> Path:
    """The one wheel of a side in a folder; anything but one is refused."""
    found = sorted(folder.glob(f"coldlever_{side}-*.whl"))
    if len(found) != 1:
        raise SystemExit(f"{folder} holds {len(found)} wheels of {side}, not one")
    return found[0]


def replaced(one: Distribution) -> Iterator[str]:
    """The files of a distribution that are gone or are no longer what it installed.

    A file without a hash (RECORD itself, and compiled files) is not looked at.
    """
    # Not `files`: from Python 3.12 on it leaves out what is gone.
    for name, signed, _ in csv.reader((one.read_text("RECORD") or "").splitlines()):
        if not signed:
            continue
        mode, _, value = signed.partition("=")
        path = Path(str(one.locate_file(name)))
        digest = hashlib.new(mode, path.read_bytes()).digest() if path.is_file() else b""
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != value:
            yield name


def _check_names(folder: Path) -> None:
    for side in SIDES:
        with zipfile.ZipFile(wheel_of(folder, side)) as wheel:
            names = wheel.namelist()
        if wrong := strays(names, side):
            raise SystemExit(f"{side}'s wheel takes names that are not its own: {wrong}")
        if f"coldlever/{side}/__init__.py" not in names:
            raise SystemExit(f"{side}'s wheel lacks its package")
    print("each wheel holds its own names alone")


def _check_installed(names: list[str]) -> None:
    files = 0
    for one in map(distribution, names):
        if wrong := list(replaced(one)):
            raise SystemExit(f"not as {one.name} {one.version} installed them: {wrong}")
        files += sum(file.hash is not None for file in one.files or ())
    if not files:
        raise SystemExit(f"no file of {names} has a hash")
    print(f"{files} files are as their distributions installed them")


def main(arguments: list[str]) -> None:
    """Check, and say what was found."""
    match arguments:
        case ["names", folder]:
            _check_names(Path(folder))
        case ["installed", _, *_]:
            _check_installed(arguments[1:])
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
