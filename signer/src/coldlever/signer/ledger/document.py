"""The ledger as a file: what `ledger export` writes and `ledger import` reads.

One JSON document of kind ``coldlever/signer-ledger``, one row a line, in the order of the chain,
and the chain's head last. A ledger outgrows the loader's bound of 1 MiB after some thousand
signatures, so a longer file is read line by line, each line within the bounds; that works for the
layout written here. Version 1 is release 0.1's: entries alone, without a chain.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from coldlever.shared.action.address import as_address
from coldlever.shared.action.market import parse_network
from coldlever.shared.action.signable import parse_nonce
from coldlever.shared.action.what import What
from coldlever.shared.audit.chain_head import ChainHead, parse_chain_head
from coldlever.shared.errors import InputRefused
from coldlever.shared.reading import (
    SAFE_INTEGER_MAX,
    JsonValue,
    Where,
    as_choice,
    as_integer,
    as_object,
    as_string,
    describe,
    elements,
)
from coldlever.shared.reading.fields import as_bytes
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.shared.reading.long_array import load_long
from coldlever.signer.ledger.chain import (
    HEAD_BYTES,
    IMPORT,
    LINK_BYTES,
    NEW_LEDGER,
    START,
    Adoption,
    Head,
    extend,
    pack_heads,
    row_bytes,
    unpack_heads,
)
from coldlever.signer.ledger.entry import HASH_BYTES, Entry

KIND = "coldlever/signer-ledger"
VERSION = 2
_OLD_VERSION = 1
# About half a million entries.
MAX_BYTES = 128 << 20
_DESCRIPTION_MAX_LENGTH = 400
_HEADS_MAX_LENGTH = 1 << 20
_ENTRY_KEYS = ("network", "signer", "nonce", "actionHash", "recordedAt", "description")
_OLD_KEYS = ("kind", "version", "entries")
_KEYS = (*_OLD_KEYS, "count", "link", "audit")
_WHATS = tuple(what.value for what in What)
_ADOPTION_KEYS = ("adopted", "heads")
_HEADS = re.compile(f"0x((?:[0-9a-f]{{{2 * HEAD_BYTES}}})+)")


@dataclass(frozen=True, slots=True)
class Export:
    """What an export file holds.

    Args:
        entries: in the order of the file.
        heads: every head that the exported ledger contains; none in a file of release 0.1.
        audit: the head of its audit chain, and those of chains that it had taken over.
    """

    entries: tuple[Entry, ...]
    heads: tuple[Head, ...]
    audit: tuple[ChainHead, ...] = ()


def entry_wire(entry: Entry) -> dict[str, object]:
    """One entry as JSON; ``recordedAt`` is null where the signer had no clock.

    Only a revocation says ``what`` it is.
    """
    wire: dict[str, object] = {
        "network": entry.network.value,
        "signer": entry.signer.checksummed,
        "nonce": entry.nonce,
        "actionHash": to_0x(entry.action_hash),
        "recordedAt": entry.recorded_at,
        "description": entry.description,
    }
    return wire if entry.what is What.PAYLOAD else {**wire, "what": entry.what.value}


def dump_ledger(rows: Sequence[Entry | Adoption], audit: Sequence[ChainHead] = ()) -> bytes:
    """The bytes of an export file.

    Args:
        rows: the whole chain, in its order.
        audit: the head of the audit chain, and those of chains that it has taken over.
    """
    lines = [json.dumps(_row_wire(row), ensure_ascii=True) for row in rows]
    head = _passed(rows)[-1]
    tail = {
        "count": head.count,
        "link": to_0x(head.link),
        "audit": [one.to_wire() for one in audit],
    }
    frame = f'{{"kind": "{KIND}", "version": {VERSION}, "entries": [\n'
    text = frame + ",\n".join(lines) + "\n], " + json.dumps(tail)[1:] + "\n"
    return text.encode("ascii")


def load_ledger(data: bytes, source: str) -> Export:
    """Read an export file, of this release or of 0.1.

    Args:
        data: the file's bytes, at most `MAX_BYTES`.
        source: its name, for error messages.

    Raises:
        InputRefused: malformed, another kind of document, or ``export-damaged`` when its rows do
            not form the chain that it claims.
    """
    where = Where(source)
    document, values = load_long(data, source, "entries")
    fields = as_object(document, where, _OLD_KEYS, _KEYS)
    as_choice(fields["kind"], where.key("kind"), (KIND,))
    version = as_integer(fields["version"], where.key("version"), _OLD_VERSION, VERSION)
    if version == _OLD_VERSION:
        as_object(fields, where, _OLD_KEYS)
        # Release 0.1 knew no revocations.
        entries = (_parse_entry(as_object(value, at, _ENTRY_KEYS), at) for value, at in values)
        return Export(tuple(entries), ())
    as_object(fields, where, _KEYS)
    rows = [_parse_row(value, spot) for value, spot in values]
    heads = _passed(rows)
    if heads[-1] != _parse_head(fields, where):
        raise InputRefused(
            "export-damaged",
            f"{where}: its rows are not the ones that were exported",
            "take another copy of the export",
        )
    adopted = (head for row in rows if isinstance(row, Adoption) for head in row.heads)
    spots = elements(fields["audit"], where.key("audit"))
    return Export(
        tuple(row for row in rows if isinstance(row, Entry)),
        (*heads[1:], *adopted),
        tuple(parse_chain_head(value, spot) for value, spot in spots),
    )


def _parse_head(fields: dict[str, JsonValue], where: Where) -> Head:
    return Head(
        as_integer(fields["count"], where.key("count"), 0, SAFE_INTEGER_MAX),
        as_bytes(fields["link"], where.key("link"), LINK_BYTES),
    )


def _row_wire(row: Entry | Adoption) -> dict[str, object]:
    if isinstance(row, Adoption):
        return {"adopted": row.reason, "heads": "0x" + pack_heads(row.heads).hex()}
    return entry_wire(row)


def _parse_row(value: JsonValue, where: Where) -> Entry | Adoption:
    if not isinstance(value, dict) or "adopted" not in value:
        return _parse_entry(value, where)
    fields = as_object(value, where, _ADOPTION_KEYS)
    reason = as_choice(fields["adopted"], where.key("adopted"), (IMPORT, NEW_LEDGER))
    text = as_string(fields["heads"], where.key("heads"), _HEADS_MAX_LENGTH)
    heads = _HEADS.fullmatch(text)
    if heads is None:
        raise where.key("heads").refusal("bad-hex", describe(text), "0x and heads in hexadecimal")
    return Adoption(reason, unpack_heads(bytes.fromhex(heads[1])))


def _passed(rows: Sequence[Entry | Adoption]) -> list[Head]:
    """Every head that a chain of these rows passes through, the start first."""
    heads = [START]
    for row in rows:
        heads.append(extend(heads[-1], row_bytes(row)))
    return heads


def _parse_entry(value: JsonValue, where: Where) -> Entry:
    fields = as_object(value, where, _ENTRY_KEYS, ("what",))
    recorded_at = fields["recordedAt"]
    if recorded_at is not None:
        recorded_at = as_integer(recorded_at, where.key("recordedAt"), 0, SAFE_INTEGER_MAX)
    return Entry(
        parse_network(fields["network"], where.key("network")),
        as_address(fields["signer"], where.key("signer")),
        parse_nonce(fields["nonce"], where.key("nonce")),
        as_bytes(fields["actionHash"], where.key("actionHash"), HASH_BYTES),
        recorded_at,
        as_string(fields["description"], where.key("description"), _DESCRIPTION_MAX_LENGTH),
        What(as_choice(fields.get("what", What.PAYLOAD.value), where.key("what"), _WHATS)),
    )
