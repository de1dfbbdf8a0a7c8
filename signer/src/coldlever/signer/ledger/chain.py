"""The chain that the ledger's rows form: each link is a hash over the link before and its row.

Nothing can be changed, taken out or put in between without the links behind it changing too. The
bytes are fixed in docs/formats.md.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from coldlever.shared.action.what import What
from coldlever.signer.ledger.entry import Entry

LINK_BYTES = 32
IMPORT = "import"
NEW_LEDGER = "new-ledger"

_ADOPTION = b"\x02"
_ENTRY = {What.PAYLOAD.value: b"\x01", What.REVOCATION.value: b"\x03"}
_HEAD = struct.Struct(f">Q{LINK_BYTES}s")
HEAD_BYTES = _HEAD.size


@dataclass(frozen=True, slots=True)
class Head:
    """How far a chain reaches.

    Args:
        count: how many rows it has.
        link: 32 bytes, the last row's link; `START` without any.
    """

    count: int
    link: bytes


@dataclass(frozen=True, slots=True)
class Adoption:
    """A row that takes over the heads of another chain, so that they count as contained.

    Args:
        reason: `IMPORT`, or `NEW_LEDGER` for a person's decision to go on without that chain.
        heads: of the other chain.
    """

    reason: str
    heads: tuple[Head, ...]


START = Head(0, sha256(b"coldlever/signer-ledger/2").digest())


def row_bytes(row: Entry | Adoption) -> bytes:
    """The canonical bytes of a row of either kind."""
    if isinstance(row, Adoption):
        return adoption_bytes(row.reason, pack_heads(row.heads))
    columns = (row.nonce, row.what.value, row.action_hash, row.recorded_at, row.description)
    return entry_bytes(row.network.value, row.signer.raw, columns)


def entry_bytes(
    network: str, signer: bytes, columns: tuple[int, str, bytes, int | None, str]
) -> bytes:
    """The canonical bytes of a spent nonce, of what the database holds; called for every row."""
    nonce, what, action_hash, recorded_at, description = columns
    time = b"\0" if recorded_at is None else b"\x01" + recorded_at.to_bytes(8, "big")
    return (
        _ENTRY[what]
        + _named(network)
        + signer
        + nonce.to_bytes(8, "big")
        + action_hash
        + time
        + description.encode("utf-8")
    )


def adoption_bytes(reason: str, heads: bytes) -> bytes:
    """The canonical bytes of heads taken over; ``heads`` as `pack_heads` makes them."""
    return _ADOPTION + _named(reason) + heads


@cache
def _named(word: str) -> bytes:
    return bytes((len(word),)) + word.encode("ascii")


def extend(head: Head, row: bytes) -> Head:
    """The chain's head once this row's canonical bytes are appended."""
    return Head(head.count + 1, sha256(head.link + row).digest())


def pack_heads(heads: Iterable[Head]) -> bytes:
    """Heads as bytes: the count as u64 and the link, one after the other."""
    return b"".join(_HEAD.pack(head.count, head.link) for head in heads)


def unpack_heads(data: bytes) -> tuple[Head, ...]:
    """The heads in what `pack_heads` made; ``data`` is a whole number of them."""
    return tuple(Head(count, link) for count, link in _HEAD.iter_unpack(data))
