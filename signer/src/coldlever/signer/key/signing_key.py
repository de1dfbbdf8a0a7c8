"""The key that signs, opened.

Here and not in `coldlever.shared`, so that the online machine does not even hold the class.
"""

from __future__ import annotations

import hmac

from coincurve import PrivateKey

from coldlever.shared.action import Signature
from coldlever.shared.action.signature import CURVE_ORDER, SECRET_BYTES, V_OFFSET, address_of
from coldlever.shared.errors import InputRefused


class SigningKey:
    """A secret key in memory, for as long as one command runs.

    Args:
        secret: 32 bytes, 1 to the curve order - 1.

    Raises:
        InputRefused: ``bad-private-key``; the message never contains the key.
    """

    __slots__ = ("_key", "address")

    def __init__(self, secret: bytes) -> None:
        value = int.from_bytes(secret, "big")
        if len(secret) != SECRET_BYTES or not 0 < value < CURVE_ORDER:
            raise InputRefused(
                "bad-private-key",
                "this is not a secp256k1 private key: expected 32 bytes, above 0 and below "
                "the curve order",
            )
        self._key = PrivateKey(secret)
        self.address = address_of(self._key.public_key)

    def sign(self, digest: bytes) -> Signature:
        """Sign 32 bytes, deterministically (RFC 6979) and with low s."""
        raw = self._key.sign_recoverable(digest, hasher=None)
        return Signature(
            int.from_bytes(raw[:32], "big"),
            int.from_bytes(raw[32:64], "big"),
            raw[64] + V_OFFSET,
        )

    def derive(self, tag: bytes) -> bytes:
        """32 bytes that only this key's owner can compute: HMAC-SHA-256 of a domain tag."""
        return hmac.digest(self._key.secret, tag, "sha256")

    def __repr__(self) -> str:
        return f"SigningKey({self.address})"
