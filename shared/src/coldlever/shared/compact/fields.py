"""The two forms of a value: as JSON has it, and as CBOR has it in fewer bytes.

A form only translates. Whether a number is in range or a word is allowed here is decided by the
parsers of the JSON form, so that both have the same rules.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from coldlever.shared.action.address import ADDRESS_BYTES
from coldlever.shared.compact.strict_cbor import CborValue, describe_value
from coldlever.shared.errors import InputRefused
from coldlever.shared.reading import JsonValue, Where
from coldlever.shared.reading.hexadecimal import to_0x

_NUMBER_BYTES = 32
SIGNATURE_BYTES = 2 * _NUMBER_BYTES + 1


class Form(Protocol):
    """How values of one kind are translated."""

    def to_cbor(self, value: Any) -> CborValue:
        """From JSON of ours, which is right."""

    def to_json(self, value: CborValue, where: Where) -> JsonValue:
        """From foreign CBOR.

        Raises:
            InputRefused: it is of another type, or means nothing.
        """


@dataclass(frozen=True, slots=True)
class Plain:
    """A number, a boolean or a text: the same in both.

    Args:
        types: Python's types for it.
        expected: words for an error message.
    """

    types: tuple[type[int | bool | str], ...]
    expected: str

    def to_cbor(self, value: Any) -> CborValue:
        """The value itself."""
        plain: CborValue = value
        return plain

    def to_json(self, value: CborValue, where: Where) -> JsonValue:
        """The value itself."""
        if type(value) not in self.types:
            raise _wrong_type(value, where, self.expected)
        return value  # type: ignore[return-value]  # none of the types is bytes or a container


@dataclass(frozen=True, slots=True)
class Packed:
    """Bytes, which JSON spells in hexadecimal digits.

    Args:
        size: bytes.
        expected: words for an error message.
        pack: from JSON to the bytes.
        unpack: from the bytes to JSON.
    """

    size: int
    expected: str
    pack: Callable[[Any], bytes]
    unpack: Callable[[bytes], JsonValue]

    def to_cbor(self, value: Any) -> CborValue:
        """As `size` bytes."""
        return self.pack(value)

    def to_json(self, value: CborValue, where: Where) -> JsonValue:
        """As JSON spells it."""
        if not isinstance(value, bytes) or len(value) != self.size:
            raise _wrong_type(value, where, self.expected)
        return self.unpack(value)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words; CBOR has the word's position, counted from 0.

    Args:
        words: in an order that never changes.
    """

    words: tuple[str, ...]

    def to_cbor(self, value: Any) -> CborValue:
        """The word's number."""
        return self.words.index(value)

    def to_json(self, value: CborValue, where: Where) -> JsonValue:
        """The word."""
        if type(value) is not int or not 0 <= value < len(self.words):
            words = " or ".join(f"{number} ({word})" for number, word in enumerate(self.words))
            raise _wrong_type(value, where, words)
        return self.words[value]


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a record.

    Args:
        number: its key in CBOR, 0 to 23, which takes one byte. Never used again for another one.
        name: its key in JSON.
        form: of its value.
        required: False when it may be left out, or when the rules of JSON decide about that.
    """

    number: int
    name: str
    form: Form
    required: bool = False


class Record:
    """A map with known keys.

    Args:
        name: what it is, as docs/qr-formats.md and the CDDL call it.
        fields: in any order.
    """

    __slots__ = ("_by_number", "fields", "name")

    def __init__(self, name: str, *fields: Field) -> None:
        self.name = name
        self.fields = fields
        self._by_number = {field.number: field for field in fields}

    def to_cbor(self, value: Any) -> CborValue:
        """Without the members that are missing or null."""
        return {
            field.number: field.form.to_cbor(member)
            for field in self.fields
            if (member := value.get(field.name)) is not None
        }

    def to_json(self, value: CborValue, where: Where) -> dict[str, JsonValue]:
        """Without the members that are left out."""
        if not isinstance(value, dict):
            raise _wrong_type(value, where, f"a map: the {self.name}")
        wire: dict[str, JsonValue] = {}
        for number, member in value.items():
            field = self._by_number.get(number)
            if field is None:
                known = ", ".join(str(field.number) for field in self.fields)
                raise where.refusal(
                    "unknown-key", f"the key number {number}", f"only {known} in the {self.name}"
                )
            wire[field.name] = field.form.to_json(member, where.key(field.name))
        for field in self.fields:
            if field.required and field.name not in wire:
                raise where.refusal(
                    "missing-key", f"no key number {field.number}", f'it, for "{field.name}"'
                )
        return wire


@dataclass(frozen=True, slots=True)
class Array:
    """An array of records of one kind.

    Args:
        element: the records.
    """

    element: Record

    def to_cbor(self, value: Any) -> CborValue:
        """Each element in its compact form."""
        return [self.element.to_cbor(element) for element in value]

    def to_json(self, value: CborValue, where: Where) -> list[JsonValue]:
        """Each element as JSON has it."""
        if not isinstance(value, list):
            raise _wrong_type(value, where, f"an array: each element a {self.element.name}")
        return [
            self.element.to_json(element, where.index(index)) for index, element in enumerate(value)
        ]


def _pack_address(value: str) -> bytes:
    return bytes.fromhex(value[2:])


def _pack_signature(value: dict[str, Any]) -> bytes:
    return bytes.fromhex(value["r"][2:] + value["s"][2:]) + bytes((value["v"],))


def _unpack_signature(value: bytes) -> JsonValue:
    return {
        "r": to_0x(value[:_NUMBER_BYTES]),
        "s": to_0x(value[_NUMBER_BYTES : 2 * _NUMBER_BYTES]),
        "v": value[-1],
    }


def _wrong_type(value: CborValue, where: Where, expected: str) -> InputRefused:
    return where.refusal("wrong-type", describe_value(value), expected)


INTEGER = Plain((int,), "an integer")
BOOLEAN = Plain((bool,), "true or false")
TEXT = Plain((str,), "a text")
INTEGER_OR_TEXT = Plain((int, str), "an integer or a text")
ADDRESS = Packed(ADDRESS_BYTES, "an address of 20 bytes", _pack_address, to_0x)
SIGNATURE = Packed(
    SIGNATURE_BYTES, "a signature of 65 bytes: r, s, v", _pack_signature, _unpack_signature
)
