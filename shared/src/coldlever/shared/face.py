"""The face of a folder whose modules are imported when a name of theirs is first asked for.

Eager faces would make every command wait for what it does not use.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping


def lazy_face(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """A module's ``__getattr__`` (PEP 562).

    Args:
        package: the folder's dotted name.
        homes: names of its face, each with the module inside the folder that defines it.

    Returns:
        A function that finds a name, and raises AttributeError for one that is not in the face.
    """

    def find(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{homes[name]}"), name)

    return find
