"""A secret on the command line: refused without being repeated on the screen or in a log.

It happens where a file's name belongs, and the ordinary answer, that there is no file of that name,
would print the secret once more.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator, Sequence

from coldlever.shared.errors import UsageRefused

_PRIVATE_KEY = re.compile(r"(?:0[xX])?[0-9a-fA-F]{64}")
_FEWEST_WORDS = 12


def require_no_secret(arguments: Sequence[str]) -> None:
    """Refuse a private key or a mnemonic among the arguments, unless files have these names.

    Raises:
        UsageRefused: ``secret-exposed``; the message holds no part of it.
    """
    values = list(_values(arguments))
    if any(_PRIVATE_KEY.fullmatch(value.strip()) and not _exists(value) for value in values):
        raise _exposed("a private key")
    if any(_is_mnemonic(value.split()) and not _exists(value) for value in values):
        raise _exposed("a mnemonic")
    for are_words, run in itertools.groupby(arguments, _is_word):
        words = list(run)
        if are_words and _is_mnemonic(words) and not any(map(_exists, words)):
            raise _exposed("a mnemonic")


def _values(arguments: Sequence[str]) -> Iterator[str]:
    """The arguments, and behind ``--option=`` the value alone."""
    for argument in arguments:
        option, sign, value = argument.partition("=")
        yield value if sign and option.startswith("-") else argument


def _is_mnemonic(words: Sequence[str]) -> bool:
    return len(words) >= _FEWEST_WORDS and all(map(_is_word, words))


def _is_word(text: str) -> bool:
    # Word lists of all languages, letters with their accents apart included.
    return text.replace("\u0301", "").replace("\u0303", "").isalpha() and text == text.lower()


def _exists(name: str) -> bool:
    try:
        return os.path.lexists(name)
    except ValueError:
        return False


def _exposed(what: str) -> UsageRefused:
    return UsageRefused(
        "secret-exposed",
        f"an argument looks like {what}; it is not repeated here, but other programs can read "
        "command lines, and shells keep them",
        "take this key out of use; secrets are asked for, or come from a file or a descriptor "
        "such as fd:3",
    )
