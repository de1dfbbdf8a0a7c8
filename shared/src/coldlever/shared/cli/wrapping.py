"""Long lines on a narrow terminal: broken between words, never inside one."""

from __future__ import annotations

import os
import re
from typing import TextIO

# What stands in backquotes is meant to be copied, so it stays in one piece.
_WORD = re.compile(r"`[^`]*`[^ ]*|[^ ]+")
_LABEL = re.compile(r" *\S+(?: \S+)* {2,}(?=\S)")
_NARROWEST = 40
_DEEPER = 2
_MARGIN = " " * 4


def columns_of(stream: TextIO | None) -> int | None:
    """How wide the terminal behind a stream is, or None where it is none or does not say."""
    if stream is None or not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except OSError:
        return None


def wrapped(text: str, columns: int) -> str:
    """Lines of at most that many columns, but for words that are longer.

    Args:
        text: one line or several; what follows a label and two spaces stays beside the label.
        columns: how wide the terminal is; below 40 nothing is done.
    """
    if columns < _NARROWEST:
        return text
    return "\n".join(_wrapped_line(line, columns) for line in text.split("\n"))


def _wrapped_line(line: str, columns: int) -> str:
    if len(line) <= columns:
        return line
    start, indent = _margins(line, columns)
    lines, current = [], start
    for word in _WORD.findall(line[len(start) :]):
        gap = "" if current in (start, indent) else " "
        if len(current) + len(gap) + len(word) > columns and gap:
            lines.append(current)
            current, gap = indent, ""
        if len(current) + len(word) > columns and not gap and len(word) <= columns - len(_MARGIN):
            # An address or a hash: whole below its label rather than broken beside it.
            lines.append(current.rstrip())
            current = _MARGIN
        current += gap + word
    return "\n".join([*lines, current])


def _margins(line: str, columns: int) -> tuple[str, str]:
    """What the first line begins with, and the others."""
    label = _LABEL.match(line)
    if label is not None and label.end() <= columns // 2:
        return label.group(), " " * label.end()
    spaces = line[: len(line) - len(line.lstrip(" "))]
    return spaces, spaces + " " * _DEEPER
