"""A chain as a file: what `audit export` writes, and what others check and join.

One JSON document of kind ``coldlever/audit``, one event a line.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from coldlever.shared.audit.chain import (
    CHAIN_ID_BYTES,
    LINK_BYTES,
    Chain,
    Head,
    Linked,
    Side,
    damaged,
    follow,
)
from coldlever.shared.audit.event import KEYS, parse_event
from coldlever.shared.printable import printable
from coldlever.shared.reading import (
    SAFE_INTEGER_MAX,
    JsonValue,
    Where,
    as_choice,
    as_integer,
    as_object,
    as_string,
    describe,
)
from coldlever.shared.reading.fields import as_bytes
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.shared.reading.long_array import load_long

KIND = "coldlever/audit"
VERSION = 1
# Some 250,000 events.
MAX_BYTES = 128 << 20
MACHINE_MAX_LENGTH = 64
_FRAME = ("kind", "version", "machine", "side", "chain", "head")
_SIDES = {side.value: side for side in Side}


@dataclass(frozen=True, slots=True)
class Export:
    """A whole chain, as it was when it was exported.

    Args:
        machine: what the people call the machine, printable; nothing proves it.
        chain: which.
        events: all of them, the first one first.
    """

    machine: str
    chain: Chain
    events: tuple[Linked, ...]

    @property
    def head(self) -> Head:
        """How far it reaches."""
        return self.events[-1].head if self.events else self.chain.start


def dump_audit(machine: str, chain: Chain, events: Sequence[Linked]) -> bytes:
    """The bytes of an export file.

    Args:
        machine: what the people call the machine; made printable and cut to 64 characters.
        chain: which.
        events: the whole chain, in its order.
    """
    export = Export(
        printable(machine, MACHINE_MAX_LENGTH)[:MACHINE_MAX_LENGTH], chain, tuple(events)
    )
    frame = _frame_wire(export.machine, chain, export.head)
    tail = {"head": frame.pop("head"), "digest": to_0x(_digest(export.machine, chain, export.head))}
    rows = b",\n".join(_row_bytes(one) for one in events)
    return b'%s, "events": [\n%s\n], %s\n' % (_json(frame)[:-1], rows, _json(tail)[1:])


def load_audit(data: bytes, source: str) -> Export:
    """Read an export file, and check that its events form the chain that it claims.

    Args:
        data: the file's bytes, at most `MAX_BYTES`.
        source: its name, for error messages.

    Raises:
        InputRefused: malformed, or another kind of document.
        RuleRefused: ``audit-damaged``.
    """
    where, name = Where(source), printable(source)
    document, values = load_long(data, source, "events")
    fields = as_object(document, where, (*_FRAME, "events", "digest"))
    as_choice(fields["kind"], where.key("kind"), (KIND,))
    as_integer(fields["version"], where.key("version"), VERSION, VERSION)
    machine = _machine(fields["machine"], where.key("machine"))
    chain = Chain(
        as_bytes(fields["chain"], where.key("chain"), CHAIN_ID_BYTES),
        _SIDES[as_choice(fields["side"], where.key("side"), _SIDES)],
    )
    claimed = _head(fields["head"], where.key("head"))
    digest = as_bytes(fields["digest"], where.key("digest"), LINK_BYTES)
    export = Export(machine, chain, tuple(_row(value, spot) for value, spot in values))
    head = follow(chain, ((one.position, one.data, one.link) for one in export.events), name)
    if head != claimed:
        raise damaged(name, _apart(head, claimed))
    if digest != _digest(machine, chain, head):
        raise damaged(name, "the name of its machine is not the one that was written")
    return export


def _apart(head: Head, claimed: Head) -> str:
    if claimed.position > head.position:
        return f"row {head.position + 1} is missing: it has {head.position} of {claimed.position}"
    return f"its head does not fit row {head.position}, the last one"


def _frame_wire(machine: str, chain: Chain, head: Head) -> dict[str, object]:
    return {
        "kind": KIND,
        "version": VERSION,
        "machine": machine,
        "side": chain.side.value,
        "chain": to_0x(chain.id),
        "head": head.to_wire(),
    }


def _digest(machine: str, chain: Chain, head: Head) -> bytes:
    """Against a slip or an edit of what the chain does not hold; anybody can compute it anew."""
    wire = _frame_wire(machine, chain, head)
    return sha256(json.dumps(wire, separators=(",", ":")).encode("ascii")).digest()


def _json(wire: dict[str, object]) -> bytes:
    return json.dumps(wire).encode("ascii")


def _row_bytes(one: Linked) -> bytes:
    return b'%s,"link":"%s"}' % (one.data[:-1], to_0x(one.link).encode("ascii"))


def _row(value: JsonValue, where: Where) -> Linked:
    fields = as_object(value, where, (*KEYS, "link"))
    position, event = parse_event(fields, where)
    return Linked(position, event, as_bytes(fields["link"], where.key("link"), LINK_BYTES))


def _head(value: JsonValue, where: Where) -> Head:
    fields = as_object(value, where, ("position", "hash"))
    return Head(
        as_integer(fields["position"], where.key("position"), 0, SAFE_INTEGER_MAX),
        as_bytes(fields["hash"], where.key("hash"), LINK_BYTES),
    )


def _machine(value: JsonValue, where: Where) -> str:
    text = as_string(value, where, MACHINE_MAX_LENGTH)
    if not text.isascii() or not text.isprintable():
        raise where.refusal("unknown-value", describe(text), "printable ASCII")
    return text
