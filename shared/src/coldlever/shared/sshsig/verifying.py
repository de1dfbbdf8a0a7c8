"""Whether a signature is good: stricter than ``ssh-keygen -Y verify``, which passes over flags."""

from __future__ import annotations

from hashlib import sha256

from coldlever.shared.sshsig.edwards import ORDER
from coldlever.shared.sshsig.fields import invalid
from coldlever.shared.sshsig.public_key import APPLICATION, KeyType, PublicKey
from coldlever.shared.sshsig.signature import RawSignature, signed_bytes

_HALF = 32
TOUCH, PIN = 0x01, 0x04


def verify_signature(
    key: PublicKey, namespace: str, message: bytes, raw: RawSignature, *, needs_pin: bool = False
) -> None:
    """Check one signature.

    Args:
        key: who must have signed; sound, as every `PublicKey` is.
        namespace: what for, such as ``approve@coldlever``.
        message: what was signed, exactly.
        raw: the signature.
        needs_pin: a security key must have asked for its PIN too.

    Raises:
        RuleRefused: ``approval-invalid``.
    """
    data = signed_bytes(namespace, message)
    if key.kind.is_security_key:
        data = _attested(data, raw, needs_pin=needs_pin)
    elif raw.flags is not None:
        raise invalid("flags of a security key, which the key is not")
    if key.kind is KeyType.SK_P256:
        _verify_p256(key.point, data, raw.numbers)
    else:
        _verify_ed25519(key.point, data, raw.numbers)


def _attested(data: bytes, raw: RawSignature, *, needs_pin: bool) -> bytes:
    """What a security key signs: the application, what it saw, how often it was used."""
    flags, counter = raw.flags, raw.counter
    if flags is None or counter is None:
        raise invalid("flags and counter of the security key are missing")
    if flags & ~(TOUCH | PIN):
        raise invalid(f"unknown flags {flags:#04x} of the security key")
    if not flags & TOUCH:
        raise invalid("the security key was not touched")
    if needs_pin and not flags & PIN:
        raise invalid("the security key asked for no PIN, and the policy wants one")
    seen = bytes((flags,)) + counter.to_bytes(4, "big")
    return sha256(APPLICATION).digest() + seen + sha256(data).digest()


def _verify_ed25519(point: bytes, data: bytes, numbers: bytes) -> None:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - only for approvals
    from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - the same

    if int.from_bytes(numbers[_HALF:], "little") >= ORDER:
        raise invalid("its S is not reduced: somebody changed it")
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(point).verify(numbers, data)
    except InvalidSignature:
        raise _wrong() from None


def _verify_p256(point: bytes, data: bytes, numbers: bytes) -> None:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - only for approvals
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - the same
    from cryptography.hazmat.primitives.asymmetric import ec, utils  # noqa: PLC0415 - the same

    r, s = (int.from_bytes(part, "big") for part in (numbers[:_HALF], numbers[_HALF:]))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    try:
        key.verify(utils.encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise _wrong() from None


def _wrong() -> Exception:
    return invalid("it is not the key's signature over this statement")
