"""Names for the QR codes of others, so that a person sees which wrong code was scanned."""

from __future__ import annotations

import re

from coldlever.shared.printable import printable

# Enough to recognise what was scanned, not enough to spell a seed phrase onto the screen.
_SHOWN_LETTERS = 16

# Of BIP-39 in Latin letters, 3 to 8 each, and some shorter ones of other lists.
_WORDS = "[a-zA-Z]{2,12}"
# 12 to 24 words of four digits each, as SeedSigner and its kin draw them.
_SEED_DIGITS = r"(\d{48}|\d{60}|\d{72}|\d{84}|\d{96})\Z"

# What it is, and whether its beginning may be shown: some of these carry secrets.
_KINDS = (
    (re.compile(r"https?://", re.IGNORECASE), "a web address", True),
    (re.compile(r"(bitcoin|ethereum|lightning):|lnbc", re.IGNORECASE), "a payment request", True),
    (re.compile(r"0x[0-9a-fA-F]{40}\Z"), "an account's address", True),
    (re.compile(r"wc:", re.IGNORECASE), "an invitation to WalletConnect", False),
    (re.compile(r"otpauth(-migration)?:", re.IGNORECASE), "a one-time password's secret", False),
    (re.compile(r"wifi:", re.IGNORECASE), "the password of a wireless network", False),
    (re.compile(r"begin:vcard|mecard:", re.IGNORECASE), "a contact", False),
    (
        re.compile(rf"\s*{_WORDS}(\s+{_WORDS}){{11,32}}\s*\Z"),
        "words like those of a seed phrase",
        False,
    ),
    (re.compile(_SEED_DIGITS), "digits like those of a seed phrase", False),
    (re.compile(r"(0x)?[0-9a-fA-F]{64}\Z"), "something like a private key", False),
    (re.compile(r"[xyztuv]prv[1-9A-HJ-NP-Za-km-z]{20,}"), "an extended private key", False),
    (re.compile(r"B\$[0-9A-Z]{6}"), "a frame of a BBQr animation", False),
    (re.compile(r"p[0-9]+of[0-9]+ "), "a frame of a Specter animation", False),
)
_TYPED_DATA = re.compile(r"\"primaryType\"\s*:")


def name_of(text: str) -> str:
    """Say what a code is that is neither a UR nor a JSON document.

    Args:
        text: what the code says: anything.

    Returns:
        Printable words with an article, and of the text at most 16 characters.
    """
    text = text.strip()
    beginning = f'("{printable(text, _SHOWN_LETTERS)}")'
    for pattern, name, shown in _KINDS:
        if pattern.match(text):
            return f"{name} {beginning}" if shown else name
    return f"neither a UR nor a JSON document {beginning}"


def name_of_json(text: str) -> str | None:
    """Say what a JSON document is that another program wants signed; None where it is not one.

    EIP-712 is what wallets sign. Only what coldlever rebuilds from its own documents is signed
    here, so such a document is never one of ours, and nothing of it is shown.
    """
    begins = text.find("{")
    if begins >= 0 and _TYPED_DATA.search(text, begins):
        return "an EIP-712 document of another program, which coldlever does not sign"
    return None
