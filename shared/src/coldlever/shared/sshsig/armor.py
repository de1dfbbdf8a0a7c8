"""Signatures as text: base64 between two lines, as ``ssh-keygen -Y sign`` writes them."""

from __future__ import annotations

import base64
import binascii
import re

from coldlever.shared.sshsig.fields import invalid

BEGIN = "-----BEGIN SSH SIGNATURE-----"
_END = "-----END SSH SIGNATURE-----"
_COLUMNS = 70
_TEXT = re.compile(
    rf"{BEGIN}\n((?:[A-Za-z0-9+/]{{1,76}}\n)*[A-Za-z0-9+/]{{1,76}}={{0,2}}\n){_END}\n?"
)
_MAX_TEXT = 4096


def enarmor(blob: bytes) -> str:
    """The text of a signature, with a final newline."""
    text = base64.b64encode(blob).decode("ascii")
    lines = [text[first : first + _COLUMNS] for first in range(0, len(text), _COLUMNS)]
    return "\n".join((BEGIN, *lines, _END, ""))


def dearmor(text: str) -> bytes:
    """The bytes of a signature's text.

    Raises:
        RuleRefused: ``approval-invalid`` for anything before or after it, other line ends, or
            base64 that is not canonical.
    """
    match = _TEXT.fullmatch(text) if len(text) <= _MAX_TEXT else None
    if match is None:
        raise invalid("its text is damaged, or something stands before or after it")
    joined = match[1].replace("\n", "")
    try:
        blob = base64.b64decode(joined, validate=True)
    except binascii.Error:
        raise invalid("its base64 is damaged") from None
    if base64.b64encode(blob).decode("ascii") != joined:
        raise invalid("its base64 is not canonical")
    return blob
