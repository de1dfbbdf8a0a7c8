"""A ledger as a document: one JSON object a line, so that a long one needs no memory.

The first line names the format and the heads of the ledger's audit chain and of those that it has
taken over; then come the payloads in the order of their last change, the
attempts in the order of sending, and the nonces given to drafts; the last line counts them and
holds the SHA-256 of all lines before it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from coldlever.broadcaster.ledger.audit import known_heads
from coldlever.broadcaster.ledger.tables import ATTEMPTS, DRAFTS, POSTS
from coldlever.shared.audit.chain_head import ChainHead, parse_chain_head
from coldlever.shared.errors import InputRefused
from coldlever.shared.reading import JsonValue, Where, strict_json
from coldlever.shared.reading.fields import elements

KIND = "coldlever/broadcaster-ledger"
VERSION = 1
_BATCH = 1_000
# What each ledger counts for itself: a document has an order instead.
_OWN = frozenset({"id", "change_number", "last_attempt", "looked_at"})
# The name of a record in a document, its table, and the order of its lines.
PARTS: dict[str, tuple[sa.Table, tuple[sa.Column[object], ...]]] = {
    "post": (POSTS, (POSTS.c.change_number, *POSTS.primary_key)),
    "attempt": (ATTEMPTS, (ATTEMPTS.c.id,)),
    "draft": (DRAFTS, tuple(DRAFTS.primary_key)),
}
Record = dict[str, object]


@dataclass(frozen=True, slots=True)
class Line:
    """One record of a document.

    Args:
        part: ``post``, ``attempt`` or ``draft``; ``audit`` for the first.
        record: by the names of the table's columns; of the first none.
        heads: of audit chains, in the first.
    """

    part: str
    record: Record
    heads: tuple[ChainHead, ...] = ()


def columns(part: str) -> list[sa.Column[object]]:
    """The columns of a table that a document carries."""
    return [column for column in PARTS[part][0].columns if column.name not in _OWN]


def dump(connection: sa.Connection) -> Iterator[bytes]:
    """A ledger's document, line by line.

    Args:
        connection: in a transaction that sees one moment of the ledger.
    """
    digest, counts = hashlib.sha256(), dict.fromkeys(PARTS, 0)
    for wire in _wires(connection, counts):
        line = _line(wire)
        digest.update(line)
        yield line
    yield _line({"end": {**counts, "sha256": digest.hexdigest()}})


def load(lines: Iterable[bytes], source: str) -> Iterator[Line]:
    """The records of a document; what is wrong with its end is known at the end alone.

    Args:
        lines: each with its line feed.
        source: the file, printable.

    Raises:
        InputRefused: ``ledger-document``, or ``export-damaged`` when lines are missing or changed.
    """
    digest, counts = hashlib.sha256(), dict.fromkeys(PARTS, 0)
    numbered = enumerate(lines, 1)
    for number, line in numbered:
        part, value = _read(line, source, number)
        if part == "end":
            if value != {**counts, "sha256": digest.hexdigest()} or next(numbered, None):
                raise _damaged(source)
            return
        digest.update(line)
        if number == 1:
            yield Line("audit", {}, _heads(part, value, source))
            continue
        counts[part] += 1
        yield Line(part, _record(part, value, source, number))
    raise _damaged(source)


def _wires(connection: sa.Connection, counts: dict[str, int]) -> Iterator[dict[str, object]]:
    heads = [head.to_wire() for head in known_heads(connection, "ledger")]
    yield {"kind": KIND, "version": VERSION, "audit": heads}
    for part, (_, order) in PARTS.items():
        query = sa.select(*columns(part)).order_by(*order)
        found = connection.execution_options(yield_per=_BATCH).execute(query)
        for record in found.mappings():
            counts[part] += 1
            yield {part: {_camel(name): _to_wire(one) for name, one in record.items()}}


def _line(wire: dict[str, object]) -> bytes:
    return json.dumps(wire, separators=(",", ":")).encode() + b"\n"


def _to_wire(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _read(line: bytes, source: str, number: int) -> tuple[str, JsonValue]:
    value = strict_json.loads(line, f"{source}, line {number}")
    if number == 1 and isinstance(value, dict) and "kind" in value:
        if value["kind"] != KIND:
            raise _refused(source, 1, "no ledger of the broadcaster")
        if value.get("version") != VERSION or value.keys() != {"kind", "version", "audit"}:
            raise _refused(source, 1, f"version {VERSION} is what this program reads")
        return "audit", value["audit"]
    if not isinstance(value, dict) or len(value) != 1 or not value.keys() <= {*PARTS, "end"}:
        raise _refused(source, number, "expected one record")
    return next(iter(value.items()))


def _heads(part: str, value: JsonValue, source: str) -> tuple[ChainHead, ...]:
    if part != "audit":
        raise _refused(source, 1, "no ledger of the broadcaster")
    try:
        spots = elements(value, Where(source))
        return tuple(parse_chain_head(one, spot) for one, spot in spots)
    except InputRefused as error:
        raise _refused(source, 1, error.message) from None


def _record(part: str, value: JsonValue, source: str, number: int) -> Record:
    expected = {_camel(column.name): column for column in columns(part)}
    if not isinstance(value, dict) or value.keys() != expected.keys():
        raise _refused(source, number, f"not the members of a {part}")
    record: Record = {}
    for name, column in expected.items():
        kind = column.type.python_type
        found = value[name]
        if found is None and column.nullable:
            record[column.name] = None
        elif kind is bytes and isinstance(found, str):
            record[column.name] = _bytes(found, source, number)
        elif type(found) is kind:
            record[column.name] = found
        else:
            raise _refused(source, number, f"{name} is not what it should be")
    return record


def _bytes(text: str, source: str, number: int) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise _refused(source, number, "not hexadecimal") from None


def _refused(source: str, number: int, why: str) -> InputRefused:
    return InputRefused("ledger-document", f"{source}, line {number}: {why}")


def _damaged(source: str) -> InputRefused:
    return InputRefused(
        "export-damaged",
        f"{source}: lines are missing or were changed since it was written",
        "take another copy of the export",
    )
