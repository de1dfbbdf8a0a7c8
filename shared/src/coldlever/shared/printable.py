"""Foreign text made safe to show.

A note, a coin's name or an exchange's answer may carry control characters, terminal escapes,
right-to-left overrides or letters that look like others. On the screen that decides about money
only printable ASCII appears as itself; everything else is written as its code point.
"""

from __future__ import annotations

import re

DEFAULT_LIMIT = 200
_QUOTE = "\\u{0022}"
_SPACE = "\\\\u{0020}"  # as a replacement of `re.sub`, where a backslash is doubled
_MORE_SPACE = re.compile("(?<= ) ")


def printable(text: str, limit: int = DEFAULT_LIMIT) -> str:
    """Escape ``text`` for a terminal.

    Args:
        text: anything, lone surrogates included.
        limit: characters of ``text`` shown at the most; the rest is counted, not shown.

    Returns:
        Printable ASCII on one line. A backslash is doubled, so that an escape cannot be forged.
    """
    return _escape_all(text[:limit]) + _hidden(text, limit)


def quoted(text: str, limit: int = DEFAULT_LIMIT) -> str:
    """Escape ``text`` as `printable` does and put it in quotes that it cannot end.

    Of several spaces in a row only the first stays a space: a long line that the terminal wraps
    cannot be padded until its rest looks like a line of ours.
    """
    shown = _escape_all(text[:limit]).replace('"', _QUOTE)
    return f'"{_MORE_SPACE.sub(_SPACE, shown)}"{_hidden(text, limit)}'


def _hidden(text: str, limit: int) -> str:
    more = len(text) - limit
    return f"... ({more} more characters)" if more > 0 else ""


def _escape_all(text: str) -> str:
    return "".join(_escape(character) for character in text)


def _escape(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if " " <= character <= "~":
        return character
    return f"\\u{{{ord(character):04x}}}"
