"""The chain that events form: each link is a hash over the link before and its event.

Nothing can be changed, taken out or put in between without the links behind it changing too.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from coldlever.shared.audit.event import Event, event_bytes
from coldlever.shared.errors import RuleRefused
from coldlever.shared.reading.hexadecimal import to_0x

CHAIN_ID_BYTES = 16
LINK_BYTES = 32
_TAG = b"coldlever/audit/1\0"


class Side(enum.Enum):
    """Which of the two programs keeps a chain."""

    SIGNER = "signer"
    BROADCASTER = "broadcaster"


@dataclass(frozen=True, slots=True)
class Head:
    """How far a chain reaches.

    Args:
        position: of its last event, 0 without any.
        link: 32 bytes, of its last event.
    """

    position: int
    link: bytes

    def to_wire(self) -> dict[str, object]:
        """``{"position", "hash"}``."""
        return {"position": self.position, "hash": to_0x(self.link)}


@dataclass(frozen=True, slots=True)
class Chain:
    """Which chain: two of them never have the same links.

    Args:
        id: 16 random bytes, made with the ledger that keeps it.
        side: who keeps it.
    """

    id: bytes
    side: Side

    @property
    def start(self) -> Head:
        """Where it begins, before its first event."""
        return Head(0, sha256(_TAG + self.id + self.side.value.encode("ascii")).digest())

    def after(self, head: Head, data: bytes) -> Head:
        """The head once an event with these canonical bytes is appended behind ``head``."""
        return Head(head.position + 1, sha256(_TAG + self.id + head.link + data).digest())

    def append(self, head: Head, event: Event) -> Linked:
        """The event as the next one behind ``head``, which is the chain's."""
        after = self.after(head, event_bytes(head.position + 1, event))
        return Linked(after.position, event, after.link)


@dataclass(frozen=True, slots=True)
class Linked:
    """An event in its place.

    Args:
        position: counted from 1, without a gap.
        event: what happened.
        link: 32 bytes.
    """

    position: int
    event: Event
    link: bytes

    @property
    def head(self) -> Head:
        """The head of a chain that ends here."""
        return Head(self.position, self.link)

    @property
    def data(self) -> bytes:
        """The event's canonical bytes."""
        return event_bytes(self.position, self.event)


def follow(chain: Chain, rows: Iterable[tuple[int, bytes, bytes]], name: str) -> Head:
    """Compute every link anew.

    Args:
        chain: which.
        rows: position, canonical bytes and link of each, in the order in which they are kept.
        name: where they are kept, for the refusal.

    Returns:
        The head.

    Raises:
        RuleRefused: ``audit-damaged``; it names the first row that is not as it was written.
    """
    head = chain.start
    for position, data, link in rows:
        if position != head.position + 1:
            raise damaged(name, f"row {head.position + 1} is missing, row {position} in its place")
        head = chain.after(head, data)
        if link != head.link:
            raise damaged(name, f"row {position} is not the one that was written")
    return head


def damaged(name: str, reason: str) -> RuleRefused:
    """The refusal of a chain that is not as it was written.

    Args:
        name: where it is kept, printable.
        reason: the first thing that is wrong.
    """
    return RuleRefused(
        "audit-damaged",
        f"{name}: the audit chain is damaged: {reason}",
        "find out who changed it; a backup or an earlier `audit export` shows what stood there",
    )
