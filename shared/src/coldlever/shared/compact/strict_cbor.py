"""Strict deterministic CBOR (RFC 8949, section 4.2) over cbor2.

Only integers of 64 bits, byte strings, text, arrays, maps with integer keys, true and false. What
is read must be the one encoding that would be written: shortest integers, sorted keys, definite
lengths, nothing behind the end.

Before cbor2 sees foreign bytes, a scan bounds their depth and holds every declared length against
the bytes that are there, so that no head makes it allocate and no tag is carried out.
"""

from __future__ import annotations

from dataclasses import dataclass

import cbor2

from coldlever.shared.errors import InputRefused, UsageRefused
from coldlever.shared.printable import printable
from coldlever.shared.reading import describe

# The costliest bytes, an array of empty arrays, become less than 20 MB of objects.
MAX_BYTES = 1 << 18
MAX_DEPTH = 16

_UNSIGNED = 0
_NEGATIVE = 1
_BYTES = 2
_TEXT = 3
_MAP = 5
_TAG = 6
_SIMPLE = 7
_FALSE = 0xF4
_TRUE = 0xF5
# The low five bits of a head are the number itself, or say how many bytes of it follow.
_FIRST_WIDTH = 24
_FIRST_RESERVED = 28
_INDEFINITE = 31

CborValue = dict[int, "CborValue"] | list["CborValue"] | bytes | str | int | bool


def dumps(value: CborValue) -> bytes:
    """The deterministic encoding.

    Raises:
        UsageRefused: ``text-not-unicode`` for half a surrogate pair.
        InputRefused: ``cbor-too-large``.
    """
    try:
        data: bytes = cbor2.dumps(value, canonical=True)
    except UnicodeEncodeError:
        raise UsageRefused("text-not-unicode", "a text holds half a surrogate pair") from None
    if len(data) > MAX_BYTES:
        raise _too_large(len(data), "QR")
    return data


def loads(data: bytes, source: str) -> CborValue:
    """Read one item.

    Args:
        data: the whole item, foreign.
        source: what error messages call it.

    Raises:
        InputRefused: ``cbor-too-large``, ``cbor-too-deep``, ``cbor-malformed`` or
            ``cbor-not-canonical``.
    """
    name = printable(source)
    if len(data) > MAX_BYTES:
        raise _too_large(len(data), name)
    _Scan(data, name).run()
    try:
        value: CborValue = cbor2.loads(data)
    except (cbor2.CBORError, ValueError):
        # Types and lengths are known to be right.
        raise _malformed(name, "a text that is not UTF-8") from None
    if dumps(value) != data:
        raise InputRefused(
            "cbor-not-canonical",
            f"{name}: found another encoding than the deterministic one: a number or a length is "
            "longer than needed, or the keys of a map are out of order or doubled",
            "have it encoded again by coldlever",
        )
    return value


def describe_value(value: CborValue) -> str:
    """Say in a few words what ``value`` is, safe to print."""
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, dict):
        return f"a map of {len(value)}"
    return describe(value)


@dataclass(slots=True)
class _Open:
    """An array or a map whose items are still being read."""

    remaining: int
    is_map: bool


class _Scan:
    """One pass over the heads of all items, without building any value."""

    __slots__ = ("_data", "_name", "_open", "_position")

    def __init__(self, data: bytes, name: str) -> None:
        self._data = data
        self._name = name
        self._position = 0
        self._open = [_Open(1, is_map=False)]

    def run(self) -> None:
        """Refuse what no message has, and lengths that the data does not hold."""
        while self._open:
            container = self._open[-1]
            if not container.remaining:
                self._open.pop()
                continue
            is_key = container.is_map and container.remaining % 2 == 0
            container.remaining -= 1
            self._item(is_key=is_key)
        behind = len(self._data) - self._position
        if behind:
            raise _malformed(self._name, f"{behind} bytes behind the end")

    def _item(self, *, is_key: bool) -> None:
        if self._position >= len(self._data):
            raise _malformed(self._name, "an early end")
        head = self._data[self._position]
        major = head >> 5
        if is_key and major != _UNSIGNED:
            raise _malformed(self._name, "a map key that is no integer from 0 on")
        if major == _TAG:
            raise _malformed(self._name, "a tag")
        if major == _SIMPLE:
            if head not in (_FALSE, _TRUE):
                raise _malformed(self._name, "a float, null or a simple value")
            self._position += 1
            return
        argument = self._argument(head & 0x1F)
        if major in (_UNSIGNED, _NEGATIVE):
            return
        left = len(self._data) - self._position
        items = 2 * argument if major == _MAP else argument  # each takes at least one byte
        if items > left:
            raise _malformed(
                self._name, f"{argument} items or bytes declared and {left} bytes left"
            )
        if major in (_BYTES, _TEXT):
            self._position += argument
            return
        if len(self._open) > MAX_DEPTH:
            raise InputRefused(
                "cbor-too-deep", f"{self._name}: the CBOR is nested deeper than {MAX_DEPTH} levels"
            )
        self._open.append(_Open(items, is_map=major == _MAP))

    def _argument(self, low: int) -> int:
        """The number in a head: its low five bits, or 1 to 8 bytes behind them."""
        self._position += 1
        if low < _FIRST_WIDTH:
            return low
        if low == _INDEFINITE:
            raise _malformed(self._name, "an indefinite length")
        if low >= _FIRST_RESERVED:
            raise _malformed(self._name, f"the reserved head {low}")
        start = self._position
        self._position += 1 << (low - _FIRST_WIDTH)
        if self._position > len(self._data):
            raise _malformed(self._name, "an early end")
        return int.from_bytes(self._data[start : self._position], "big")


def _malformed(name: str, found: str) -> InputRefused:
    return InputRefused(
        "cbor-malformed", f"{name}: found {found}, expected a message", "scan it again"
    )


def _too_large(size: int, name: str) -> InputRefused:
    return InputRefused(
        "cbor-too-large", f"{name}: found {size} bytes, expected at most {MAX_BYTES}"
    )
