"""Reading: JSON from the bytes of a request to plain values, as the exchange takes it.

It shares nothing with the strict reader of `shared`, so that a mistake there is not repeated here.

Observed (testnet, 2026-09): bytes that are no JSON are HTTP 400; JSON of another form is HTTP 422;
bytes after the first complete value are ignored; a known key given twice is HTTP 422; addresses
come in any case, with or without ``0x``. Guesses: where an unknown key comes twice (here 422), and
what deep nesting and overlong numbers do (here 400).
"""

from __future__ import annotations

import json
import re
from typing import ClassVar, Final

from coldlever.shared.action import Address

U32_MAX: Final = 2**32 - 1
U64_MAX: Final = 2**64 - 1
I64_MAX: Final = 2**63 - 1

_ADDRESS = re.compile(r"(?:0x)?([0-9a-fA-F]{40})")
_HEX_INTEGER = re.compile(r"0x[0-9a-fA-F]{1,64}")
_BLANKS = re.compile(r"[ \t\r\n]*")


class Malformed(Exception):
    """The body does not have the form the exchange reads: HTTP 422 (observed)."""

    words: ClassVar[str] = "Failed to deserialize the JSON body into the target type"


class NotJson(Malformed):
    """The body does not begin with a JSON value: HTTP 400 (observed)."""

    words: ClassVar[str] = "Failed to parse the request body as JSON"


def load(body: bytes) -> object:
    """The first JSON value of ``body``; what follows it does not count.

    Raises:
        NotJson: there is none.
        Malformed: a key given twice.
    """
    text = _text(body)
    blanks = _BLANKS.match(text)
    start = 0 if blanks is None else blanks.end()
    try:
        value: object
        value, _end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        raise NotJson from None
    return value


def load_object(body: bytes) -> dict[str, object]:
    """Read a JSON object; errors as `load`, and `Malformed` for any other value."""
    return an_object(load(body))


def an_object(value: object) -> dict[str, object]:
    """A JSON object.

    Raises:
        Malformed: anything else.
    """
    if not isinstance(value, dict):
        raise Malformed
    return value


def a_list(value: object) -> list[object]:
    """A JSON array.

    Raises:
        Malformed: anything else.
    """
    if not isinstance(value, list):
        raise Malformed
    return value


def only(fields: dict[str, object], *known: str) -> dict[str, object]:
    """``fields``, when no other keys than the known ones are in it.

    Raises:
        Malformed: an unknown key. Observed for the body of ``/exchange`` and its action.
    """
    if not fields.keys() <= set(known):
        raise Malformed
    return fields


def read_address(value: object) -> Address:
    """An address.

    Raises:
        Malformed: not 40 digits, with or without 0x.
    """
    found = _ADDRESS.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Malformed
    return Address(bytes.fromhex(found[1]))


def read_string(value: object) -> str:
    """A string.

    Raises:
        Malformed: anything else.
    """
    if not isinstance(value, str):
        raise Malformed
    return value


def read_integer(value: object, minimum: int, maximum: int) -> int:
    """A whole number within bounds.

    Raises:
        Malformed: anything else, such as 3.0.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
        raise Malformed
    return value


def read_boolean(value: object) -> bool:
    """True or false.

    Raises:
        Malformed: anything else.
    """
    if not isinstance(value, bool):
        raise Malformed
    return value


def read_hex_integer(value: object) -> int:
    """A number of up to 256 bits as 0x and 1 to 64 digits.

    Raises:
        Malformed: anything else.
    """
    if not isinstance(value, str) or _HEX_INTEGER.fullmatch(value) is None:
        raise Malformed
    return int(value, 16)


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        # The first value may well end before the bytes that are no text.
        return body[: error.start].decode("utf-8")


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Malformed
    return fields


def _no_constant(_: str) -> object:
    # NaN and Infinity are Python's own additions to JSON.
    raise ValueError


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_without_twins, parse_constant=_no_constant)
