"""From a message to the UR type and the bytes that one code or animation carries, and back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from coldlever.shared.action import MarketEntry, MarketTable, Network
from coldlever.shared.action.market import KIND as MARKET_KIND
from coldlever.shared.action.market import VERSION as MARKET_VERSION
from coldlever.shared.action.market import parse_market_entry, parse_market_table
from coldlever.shared.compact import strict_cbor, tables, ur_types
from coldlever.shared.compact.fields import Array
from coldlever.shared.compact.strict_cbor import CborValue
from coldlever.shared.errors import InputRefused, UsageRefused
from coldlever.shared.message import (
    Defaults,
    Request,
    RequestFile,
    SignedFile,
    SignedPayload,
    parse_requests,
    parse_signed,
)
from coldlever.shared.message.any import Message
from coldlever.shared.message.approvals_file import KIND as APPROVALS_KIND
from coldlever.shared.message.approvals_file import VERSION as APPROVALS_VERSION
from coldlever.shared.message.approvals_file import ApprovalsFile, parse_approvals_file
from coldlever.shared.message.policy_change import KIND as CHANGE_KIND
from coldlever.shared.message.policy_change import VERSION as CHANGE_VERSION
from coldlever.shared.message.policy_change import PolicyChange, parse_policy_change
from coldlever.shared.message.signed import KIND as SIGNED_KIND
from coldlever.shared.message.signed import VERSION as SIGNED_VERSION
from coldlever.shared.message.signed import require_claimed_hash
from coldlever.shared.reading import JsonValue, Where
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.shared.statement.approval import compacted, merge, without_proposals

# The hash follows from the content, so it is computed; until then something has to stand there.
_NO_HASH = to_0x(bytes(32))
Approving = TypeVar("Approving", bound=Request | SignedPayload | ApprovalsFile | PolicyChange)
_INHERITED = ("network", "time")
_UR_TYPES: Mapping[type[object], tuple[str, ...]] = {
    RequestFile: (ur_types.REQUEST, ur_types.REQUEST_BATCH),
    SignedFile: (ur_types.SIGNED, ur_types.SIGNED_BATCH),
    MarketTable: (ur_types.MARKET_TABLE,),
    MarketEntry: (ur_types.MARKET_ENTRY,),
    ApprovalsFile: (ur_types.APPROVALS,),
    PolicyChange: (ur_types.POLICY_CHANGE,),
}


def ur_types_of(types: Collection[type[object]]) -> tuple[str, ...]:
    """The UR types that messages of these types have."""
    return tuple(name for one in types for name in _UR_TYPES[one])


def encode(message: Message) -> tuple[str, bytes]:
    """The compact form of a message; equal messages have equal bytes.

    Args:
        message: requests, signed payloads, a market table or one entry, approvals, a change of
            policy.

    Returns:
        The UR type and its content.

    Raises:
        UsageRefused: ``bare-body`` for a payload that names no signer, ``text-not-unicode``.
        RuleRefused: ``action-hash-mismatch`` for a payload that contradicts itself.
        InputRefused: ``cbor-too-large``.
    """
    kind, value = _compact(message)
    return kind, strict_cbor.dumps(value)


def decode(kind: str, data: bytes, source: str = "QR", network: Network | None = None) -> Message:
    """Read what `encode` has written.

    Nothing is verified about signatures: see `coldlever.shared.message.signed.verify`.

    Args:
        kind: the UR type, in lower case.
        data: the content, foreign.
        source: what error messages call it.
        network: from ``--network``: what requests and signed payloads must agree with.

    Returns:
        The one message whose `encode` is ``(kind, data)``.

    Raises:
        InputRefused: ``unknown-type``; ``cbor-malformed``, ``cbor-not-canonical``,
            ``cbor-too-large``, ``cbor-too-deep``; and what the parsers of JSON refuse. The
            message names the source and the JSON path.
        RuleRefused: ``market-mismatch`` or ``network-mismatch``.
    """
    read = _READERS.get(kind)
    if read is None:
        ours = ", ".join(ur_types.describe_type(name) for name in ur_types.TYPES)
        raise InputRefused(
            "unknown-type",
            f"{source}: found {ur_types.describe_type(kind)}, expected one of: {ours}",
        )
    message = read(strict_cbor.loads(data, source), Where(source), network)
    # Left to do by itself: a table's entries in order, and nothing repeated that is inherited.
    if encode(message) != (kind, data):
        raise InputRefused(
            "cbor-not-canonical",
            f"{source}: {ur_types.describe_type(kind)} in another spelling than its deterministic "
            "one: the table is out of order, or repeats what is left out",
            "have it encoded again by coldlever",
        )
    return message


def _compact(message: Message) -> tuple[str, CborValue]:
    match message:
        case RequestFile(requests, is_batch):
            wires = [tables.REQUEST.to_cbor(_ordered(request).to_wire()) for request in requests]
            return (ur_types.REQUEST_BATCH, wires) if is_batch else (ur_types.REQUEST, wires[0])
        case SignedFile(payloads, is_batch):
            wires = [tables.SIGNED_PAYLOAD.to_cbor(_flat(payload)) for payload in payloads]
            return (ur_types.SIGNED_BATCH, wires) if is_batch else (ur_types.SIGNED, wires[0])
        case MarketTable():
            return ur_types.MARKET_TABLE, tables.MARKET_TABLE.to_cbor(_without_inherited(message))
        case MarketEntry():
            return ur_types.MARKET_ENTRY, tables.MARKET_ENTRY.to_cbor(message.to_wire())
        case ApprovalsFile():
            return ur_types.APPROVALS, tables.APPROVALS_FILE.to_cbor(_ordered(message).to_wire())
        case PolicyChange():
            return ur_types.POLICY_CHANGE, tables.POLICY_CHANGE.to_cbor(_ordered(message).to_wire())


def _ordered(holder: Approving) -> Approving:
    """With its approvals in the one order and without what whoever checks knows by itself."""
    return replace(holder, approvals=merge(compacted(holder.approvals)))


def _without_none(wire: dict[str, object]) -> dict[str, object]:
    """An empty list of approvals is left out as well."""
    return {name: value for name, value in wire.items() if value not in (None, [])}


def _flat(payload: SignedPayload) -> dict[str, object]:
    """Envelope and body in one object; what is constant or computed is left out on encoding."""
    if payload.signer is None or payload.claimed_hash is None:
        raise UsageRefused(
            "bare-body",
            "a bare body does not name its signer, and a QR code carries only complete envelopes",
            "sign without --payload-only, or use --qr-format json",
        )
    require_claimed_hash(payload)
    # Who proposed is checked by the signer, which has the document; a code has little room.
    slim = replace(payload, approvals=without_proposals(payload.approvals))
    return _without_none(_ordered(slim).to_wire() | payload.body_wire())


def _without_inherited(table: MarketTable) -> dict[str, object]:
    wire = table.to_wire()
    entries: Any = wire["entries"]
    for entry in entries:
        for name in _INHERITED:
            if entry[name] == wire[name]:
                del entry[name]
    return wire


def _read_request(value: CborValue, where: Where, network: Network | None) -> Message:
    return parse_requests(tables.REQUEST.to_json(value, where), where, Defaults(network))


def _read_requests(value: CborValue, where: Where, network: Network | None) -> Message:
    return parse_requests(Array(tables.REQUEST).to_json(value, where), where, Defaults(network))


def _read_signed(value: CborValue, where: Where, network: Network | None) -> Message:
    flat = tables.SIGNED_PAYLOAD.to_json(value, where)
    return _hashed(parse_signed(_envelope(flat), where, network))


def _read_signed_batch(value: CborValue, where: Where, network: Network | None) -> Message:
    flats = Array(tables.SIGNED_PAYLOAD).to_json(value, where)
    return _hashed(parse_signed([_envelope(flat) for flat in flats], where, network))


def _read_market_table(value: CborValue, where: Where, _network: Network | None) -> Message:
    wire: dict[str, Any] = tables.MARKET_TABLE.to_json(value, where)
    inherited = {name: wire[name] for name in _INHERITED}
    entries = [inherited | entry for entry in wire["entries"]]
    wire |= {"kind": MARKET_KIND, "version": MARKET_VERSION, "entries": entries}
    return parse_market_table(wire, where)


def _read_market_entry(value: CborValue, where: Where, _network: Network | None) -> Message:
    return parse_market_entry(tables.MARKET_ENTRY.to_json(value, where), where)


def _read_approvals(value: CborValue, where: Where, _network: Network | None) -> Message:
    wire: dict[str, Any] = tables.APPROVALS_FILE.to_json(value, where)
    return parse_approvals_file(
        wire | {"kind": APPROVALS_KIND, "version": APPROVALS_VERSION}, where
    )


def _read_policy_change(value: CborValue, where: Where, _network: Network | None) -> Message:
    wire: dict[str, Any] = {"old": None, "policy": None}
    wire |= tables.POLICY_CHANGE.to_json(value, where)
    return parse_policy_change(wire | {"kind": CHANGE_KIND, "version": CHANGE_VERSION}, where)


def _envelope(flat: Any) -> JsonValue:
    """The ``coldlever/signed`` document whose parts lie side by side in ``flat``."""
    body: dict[str, JsonValue] = dict(flat)
    approvals = body.pop("approvals", [])
    claimed = {"account": body.pop("account")} if "account" in body else {}
    return {
        "kind": SIGNED_KIND,
        "version": SIGNED_VERSION,
        "network": body.pop("network"),
        "signer": body.pop("signer"),
        "actionHash": _NO_HASH,
        "payload": body,
        "approvals": approvals,
        **claimed,
    }


def _hashed(file: SignedFile) -> SignedFile:
    payloads = tuple(
        replace(payload, claimed_hash=payload.signable.action_hash()) for payload in file.payloads
    )
    return replace(file, payloads=payloads)


_READERS: Mapping[str, Callable[[CborValue, Where, Network | None], Message]] = {
    ur_types.REQUEST: _read_request,
    ur_types.REQUEST_BATCH: _read_requests,
    ur_types.SIGNED: _read_signed,
    ur_types.SIGNED_BATCH: _read_signed_batch,
    ur_types.MARKET_TABLE: _read_market_table,
    ur_types.MARKET_ENTRY: _read_market_entry,
    ur_types.APPROVALS: _read_approvals,
    ur_types.POLICY_CHANGE: _read_policy_change,
}
