"""The chain that the ledger's rows form: each link is a hash over the link before and its row.

Nothing can be changed, taken out or put in between without the links behind it changing too. The
bytes are fixed in docs/formats.md.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from coldlever.signer.ledger.entry import Entry

LINK_BYTES = 32
IMPORT = "import"
NEW_LEDGER = "new-ledger"

_ENTRY = b"\x01"
_ADOPTION = b"\x02"
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
        return b"".join((_ADOPTION, _named(row.reason), pack_heads(row.heads)))
    time = row.recorded_at
    return b"".join(
        (
            _ENTRY,
            _named(row.network.value),
            row.signer.raw,
            row.nonce.to_bytes(8, "big"),
            row.action_hash,
            b"\0" if time is None else b"\x01" + time.to_bytes(8, "big"),
            row.description.encode("utf-8"),
        )
    )


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
