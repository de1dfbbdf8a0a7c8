"""From loose JSON to types: each function takes one value and says where it stood if it is wrong.

A refusal names the file, the JSON path, what was found and what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from coldlever.shared.errors import InputRefused
from coldlever.shared.printable import printable, quoted
from coldlever.shared.reading.strict_json import JsonValue, NotInteger

U32_MAX = 2**32 - 1
# Above 2^53-1 a JavaScript tool on the way would round the number and change the hash.
SAFE_INTEGER_MAX = 2**53 - 1

_LOWER_HEX = re.compile(r"0x(?:[0-9a-f]{2})*")

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a document.

    Args:
        source: file name, "stdin" or "QR code".
        path: JSON path, ``$`` for the whole document.
    """

    source: str
    path: str = "$"

    def key(self, name: str) -> Where:
        """The member ``name`` of the object here."""
        return Where(self.source, f"{self.path}.{name}")

    def index(self, position: int) -> Where:
        """The element at ``position`` of the array here, counted from 0."""
        return Where(self.source, f"{self.path}[{position}]")

    def spread(self, items: Sequence[Item], *, is_batch: bool) -> list[tuple[Item, Where]]:
        """What a document holds, each with its place.

        Args:
            items: all elements of the array here, or the one item that stands here.
            is_batch: whether it is an array.
        """
        places = [self.index(position) for position in range(len(items))] if is_batch else [self]
        return list(zip(items, places, strict=True))

    def refusal(
        self, code: str, found: str, expected: str, remedy: str | None = None
    ) -> InputRefused:
        """An error that names this place."""
        return InputRefused(
            code,
            f"{printable(self.source)}: {self.path}: found {found}, expected {expected}",
            remedy,
        )

    def __str__(self) -> str:
        return f"{printable(self.source)}: {self.path}"


def describe(value: object) -> str:
    """Say in a few words what ``value`` is, safe to print."""
    match value:
        case None:
            words = "null"
        case bool():
            words = "true" if value else "false"
        case NotInteger(text):
            words = f"the number {printable(text, limit=40)}"
        case int():
            words = f"the integer {value}"
        case str():
            words = f"the string {quoted(value, limit=60)}"
        case list():
            words = f"an array of {len(value)}"
        case _:
            words = "an object"
    return words


def as_object(
    value: JsonValue, where: Where, required: Collection[str], optional: Collection[str] = ()
) -> dict[str, JsonValue]:
    """An object with all ``required`` keys and no others than ``required`` and ``optional``."""
    if not isinstance(value, dict):
        raise where.refusal("wrong-type", describe(value), "an object")
    for key in value:
        if key not in required and key not in optional:
            known = ", ".join([*required, *optional])
            raise where.refusal("unknown-key", f"the key {quoted(key, limit=60)}", f"only {known}")
    for key in required:
        if key not in value:
            raise where.refusal("missing-key", f'no key "{key}"', f'"{key}"')
    return value


def elements(value: JsonValue, where: Where) -> Iterator[tuple[JsonValue, Where]]:
    """The elements of an array, each with its place."""
    if not isinstance(value, list):
        raise where.refusal("wrong-type", describe(value), "an array")
    for index, element in enumerate(value):
        yield element, where.index(index)


def as_integer(value: JsonValue, where: Where, minimum: int, maximum: int) -> int:
    """An integer from ``minimum`` to ``maximum``; 10.0, 1e1, "10" and true are none."""
    expected = f"an integer from {minimum} to {maximum}"
    if isinstance(value, bool) or not isinstance(value, int):
        raise where.refusal("wrong-type", describe(value), expected)
    if not minimum <= value <= maximum:
        raise where.refusal("out-of-range", describe(value), expected)
    return value


def as_boolean(value: JsonValue, where: Where) -> bool:
    """``true`` or ``false``."""
    if not isinstance(value, bool):
        raise where.refusal("wrong-type", describe(value), "true or false")
    return value


def as_string(value: JsonValue, where: Where, max_length: int, expected: str = "a string") -> str:
    """A string of at most ``max_length`` characters."""
    if not isinstance(value, str):
        raise where.refusal("wrong-type", describe(value), expected)
    if len(value) > max_length:
        raise where.refusal("too-long", f"{len(value)} characters", f"at most {max_length}")
    return value


def as_choice(value: JsonValue, where: Where, choices: Collection[str]) -> str:
    """One of a few words."""
    if isinstance(value, str) and value in choices:
        return value
    quoted = " or ".join(f'"{choice}"' for choice in choices)
    if not isinstance(value, str):
        raise where.refusal("wrong-type", describe(value), quoted)
    raise where.refusal("unknown-value", describe(value), quoted)


def as_bytes(value: JsonValue, where: Where, size: int) -> bytes:
    """``size`` bytes, written as 0x and lower-case digits."""
    expected = f"0x and {2 * size} lower-case hexadecimal digits"
    if not isinstance(value, str):
        raise where.refusal("wrong-type", describe(value), expected)
    if _LOWER_HEX.fullmatch(value) is None or len(value) != 2 + 2 * size:
        raise where.refusal("bad-hex", describe(value), expected)
    return bytes.fromhex(value[2:])
