"""What killed runs left behind: rubbish, and now and then the only copy of a key."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from coldlever.shared.action import Address
from coldlever.shared.errors import ColdleverError
from coldlever.shared.files import leftovers
from coldlever.signer.key.keystore import load_keystore


@dataclass(frozen=True, slots=True)
class Abandoned:
    """A keystore that a killed `key new` or `key import` has written, but not named.

    Args:
        path: where it lies.
        address: whose key it says it holds, if it does.
    """

    path: Path
    address: Address | None


def tidy(folder: Path) -> tuple[Abandoned, ...]:
    """Remove the temporary files of killed runs; keystores among them are kept and returned."""
    kept = []
    for path in leftovers(folder):
        keystore = _abandoned(path)
        if keystore is not None:
            kept.append(keystore)
            continue
        with contextlib.suppress(OSError):
            path.unlink()
    return tuple(kept)


def _abandoned(path: Path) -> Abandoned | None:
    """The keystore in a leftover, unless it has got its name already."""
    try:
        if path.stat().st_nlink > 1:
            return None
        return Abandoned(path, load_keystore(path).address)
    except (ColdleverError, OSError):
        return None
