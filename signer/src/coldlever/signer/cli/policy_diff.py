"""How two policies differ, line by line, on the terminal."""

from __future__ import annotations

import difflib

from coldlever.shared.cli.console import say
from coldlever.shared.printable import printable

_COLOURS = {"+": "green", "-": "red"}


def show_diff(old: bytes, new: bytes, names: tuple[str, str]) -> None:
    """Print what changes from one policy's text to another's.

    Args:
        old: a file's bytes; empty for none.
        new: likewise.
        names: what the two are called.
    """
    before, after = (text.decode("utf-8", "replace").splitlines() for text in (old, new))
    for line in difflib.unified_diff(before, after, names[0], names[1], lineterm="", n=1):
        say("  " + printable(line), fg=_COLOURS.get(line[:1]))
