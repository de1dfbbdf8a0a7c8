"""Documents with one long array, read element by element where they outgrow the loader's bound."""

from __future__ import annotations

from collections.abc import Iterator

from coldlever.shared.reading.fields import Where, elements
from coldlever.shared.reading.strict_json import MAX_BYTES, JsonValue, loads

_OPENING = b"[\n"
_CLOSING = b"\n]"
_BETWEEN = b",\n"


def load_long(
    data: bytes, source: str, key: str
) -> tuple[JsonValue, Iterator[tuple[JsonValue, Where]]]:
    """A document and the elements of its array ``key``, each with its place.

    Up to 1 MiB any layout will do. A longer document has one element on each line, the array's
    brackets at the end of the line before and at the begin of the line after; each line, and what
    is left without them, is within the loader's bounds.

    Args:
        data: the whole document.
        source: its name, for error messages.
        key: the member that is the array; it must be there for the elements to be read.

    Returns:
        The document, whose array is empty if it was read line by line, and the elements.

    Raises:
        InputRefused: as `coldlever.shared.reading.strict_json.loads`.
    """
    place = Where(source).key(key)
    layout = _layout(data, key) if len(data) > MAX_BYTES else None
    if layout is None:
        document = loads(data, source)
        found = document.get(key) if isinstance(document, dict) else None
        return document, elements(found, place)
    frame, lines = layout
    rows = (
        (loads(line, f"{source}, row {number}"), place.index(number - 1))
        for number, line in enumerate(lines.split(_BETWEEN), 1)
    )
    return loads(frame, source), rows


def _layout(data: bytes, key: str) -> tuple[bytes, bytes] | None:
    """The document without the array's elements, and the elements.

    No string holds an unescaped line feed, so a bracket beside one stands outside of strings; were
    the last one another array's, the rest would be no document.
    """
    start, end = data.find(_OPENING), data.rfind(_CLOSING)
    if not 0 <= start < end or not data[:start].rstrip().endswith(f'"{key}":'.encode("ascii")):
        return None
    first = start + len(_OPENING)
    return data[:first] + data[end:], data[first:end]
