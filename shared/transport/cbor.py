"""Strict deterministic CBOR (RFC 8949, section 4.2) over cbor2.

Only integers of 64 bits, byte strings, text, arrays, maps with integer keys, true and false. What
is read must be the one encoding that would be written: shortest integers, sorted keys, definite
lengths, nothing behind the end.
"""

from __future__ import annotations

import cbor2

from shared.errors import InputRefused, UsageRefused
from shared.printable import printable

MAX_BYTES = 1 << 20
MAX_DEPTH = 16
_U64_MAX = 2**64 - 1

CborValue = dict[int, "CborValue"] | list["CborValue"] | bytes | str | int | bool


def dumps(value: CborValue) -> bytes:
    """The deterministic encoding.

    Raises:
        UsageRefused: ``text-not-unicode`` for half a surrogate pair.
        InputRefused: ``cbor-too-large``.
    """
    try:
        data = cbor2.dumps(value, canonical=True)
    except UnicodeEncodeError:
        raise UsageRefused("text-not-unicode", "a text holds half a surrogate pair") from None
    if len(data) > MAX_BYTES:
        raise _too_large(len(data), "message")
    return data


def loads(data: bytes, source: str) -> CborValue:
    """Read one item.

    Args:
        data: the whole item, foreign.
        source: what error messages call it.

    Raises:
        InputRefused: ``cbor-too-large``, ``cbor-malformed`` or ``cbor-not-canonical``.
    """
    if len(data) > MAX_BYTES:
        raise _too_large(len(data), source)
    try:
        value: object = cbor2.loads(
            data,
            max_depth=MAX_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            semantic_decoders={},
        )
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError, MemoryError):
        raise _malformed(source, "no CBOR, or not all of it") from None
    checked = _check(value, source)
    if dumps(checked) != data:
        raise InputRefused(
            "cbor-not-canonical",
            f"{source}: found another encoding than the deterministic one, or bytes behind its end",
            "have it encoded again by coldlever",
        )
    return checked


def describe_value(value: CborValue) -> str:
    """Say in a few words what ``value`` is, safe to print."""
    match value:
        case bool():
            words = "true" if value else "false"
        case int():
            words = f"the integer {value}"
        case bytes():
            words = f"{len(value)} bytes"
        case str():
            words = f'the text "{printable(value, limit=60)}"'
        case list():
            words = f"an array of {len(value)}"
        case _:
            words = "a map"
    return words


def _check(value: object, source: str) -> CborValue:
    """Let through only the types that our messages use."""
    match value:
        case bool() | bytes() | str():
            return value
        case int():
            if not -_U64_MAX - 1 <= value <= _U64_MAX:
                raise _malformed(source, "an integer beyond 64 bits")
            return value
        case list():
            return [_check(item, source) for item in value]
        case dict():
            return {_key(key, source): _check(item, source) for key, item in value.items()}
    raise _malformed(source, f"an item that no message has ({type(value).__name__})")


def _key(key: object, source: str) -> int:
    if isinstance(key, bool) or not isinstance(key, int) or not 0 <= key <= _U64_MAX:
        raise _malformed(source, "a map key that is no number")
    return key


def _malformed(source: str, found: str) -> InputRefused:
    return InputRefused(
        "cbor-malformed", f"{source}: found {found}, expected a message", "scan it again"
    )


def _too_large(size: int, source: str) -> InputRefused:
    return InputRefused(
        "cbor-too-large", f"{source}: found {size} bytes, expected at most {MAX_BYTES}"
    )
