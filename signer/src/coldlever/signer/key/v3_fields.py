"""The fields of V3 keystores as other programs write them: keys in any case, 0x or none."""

from __future__ import annotations

import re

from coldlever.shared.printable import quoted
from coldlever.shared.reading import JsonValue, Where, as_string, describe

_HEX = re.compile(r"(?:0x)?([0-9a-fA-F]*)")


def lower_keys(value: JsonValue, where: Where) -> dict[str, JsonValue]:
    """An object with its keys in lower case: some wallets write ``Crypto``."""
    if not isinstance(value, dict):
        raise where.refusal("wrong-type", describe(value), "an object")
    lowered: dict[str, JsonValue] = {}
    for key, item in value.items():
        if key.lower() in lowered:
            raise where.refusal(
                "json-duplicate-key", f"{quoted(key.lower(), limit=60)} twice", "each key once"
            )
        lowered[key.lower()] = item
    return lowered


def hex_digits(value: JsonValue, where: Where, minimum: int, maximum: int) -> str:
    """Hexadecimal digits, with or without 0x; between ``minimum`` and ``maximum`` of them."""
    expected = f"{minimum} to {maximum} hexadecimal digits"
    if minimum == maximum:
        expected = f"{maximum} hexadecimal digits"
    match = _HEX.fullmatch(as_string(value, where, maximum + 2, expected))
    if match is None or not minimum <= len(match[1]) <= maximum:
        raise where.refusal("bad-hex", describe(value), expected)
    return match[1]


def hex_bytes(value: JsonValue, where: Where, minimum: int, maximum: int) -> bytes:
    """Bytes in hexadecimal digits; between ``minimum`` and ``maximum`` of them."""
    digits = hex_digits(value, where, 2 * minimum, 2 * maximum)
    if len(digits) % 2:
        raise where.refusal("bad-hex", describe(value), "an even number of hexadecimal digits")
    return bytes.fromhex(digits)
