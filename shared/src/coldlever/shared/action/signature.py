"""ECDSA signatures over secp256k1: recovering, and the r, s, v on the wire.

libsecp256k1 (through coincurve) does the mathematics: constant time, RFC 6979 nonces, low s.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from coincurve import PublicKey

from coldlever.shared.action.address import Address
from coldlever.shared.action.keccak import keccak256
from coldlever.shared.errors import RuleRefused
from coldlever.shared.reading import JsonValue, Where, as_integer, as_object, describe

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_HALF_ORDER = CURVE_ORDER // 2
V_OFFSET = 27
SECRET_BYTES = 32

_HEX_INTEGER = re.compile(r"0x[0-9a-f]{1,64}")


@dataclass(frozen=True, slots=True)
class Signature:
    """A recoverable signature.

    Args:
        r: 1 to the curve order - 1.
        s: the same range; canonical ones lie in its lower half.
        v: 27 or 28.
    """

    r: int
    s: int
    v: int

    @property
    def is_canonical(self) -> bool:
        """Whether r and s are in range, and s in the lower half of that range (BIP-62, EIP-2)."""
        return 0 < self.r < CURVE_ORDER and 0 < self.s <= _HALF_ORDER and self.v in (27, 28)

    def to_wire(self) -> dict[str, object]:
        """``{"r", "s", "v"}`` with 64 digits each for r and s."""
        return {"r": f"0x{self.r:064x}", "s": f"0x{self.s:064x}", "v": self.v}


def parse_signature(value: JsonValue, where: Where) -> Signature:
    """Read ``{"r", "s", "v"}``; leading zeros of r and s may be missing, as the SDK leaves them.

    Raises:
        InputRefused: wrong form. Whether the values are canonical is `Signature.is_canonical`.
    """
    fields = as_object(value, where, ("r", "s", "v"))
    return Signature(
        _parse_hex_integer(fields["r"], where.key("r")),
        _parse_hex_integer(fields["s"], where.key("s")),
        as_integer(fields["v"], where.key("v"), 27, 28),
    )


def _parse_hex_integer(value: JsonValue, where: Where) -> int:
    if not isinstance(value, str) or _HEX_INTEGER.fullmatch(value) is None:
        raise where.refusal(
            "bad-hex", describe(value), "0x and up to 64 lower-case hexadecimal digits"
        )
    return int(value, 16)


def recover(digest: bytes, signature: Signature) -> Address:
    """The address whose key made ``signature`` over ``digest``.

    Raises:
        RuleRefused: ``signature-invalid`` when no key could have made it.
    """
    try:
        raw = (
            signature.r.to_bytes(32, "big")
            + signature.s.to_bytes(32, "big")
            + bytes([signature.v - V_OFFSET])
        )
        public = PublicKey.from_signature_and_message(raw, digest, hasher=None)
    except (ValueError, OverflowError):
        # r or s beyond 32 bytes, out of range, or an r that is no x coordinate of the curve.
        raise RuleRefused(
            "signature-invalid",
            "no key can have made this signature over this action",
            "sign the request again; do not edit a signed file",
        ) from None
    return address_of(public)


def address_of(public: PublicKey) -> Address:
    """The last 20 bytes of the hash of the public key."""
    return Address(keccak256(public.format(compressed=False)[1:])[12:])
