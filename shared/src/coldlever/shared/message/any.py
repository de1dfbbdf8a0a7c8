"""Whatever is handed over: unsigned requests, signed payloads, a market table, as one type.

A document says by its `kind` what it is; one without a kind is a request, or a bare body when it
carries a signature.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from coldlever.shared.action import MarketEntry, MarketTable, Network
from coldlever.shared.action.market import KIND as MARKET_KIND
from coldlever.shared.action.market import parse_market_table
from coldlever.shared.errors import RuleRefused
from coldlever.shared.message.approvals_file import KIND as APPROVALS_KIND
from coldlever.shared.message.approvals_file import ApprovalsFile, parse_approvals_file
from coldlever.shared.message.policy_change import KIND as CHANGE_KIND
from coldlever.shared.message.policy_change import PolicyChange, parse_policy_change
from coldlever.shared.message.request import Defaults, RequestFile, parse_requests
from coldlever.shared.message.signed import KIND as SIGNED_KIND
from coldlever.shared.message.signed import SignedFile, SignedPayload, parse_signed
from coldlever.shared.reading import JsonValue, Where, loads

Message = RequestFile | SignedFile | MarketTable | MarketEntry | ApprovalsFile | PolicyChange
M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Expected(Generic[M]):
    """What a step takes.

    Args:
        types: of messages.
    """

    types: tuple[type[M], ...]

    def require(self, message: Message) -> M:
        """The message; of another type only by a defect of ours, as whoever read it was told."""
        if not isinstance(message, self.types):
            raise TypeError(f"{type(message).__name__} is not expected")
        return message


REQUESTS: Expected[RequestFile] = Expected((RequestFile,))
SIGNED: Expected[SignedFile] = Expected((SignedFile,))
SIGNABLE: Expected[RequestFile | SignedFile] = Expected((RequestFile, SignedFile))
APPROVALS: Expected[ApprovalsFile] = Expected((ApprovalsFile,))
CHANGES: Expected[PolicyChange] = Expected((PolicyChange,))
TABLES: Expected[MarketTable] = Expected((MarketTable,))
ANY: Expected[RequestFile | SignedFile | MarketTable | ApprovalsFile | PolicyChange] = Expected(
    (RequestFile, SignedFile, MarketTable, ApprovalsFile, PolicyChange)
)


def load_expected(data: bytes, source: str, expected: Expected[M], defaults: Defaults) -> M:
    """Read a document of the expected kind; what it claims or leaves out stays as it is.

    Args:
        data: the document.
        source: its name, for error messages.
        expected: what this step takes.
        defaults: what fills gaps; of signed payloads, the network alone.

    Raises:
        InputRefused: malformed, or none of these documents.
        RuleRefused: ``network-mismatch`` or ``market-mismatch``.
        UsageRefused: ``bad-time``, see `coldlever.shared.message.request.load_requests`.
    """
    return expected.require(_parse(loads(data, source), Where(source), expected.types, defaults))


def load_message(data: bytes, source: str, network: Network | None = None) -> Message:
    """Read any document of coldlever's, or a request or body in the exchange's own form.

    A bare body gets the envelope that fits it, as it needs one to be handed over.

    Args:
        data: the document.
        source: its name, for error messages.
        network: from ``--network``, for documents that do not name one.

    Raises:
        InputRefused: malformed, or none of these documents.
        RuleRefused: ``network-mismatch``, ``market-mismatch``, or ``signature-invalid`` for a bare
            body that no key can have signed.
    """
    message = load_expected(data, source, ANY, Defaults(network))
    return _claiming(message, Where(source)) if isinstance(message, SignedFile) else message


def message_wire(message: Message) -> object:
    """The message as JSON: an object, or an array for a batch."""
    if isinstance(message, MarketTable | MarketEntry | ApprovalsFile | PolicyChange):
        return message.to_wire()
    items = message.requests if isinstance(message, RequestFile) else message.payloads
    wires = [item.to_wire() for item in items]
    return wires if message.is_batch else wires[0]


def compact_document(message: Message) -> bytes:
    """The message as JSON in as few bytes as possible, for a QR code of plain text."""
    return json.dumps(message_wire(message), separators=(",", ":")).encode("ascii")


def _parse(
    value: JsonValue, where: Where, types: Collection[type[object]], defaults: Defaults
) -> Message:
    kind = value.get("kind") if isinstance(value, dict) else None
    if ApprovalsFile in types and (types == (ApprovalsFile,) or kind == APPROVALS_KIND):
        return parse_approvals_file(value, where)
    if PolicyChange in types and (types == (PolicyChange,) or kind == CHANGE_KIND):
        return parse_policy_change(value, where)
    first = value[0] if isinstance(value, list) and value else value
    is_table = isinstance(first, dict) and first.get("kind") == MARKET_KIND
    if MarketTable in types and (types == (MarketTable,) or is_table):
        return parse_market_table(value, where)
    if SignedFile in types and (RequestFile not in types or _is_signed(first)):
        return parse_signed(value, where, defaults.network)
    return parse_requests(value, where, defaults)


def _is_signed(value: JsonValue) -> bool:
    return isinstance(value, dict) and (value.get("kind") == SIGNED_KIND or "signature" in value)


def _claiming(file: SignedFile, where: Where) -> SignedFile:
    """Bare bodies get an envelope: who hands one over as QR code claims whose it is."""
    payloads = tuple(_claim(payload, place) for payload, place in file.placed(where))
    return SignedFile(payloads, file.is_batch)


def _claim(payload: SignedPayload, where: Where) -> SignedPayload:
    if payload.signer is not None:
        return payload
    try:
        signer = payload.recovered_signer()
    except RuleRefused as error:
        raise error.at(where) from None
    return replace(payload, signer=signer, claimed_hash=payload.signable.action_hash())
