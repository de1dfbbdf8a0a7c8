"""Bytes as JSON spells them: 0x and lower-case digits."""

from __future__ import annotations


def to_0x(raw: bytes) -> str:
    """What `coldlever.shared.reading.fields.as_bytes` reads back."""
    return "0x" + raw.hex()
