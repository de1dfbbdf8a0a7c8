"""JSON loading without surprises.

The standard parser is lenient where money is at stake: it keeps the last of two equal keys, takes
NaN, turns 1e1 into a float and recurses until the stack ends. This module bounds size and depth
first, then refuses what RFC 8259 leaves open.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from coldlever.shared.errors import InputRefused
from coldlever.shared.printable import printable, quoted

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
# 2^64 has 20 digits; nothing here needs more, and Python's own int() is quadratic in the length.
_MAX_INTEGER_DIGITS = 20

# Everything but the brackets outside strings. A string that is never closed is swallowed to its end
# and no quantifier gives anything back, so the time stays linear whatever the bytes are.
_NO_BRACKETS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[^"\[\]{}]++', re.DOTALL)
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))
_OPENING = b"[{"
# Half a pair can only come from an escape: the bytes are strict UTF-8.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
_PATH_MAX_LENGTH = 300


@dataclass(frozen=True, slots=True)
class NotInteger:
    """A number that is valid JSON but no integer of ours: a fraction, an exponent, -0, too long."""

    text: str


@dataclass(frozen=True, slots=True)
class _DuplicateKey:
    key: str


JsonValue = (
    dict[str, "JsonValue"] | list["JsonValue"] | str | int | bool | NotInteger | None
)  # _DuplicateKey never leaves this module
_Steps = tuple[str | int, ...]


def loads(data: bytes, source: str) -> JsonValue:
    """Parse one JSON document.

    Args:
        data: the whole document, UTF-8 without a byte order mark, at most 1 MiB and 32 levels.
        source: its file name (or "stdin", "QR"), for the error message.

    Returns:
        Dictionaries, lists, strings, integers, booleans, None, and `NotInteger` for other numbers.

    Raises:
        InputRefused: ``json-too-large``, ``json-too-deep``, ``json-not-utf8``,
            ``json-duplicate-key`` or ``json-malformed``.
    """
    name = printable(source)
    text = _decode(data, name)
    _refuse_depth(data, name)
    try:
        return _parse(text, name)
    except json.JSONDecodeError as error:
        raise InputRefused(
            "json-malformed",
            f"{name}: not JSON: {error.msg} (line {error.lineno}, column {error.colno})",
        ) from None
    except _ConstantFound as found:
        raise InputRefused(
            "json-malformed", f"{name}: not JSON: found {found.name}, which JSON does not have"
        ) from None


def _parse(text: str, name: str) -> JsonValue:
    if _SURROGATE.search(text) is None:
        with contextlib.suppress(_KeyTwice):
            return _PLAIN.decode(text)  # type: ignore[no-any-return]
    # Only now is it worth the time to look at every member, for the place of what is wrong.
    value = _MARKING.decode(text)
    _refuse_markers(value, name)
    return value  # type: ignore[no-any-return]


def _decode(data: bytes, name: str) -> str:
    if len(data) > MAX_BYTES:
        raise InputRefused(
            "json-too-large",
            f"{name}: found {len(data)} bytes, expected at most {MAX_BYTES} (1 MiB)",
            "split the batch into several files",
        )
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise InputRefused(
            "json-not-utf8",
            f"{name}: found a byte order mark, expected UTF-8 without one",
            "save the file as UTF-8 without BOM",
        )
    try:
        return data.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise InputRefused(
            "json-not-utf8",
            f"{name}: byte {error.start} is not UTF-8 ({error.reason})",
            "save the file as UTF-8",
        ) from None


def _refuse_depth(data: bytes, name: str) -> None:
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in _brackets(data):
        depth += 1 if bracket in _OPENING else -1
        if depth > MAX_DEPTH:
            raise InputRefused("json-too-deep", f"{name}: nested deeper than {MAX_DEPTH} levels")


def _brackets(data: bytes) -> bytes:
    """The brackets outside strings."""
    if b"\\" in data:
        return _NO_BRACKETS.sub(b"", data)
    # Nothing is escaped, so every other piece between quotes is a string. The same, much faster.
    return b"".join(data.split(b'"')[::2]).translate(None, _NO_BRACKET)


def _refuse_markers(value: object, name: str, steps: _Steps = ()) -> None:
    """Find what the decoder only marked, because there it did not know the path yet.

    The path becomes text only for a refusal: as text beside each of a million numbers it could
    fill the memory.
    """
    if isinstance(value, str):
        _refuse_surrogates(value, name, steps)
    elif isinstance(value, _DuplicateKey):
        raise InputRefused(
            "json-duplicate-key",
            f"{name}: {_path(steps)}: found the key {quoted(value.key, limit=60)} twice, "
            "expected each key once",
        )
    elif isinstance(value, dict):
        for key, child in value.items():
            _refuse_surrogates(key, name, steps)
            _refuse_markers(child, name, (*steps, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            _refuse_markers(child, name, (*steps, index))


def _path(steps: _Steps) -> str:
    """The JSON path, foreign keys in quotes and the whole of it cut where it gets long."""
    path = "$"
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            path += f".{step}"
        else:
            path += f"[{quoted(step, limit=60)}]"
    return path if len(path) <= _PATH_MAX_LENGTH else path[:_PATH_MAX_LENGTH] + "..."


def _refuse_surrogates(text: str, name: str, steps: _Steps) -> None:
    if text.isascii():
        return
    try:
        text.encode("utf-8", "strict")
    except UnicodeEncodeError:
        raise InputRefused(
            "json-malformed",
            f"{name}: {_path(steps)}: found half of a surrogate pair, expected whole characters",
        ) from None


class _KeyTwice(Exception):
    """An object has a key twice; which and where, the marking decoder finds out."""


class _ConstantFound(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def _constant(name: str) -> NoReturn:
    raise _ConstantFound(name)


def _integer(text: str) -> int | NotInteger:
    if len(text) > _MAX_INTEGER_DIGITS or text == "-0":
        return NotInteger(text)
    return int(text)


def _plain_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _KeyTwice
    return result


def _marked_object(pairs: list[tuple[str, object]]) -> dict[str, object] | _DuplicateKey:
    result: dict[str, object] = {}
    for key, value in pairs:
        if key in result:
            return _DuplicateKey(key)
        result[key] = value
    return result


def _decoder(make_object: Callable[[list[tuple[str, object]]], object]) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=make_object,
        parse_float=NotInteger,
        parse_int=_integer,
        parse_constant=_constant,
        strict=True,
    )


_PLAIN = _decoder(_plain_object)
_MARKING = _decoder(_marked_object)
