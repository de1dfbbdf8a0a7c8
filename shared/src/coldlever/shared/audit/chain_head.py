"""The head of a named chain: on receipts, beside keystores, and in the words of an adoption."""

from __future__ import annotations

import re
from dataclasses import dataclass

from coldlever.shared.audit.chain import CHAIN_ID_BYTES, LINK_BYTES, Chain, Head
from coldlever.shared.audit.event import Event, Kind
from coldlever.shared.reading.fields import (
    SAFE_INTEGER_MAX,
    Where,
    as_bytes,
    as_integer,
    as_object,
)
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.shared.reading.strict_json import JsonValue

_WORDS = re.compile(r"chain 0x([0-9a-f]{32}) at (0|[1-9][0-9]{0,15}):([0-9a-f]{64})(?![0-9a-f])")


@dataclass(frozen=True, slots=True)
class ChainHead:
    """How far a chain reached.

    Args:
        chain: its id, 16 bytes.
        head: its head then.
    """

    chain: bytes
    head: Head

    def to_wire(self) -> dict[str, object]:
        """``{"chain", "position", "hash"}``."""
        return {"chain": to_0x(self.chain), **self.head.to_wire()}

    @property
    def words(self) -> str:
        """As an `adopted` event names it, with every digit."""
        return f"chain {to_0x(self.chain)} at {self.head.position}:{self.head.link.hex()}"


def head_of(chain: Chain, head: Head) -> ChainHead:
    """The head with the chain that it is of."""
    return ChainHead(chain.id, head)


def parse_chain_head(value: JsonValue, where: Where) -> ChainHead:
    """What `ChainHead.to_wire` has made.

    Raises:
        InputRefused: malformed.
    """
    fields = as_object(value, where, ("chain", "position", "hash"))
    return ChainHead(
        as_bytes(fields["chain"], where.key("chain"), CHAIN_ID_BYTES),
        Head(
            as_integer(fields["position"], where.key("position"), 0, SAFE_INTEGER_MAX),
            as_bytes(fields["hash"], where.key("hash"), LINK_BYTES),
        ),
    )


def adopted_heads(event: Event) -> tuple[ChainHead, ...]:
    """The heads of other chains that an event has taken over; none of other kinds of events."""
    if event.kind is not Kind.ADOPTED:
        return ()
    return tuple(
        ChainHead(bytes.fromhex(chain), Head(int(position), bytes.fromhex(link)))
        for chain, position, link in _WORDS.findall(event.says)
    )
