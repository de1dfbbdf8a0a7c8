"""Foreign text made safe to show.

A note, a coin's name or an exchange's answer may carry control characters, terminal escapes,
right-to-left overrides or letters that look like others. On the screen that decides about money
only printable ASCII appears as itself; everything else is written as its code point.
"""

from __future__ import annotations

DEFAULT_LIMIT = 200


def printable(text: str, limit: int = DEFAULT_LIMIT) -> str:
    """Escape ``text`` for a terminal.

    Args:
        text: anything, lone surrogates included.
        limit: characters of ``text`` shown at the most; the rest is counted, not shown.

    Returns:
        Printable ASCII on one line. A backslash is doubled, so that an escape cannot be forged.
    """
    shown = "".join(_escape(character) for character in text[:limit])
    hidden = len(text) - limit
    return f"{shown}... ({hidden} more characters)" if hidden > 0 else shown


def _escape(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if " " <= character <= "~":
        return character
    return f"\\u{{{ord(character):04x}}}"
