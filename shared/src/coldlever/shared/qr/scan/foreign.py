"""Names for the QR codes of others, so that a person sees which wrong code was scanned."""

from __future__ import annotations

import re

from coldlever.shared.printable import printable

# Enough to recognise what was scanned, not enough to spell a seed phrase onto the screen.
_SHOWN_LETTERS = 16

# What it is, and whether its beginning may be shown: some of these carry secrets.
_KINDS = (
    (re.compile(r"https?://", re.IGNORECASE), "a web address", True),
    (re.compile(r"(bitcoin|ethereum|lightning):|lnbc", re.IGNORECASE), "a payment request", True),
    (re.compile(r"0x[0-9a-fA-F]{40}\Z"), "an account's address", True),
    (re.compile(r"wc:", re.IGNORECASE), "an invitation to WalletConnect", False),
    (re.compile(r"otpauth(-migration)?:", re.IGNORECASE), "a one-time password's secret", False),
    (re.compile(r"wifi:", re.IGNORECASE), "the password of a wireless network", False),
    (re.compile(r"begin:vcard|mecard:", re.IGNORECASE), "a contact", False),
    (re.compile(r"B\$[0-9A-Z]{6}"), "a frame of a BBQr animation", False),
    (re.compile(r"p[0-9]+of[0-9]+ "), "a frame of a Specter animation", False),
)


def name_of(text: str) -> str:
    """Say what a code is that is neither a UR nor a JSON document.

    Args:
        text: what the code says: anything.

    Returns:
        Printable words with an article, and of the text at most 16 characters.
    """
    beginning = f'("{printable(text, _SHOWN_LETTERS)}")'
    for pattern, name, shown in _KINDS:
        if pattern.match(text):
            return f"{name} {beginning}" if shown else name
    return f"neither a UR nor a JSON document {beginning}"
