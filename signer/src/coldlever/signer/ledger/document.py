"""The ledger as a file: what `ledger export` writes and `ledger import` reads.

One JSON document of kind ``coldlever/signer-ledger``, one entry a line. A ledger outgrows the
loader's bound of 1 MiB after some thousand signatures, so a longer file is read line by line, each
line within the bounds; that works for the layout written here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from coldlever.shared.action.address import as_address
from coldlever.shared.action.market import parse_network
from coldlever.shared.action.signable import parse_nonce
from coldlever.shared.reading import (
    SAFE_INTEGER_MAX,
    JsonValue,
    Where,
    as_choice,
    as_integer,
    as_object,
    as_string,
    elements,
    loads,
)
from coldlever.shared.reading.fields import as_bytes
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.shared.reading.strict_json import MAX_BYTES as MAX_JSON_BYTES
from coldlever.signer.ledger.entry import HASH_BYTES, Entry

KIND = "coldlever/signer-ledger"
VERSION = 1
# About half a million entries.
MAX_BYTES = 128 << 20
_DESCRIPTION_MAX_LENGTH = 400
_ENTRY_KEYS = ("network", "signer", "nonce", "actionHash", "recordedAt", "description")

_HEAD = f'{{"kind": "{KIND}", "version": {VERSION}, "entries": [\n'.encode("ascii")
_TAIL = b"\n]}\n"


def entry_wire(entry: Entry) -> dict[str, object]:
    """One entry as JSON; ``recordedAt`` is null where the signer had no clock."""
    return {
        "network": entry.network.value,
        "signer": entry.signer.checksummed,
        "nonce": entry.nonce,
        "actionHash": to_0x(entry.action_hash),
        "recordedAt": entry.recorded_at,
        "description": entry.description,
    }


def dump_ledger(entries: Sequence[Entry]) -> bytes:
    """The bytes of an export file."""
    lines = [json.dumps(entry_wire(entry), ensure_ascii=True) for entry in entries]
    return _HEAD + ",\n".join(lines).encode("ascii") + _TAIL


def load_ledger(data: bytes, source: str) -> tuple[Entry, ...]:
    """Read an export file.

    Args:
        data: the file's bytes, at most `MAX_BYTES`.
        source: its name, for error messages.

    Raises:
        InputRefused: malformed, or another kind of document.
    """
    where = Where(source)
    place = where.key("entries")
    if len(data) > MAX_JSON_BYTES and data.startswith(_HEAD) and data.endswith(_TAIL):
        lines = data[len(_HEAD) : -len(_TAIL)].split(b",\n")
        return tuple(
            _parse_entry(loads(line, f"{source}, entry {number}"), place.index(number))
            for number, line in enumerate(lines)
        )
    fields = as_object(loads(data, source), where, ("kind", "version", "entries"))
    as_choice(fields["kind"], where.key("kind"), (KIND,))
    as_integer(fields["version"], where.key("version"), VERSION, VERSION)
    return tuple(_parse_entry(value, spot) for value, spot in elements(fields["entries"], place))


def _parse_entry(value: JsonValue, where: Where) -> Entry:
    fields = as_object(value, where, _ENTRY_KEYS)
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
    )
