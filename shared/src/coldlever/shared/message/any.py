"""Whatever is handed over: unsigned requests, signed payloads, a market table, as one type.

A document says by its `kind` what it is; one without a kind is a request, or a bare body when it
carries a signature.
"""

from __future__ import annotations

import json
from dataclasses import replace

from coldlever.shared.action import MarketEntry, MarketTable, Network
from coldlever.shared.action.market import KIND as MARKET_KIND
from coldlever.shared.action.market import parse_market_table
from coldlever.shared.errors import RuleRefused
from coldlever.shared.message.request import Defaults, RequestFile, parse_requests
from coldlever.shared.message.signed import KIND as SIGNED_KIND
from coldlever.shared.message.signed import SignedFile, SignedPayload, parse_signed
from coldlever.shared.reading import JsonValue, Where, loads

Message = RequestFile | SignedFile | MarketTable | MarketEntry


def load_message(data: bytes, source: str, network: Network | None = None) -> Message:
    """Read any document of coldlever's, or a request or body in the exchange's own form.

    Args:
        data: the document.
        source: its name, for error messages.
        network: from ``--network``, for documents that do not name one.

    Raises:
        InputRefused: malformed, or none of these documents.
        RuleRefused: ``network-mismatch``, ``market-mismatch``, or ``signature-invalid`` for a bare
            body that no key can have signed.
    """
    value = loads(data, source)
    where = Where(source)
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(first, dict) and first.get("kind") == MARKET_KIND:
        return parse_market_table(value, where)
    if _is_signed(first):
        return _claiming(parse_signed(value, where, network), where)
    return parse_requests(value, where, Defaults(network=network))


def message_wire(message: Message) -> object:
    """The message as JSON: an object, or an array for a batch."""
    if isinstance(message, MarketTable | MarketEntry):
        return message.to_wire()
    items = message.requests if isinstance(message, RequestFile) else message.payloads
    wires = [item.to_wire() for item in items]
    return wires if message.is_batch else wires[0]


def compact_document(message: Message) -> bytes:
    """The message as JSON in as few bytes as possible, for a QR code of plain text."""
    return json.dumps(message_wire(message), separators=(",", ":")).encode("ascii")


def _is_signed(value: JsonValue) -> bool:
    return isinstance(value, dict) and (value.get("kind") == SIGNED_KIND or "signature" in value)


def _claiming(file: SignedFile, where: Where) -> SignedFile:
    """Bare bodies get an envelope: who hands one over as QR code claims whose it is."""
    payloads = tuple(
        _claim(payload, where.index(index) if file.is_batch else where)
        for index, payload in enumerate(file.payloads)
    )
    return SignedFile(payloads, file.is_batch)


def _claim(payload: SignedPayload, where: Where) -> SignedPayload:
    if payload.signer is not None:
        return payload
    try:
        signer = payload.recovered_signer()
    except RuleRefused as error:
        raise error.at(where) from None
    return replace(payload, signer=signer, claimed_hash=payload.signable.action_hash())
