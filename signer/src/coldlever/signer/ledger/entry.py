"""One line of the signer's memory: which nonce was spent on what."""

from __future__ import annotations

from dataclasses import dataclass

from coldlever.shared.action import Address, Network
from coldlever.shared.action.what import What

HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Entry:
    """One spent nonce.

    Args:
        network: the nonce counts on this network only.
        signer: whose nonce it is.
        nonce: ms since the epoch.
        action_hash: 32 bytes: what it was spent on.
        recorded_at: ms since the epoch, None on a machine without a clock.
        description: the action in words, printable.
        what: a payload, or the revocation of one with this nonce.
    """

    network: Network
    signer: Address
    nonce: int
    action_hash: bytes
    recorded_at: int | None
    description: str
    what: What = What.PAYLOAD
