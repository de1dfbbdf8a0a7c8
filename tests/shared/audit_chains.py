"""Chains of events for the tests: real ones, and what somebody might make of them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from coldlever.shared.action import Network, parse_address
from coldlever.shared.audit import Chain, Event, Kind, Linked, Side, dump_audit
from coldlever.shared.statement import PolicyRef

SIGNER = parse_address("0x1719884eb866cb12b2287399b15f7db5e7d775ea")
NONCE = 1_795_340_000_000
CHAIN = Chain(bytes(range(16)), Side.SIGNER)
ONLINE = Chain(bytes(range(16, 32)), Side.BROADCASTER)


def about(number: int, kind: Kind = Kind.SIGNED, **members: object) -> Event:
    """An event about the payload of that number."""
    known: dict[str, object] = {
        "says": f"{kind.value} number {number}",
        "at": NONCE + 1_000 * number,
        "network": Network.MAINNET,
        "signer": SIGNER,
        "nonce": NONCE + number,
        "digest": bytes([number % 256]) * 32,
        "who": "anna SHA256:abc",
        "policy": PolicyRef(7, b"\x07" * 32),
    }
    return Event(kind, **{**known, **members})


def chained(events: Sequence[Event], chain: Chain = CHAIN) -> tuple[Linked, ...]:
    """The events in their places."""
    head, rows = chain.start, []
    for event in events:
        rows.append(chain.append(head, event))
        head = rows[-1].head
    return tuple(rows)


def exported(events: Sequence[Event], chain: Chain = CHAIN, machine: str = "vault-1") -> bytes:
    """An export of a chain of these events."""
    return dump_audit(machine, chain, chained(events, chain))


def edited(data: bytes, edit) -> bytes:
    """The export after something was done to its document."""
    wire = json.loads(data)
    edit(wire)
    return json.dumps(wire).encode()
