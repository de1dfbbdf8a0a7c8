"""Passphrases: one spelling for all keyboards, and a floor under new ones.

Whoever steals a keystore file guesses offline for as long as they like; scrypt makes a guess cost
about a second, and the passphrase has to do the rest. The rules are few and each is said in words
(NIST SP 800-63B asks for length and a list of common choices, and against composition rules). What
they let through must get zxcvbn's best mark as well, which knows names, dates and many more common
words than the list here; that list in turn knows what zxcvbn does not, such as this program's name.
"""

from __future__ import annotations

import itertools
import re
import unicodedata

from coldlever.shared.errors import RuleRefused

MIN_LENGTH = 12
_MIN_DISTINCT = 6
# Characters that neither continue a sequence nor belong to one of the commonest choices.
_MIN_UNEXPECTED = 8
_MARKED_LENGTH = 72
_BEST_MARK = 4
RULES = (
    f"At least {MIN_LENGTH} characters, and hard to guess: names, dates, common words and keyboard "
    "rows hardly count. Five or more words drawn by dice are good."
)

_SEQUENCES = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1q2w3e4r5t6z7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "!@#$%^&*()",
)
_NEIGHBOURS = frozenset(
    pair
    for row in _SEQUENCES
    for first, second in itertools.pairwise(row)
    for pair in (first + second, second + first)
)
# What people choose most, and what an attacker who knows the program tries first; longer words go
# before those they begin with.
_COMMON = re.compile(
    "correcthorsebatterystaple|hyperliquid|coldwallet|passphrase|coldlever|baseball|changeme|"
    "computer|ethereum|football|iloveyou|internet|keystore|leverage|nakamoto|password|passwort|"
    "princess|starwars|sunshine|superman|test1234|trustno1|whatever|battery|bitcoin|charlie|"
    "correct|default|freedom|jessica|letmein|mainnet|michael|mustang|private|satoshi|testnet|"
    "thunder|welcome|access|autumn|batman|cheese|cookie|crypto|dragon|flower|ginger|hockey|"
    "hunter|jordan|killer|ledger|maggie|master|monkey|pepper|please|secret|shadow|soccer|"
    "spring|staple|summer|trezor|wallet|winter|admin|hello|horse|login|money|ninja|world|love|"
    "pass|root|test|user|word"
)
_LOOKALIKES = str.maketrans("013457@$!", "oleastasi")
_PLACEHOLDER = "\0"


def normalise(text: str) -> str:
    """The one spelling that gets hashed: Unicode normalisation form C.

    A keyboard may send an accented letter as one character, another as letter plus accent.
    """
    return unicodedata.normalize("NFC", text)


def spellings(text: str) -> tuple[str, ...]:
    """What to try when a keystore is opened: form C, then the text as it was typed.

    Other programs do not normalise, so a keystore of theirs may want the raw form.
    """
    normal = normalise(text)
    return (normal,) if normal == text else (normal, text)


def require_strong(text: str) -> None:
    """Refuse a passphrase for a new keystore that would be guessed early.

    Args:
        text: the passphrase, normalised.

    Raises:
        RuleRefused: ``weak-passphrase``; the message gives the reason, never the passphrase.
    """
    reason = weakness(text)
    if reason is not None:
        raise RuleRefused(
            "weak-passphrase",
            f"this passphrase is too weak: {reason}",
            "take five or more words drawn by dice, or let a password manager make one",
        )


def weakness(text: str) -> str | None:
    """Why a passphrase is weak, in words; None when it is not."""
    if any(unicodedata.category(character) == "Cc" for character in text):
        return "it holds a control character, which not every keyboard can type"
    if len(text) < MIN_LENGTH:
        return f"it has {len(text)} characters, at least {MIN_LENGTH} are needed"
    kinds = len(set(text))
    if kinds < _MIN_DISTINCT:
        return f"it uses {kinds} different characters, at least {_MIN_DISTINCT} are needed"
    if _period(text) < MIN_LENGTH:
        return "it repeats one short piece"
    return _predictability(text.casefold()) or _guessability(text)


def _guessability(text: str) -> str | None:
    # 13 MB and 40 ms, paid where a passphrase is chosen.
    from zxcvbn import zxcvbn  # noqa: PLC0415 - see above

    # It takes no more than 72 characters: its time grows faster than their number.
    mark = zxcvbn(text[:_MARKED_LENGTH])["score"]
    if mark < _BEST_MARK:
        return (
            "names, dates, common words or sequences make up too much of it (zxcvbn marks it "
            f"{mark} of {_BEST_MARK})"
        )
    return None


def _predictability(text: str) -> str | None:
    rest = _without_common(text)
    if _unexpected(rest) >= _MIN_UNEXPECTED:
        return None
    if rest != text:
        return "little is left of it without the commonest words and sequences"
    return "it is mostly a sequence from the alphabet, the digits or the keyboard"


def _period(text: str) -> int:
    """The length of the shortest piece whose repetition gives ``text``."""
    return (text + text).index(text, 1)


def _unexpected(text: str) -> int:
    """How many characters do not follow from the one before."""
    return 1 + sum(
        before != after and before + after not in _NEIGHBOURS
        for before, after in itertools.pairwise(text)
    )


def _without_common(text: str) -> str:
    """``text`` with each common word shrunk to one placeholder, p4$$w0rd spellings included."""
    common = [False] * len(text)
    for spelling in (text, text.translate(_LOOKALIKES)):
        for match in _COMMON.finditer(spelling):
            common[match.start() : match.end()] = [True] * len(match[0])
    return "".join(
        _PLACEHOLDER if hidden else character
        for index, (character, hidden) in enumerate(zip(text, common, strict=True))
        if not (hidden and index and common[index - 1])
    )
