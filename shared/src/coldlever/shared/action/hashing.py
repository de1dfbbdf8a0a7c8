"""Action hash and EIP-712 digest of an L1 action.

Source: the exchange's signing scheme as its official SDK implements it.

    action_hash = keccak256(msgpack(action) || nonce u64 || vault tag || expiry tag)
    digest      = keccak256(0x1901 || domain separator || keccak256(Agent(source, action_hash)))
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgpack

from coldlever.shared.action.keccak import keccak256 as keccak256  # noqa: PLC0414 - part of this module's surface
from coldlever.shared.action.network import Network

if TYPE_CHECKING:
    from coldlever.shared.action.actions import Action
    from coldlever.shared.action.address import Address

_NO_VAULT = b"\x00"
_VAULT_FOLLOWS = b"\x01"
_EXPIRY_FOLLOWS = b"\x00"

_DOMAIN_SEPARATOR = keccak256(
    keccak256(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
    + keccak256(b"Exchange")
    + keccak256(b"1")
    + (1337).to_bytes(32, "big")
    + bytes(32)
)
_AGENT_TYPE = keccak256(b"Agent(string source,bytes32 connectionId)")
# Everything of the two struct hashes that does not change from action to action.
_AGENT_PREFIX = {
    network: _AGENT_TYPE + keccak256(network.source.encode("ascii")) for network in Network
}
_DIGEST_PREFIX = b"\x19\x01" + _DOMAIN_SEPARATOR


def hash_wire_action(
    wire: Mapping[str, object], nonce: int, vault: Address | None, expires_after: int | None
) -> bytes:
    """Hash an action given as a mapping, keys in the mapping's own order.

    Args:
        wire: the action; its key order is part of the hash.
        nonce: milliseconds since the epoch, u64.
        vault: the vault or sub-account acted for, or None.
        expires_after: milliseconds since the epoch, u64, or None.

    Returns:
        32 bytes: the ``connectionId`` of the signed ``Agent`` struct.
    """
    packed: bytes = msgpack.packb(wire)
    data = packed + nonce.to_bytes(8, "big")
    data += _NO_VAULT if vault is None else _VAULT_FOLLOWS + vault.raw
    if expires_after is not None:
        data += _EXPIRY_FOLLOWS + expires_after.to_bytes(8, "big")
    return keccak256(data)


def action_hash(
    action: Action, nonce: int, vault: Address | None, expires_after: int | None
) -> bytes:
    """Hash one of the actions; arguments and result as `hash_wire_action`."""
    return hash_wire_action(action.to_wire(), nonce, vault, expires_after)


def agent_digest(network: Network, action_hash: bytes) -> bytes:
    """The 32 bytes that get signed.

    Args:
        network: decides the ``source`` field, and so binds the signature to one network.
        action_hash: 32 bytes.
    """
    return keccak256(_DIGEST_PREFIX + keccak256(_AGENT_PREFIX[network] + action_hash))
