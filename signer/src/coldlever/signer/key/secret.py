"""Private keys as people bring them: 64 hexadecimal digits, or a mnemonic with a path.

No message of this module contains any part of a secret.

Source: BIP-39 (mnemonic to seed), BIP-32 and BIP-44 (seed to key), both through eth-account.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from coldlever.shared.action.signature import CURVE_ORDER, SECRET_BYTES
from coldlever.shared.errors import EnvironmentFault, InputRefused, UsageRefused
from coldlever.shared.printable import quoted
from coldlever.signer.key.signing_key import SigningKey

DEFAULT_PATH = "m/44'/60'/0'/0/0"
_WORD_COUNTS = (12, 15, 18, 21, 24)
_MAX_DEPTH = 10
_MAX_INDEX = 2**31 - 1

_PRIVATE_KEY = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")
_PATH = re.compile(r"m(?:/[0-9]{1,10}['hH]?)*")
_DRAWS = 8


def draw_secret(entropy: Callable[[int], bytes]) -> bytes:
    """Draw a new private key.

    Args:
        entropy: returns that many random bytes; `secrets.token_bytes` outside of tests.

    Raises:
        EnvironmentFault: ``no-entropy`` when the source does not give usable bytes.
    """
    for _ in range(_DRAWS):
        secret = entropy(SECRET_BYTES)
        # One draw in 2^128 falls outside; all the same byte means a broken source.
        if 0 < int.from_bytes(secret, "big") < CURVE_ORDER and len(set(secret)) > 1:
            return secret
    raise EnvironmentFault(
        "no-entropy",
        "this machine's random source gives no usable bytes",
        "do not make keys on this machine",
    )


def parse_private_key(text: str) -> bytes:
    """The 32 bytes of a private key written as 64 hexadecimal digits, with or without 0x.

    Raises:
        InputRefused: ``bad-private-key``.
    """
    match = _PRIVATE_KEY.fullmatch(text.strip())
    if match is None:
        raise InputRefused(
            "bad-private-key", "this is not a private key: expected 64 hexadecimal digits"
        )
    secret = bytes.fromhex(match[1])
    SigningKey(secret)
    return secret


def parse_path(text: str) -> str:
    """A derivation path such as ``m/44'/60'/0'/0/0``; h and H may stand for the apostrophe.

    Raises:
        UsageRefused: ``bad-path``.
    """
    steps = text.split("/")[1:]
    if (
        _PATH.fullmatch(text) is None
        or len(steps) > _MAX_DEPTH
        or any(int(step.rstrip("'hH")) > _MAX_INDEX for step in steps)
    ):
        raise UsageRefused(
            "bad-path",
            f"found {quoted(text, limit=60)}, expected a derivation path such as {DEFAULT_PATH}",
        )
    return text.replace("h", "'").replace("H", "'")


def normalise_mnemonic(text: str) -> str:
    """Words in lower case, one space apart, in Unicode form NFKD as BIP-39 wants them."""
    return " ".join(unicodedata.normalize("NFKD", text).lower().split())


def derive_secret(mnemonic: str, passphrase: str, path: str) -> bytes:
    """The 32 bytes of a private key, from a mnemonic.

    Args:
        mnemonic: 12 to 24 words in any of the languages eth-account has lists for.
        passphrase: BIP-39's own passphrase ("25th word"), empty for none.
        path: see `parse_path`.

    Raises:
        InputRefused: ``bad-mnemonic``; the message says what is wrong, and at which word.
        UsageRefused: ``bad-path``.
    """
    steps = parse_path(path)
    words = normalise_mnemonic(mnemonic)
    # Costs 0.4 s, paid where a mnemonic is read.
    from eth_account.hdaccount import key_from_seed  # noqa: PLC0415 - see above
    from eth_account.hdaccount.mnemonic import Mnemonic  # noqa: PLC0415 - see above

    _require_valid(words)
    return bytes(key_from_seed(Mnemonic.to_seed(words, passphrase), steps))


def _require_valid(words: str) -> None:
    from eth_account.hdaccount.mnemonic import Mnemonic  # noqa: PLC0415 - see derive_secret
    from eth_account.types import Language  # noqa: PLC0415 - the same

    parts = words.split(" ")
    if len(parts) not in _WORD_COUNTS:
        raise InputRefused(
            "bad-mnemonic",
            f"a mnemonic has 12, 15, 18, 21 or 24 words, this one has {len(words.split())}",
        )
    # The seed depends on the words alone, so any language that the checksum fits will do. Some
    # lists share words: asking for "the" language would turn valid mnemonics away.
    if any(Mnemonic(language).is_mnemonic_valid(words) for language in Language):
        return
    lists = [frozenset(_decomposed(Mnemonic(language).wordlist)) for language in Language]
    closest = max(lists, key=lambda known: sum(part in known for part in parts))
    unknown = [number for number, part in enumerate(parts, start=1) if part not in closest]
    if unknown:
        raise InputRefused(
            "bad-mnemonic",
            "not in the word list: word " + ", ".join(str(number) for number in unknown),
            "compare these words with the paper, letter by letter",
        )
    raise InputRefused(
        "bad-mnemonic",
        "every word is in the list, but the checksum does not fit",
        "two words may have changed places, or one is another word of the list",
    )


def _decomposed(words: list[str]) -> list[str]:
    return [unicodedata.normalize("NFKD", word) for word in words]
