"""SSHSIG version 1 with sha512: its bytes, and the numbers inside, as one value each."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha512

from coldlever.shared.sshsig.fields import Reader, invalid, natural, string
from coldlever.shared.sshsig.public_key import KeyType, PublicKey, parse_blob

NUMBERS_BYTES = 64
_HALF = NUMBERS_BYTES // 2
_COUNTER_BYTES = 4
SECURITY_KEY_BYTES = NUMBERS_BYTES + 1 + _COUNTER_BYTES
MAX_BYTES = 1024
_MAGIC = b"SSHSIG"
_VERSION = 1
_HASH = b"sha512"
_RESERVED = b""


@dataclass(frozen=True, slots=True)
class RawSignature:
    """What a key has computed, without any envelope.

    Args:
        numbers: 64 bytes: R and S of Ed25519, or r and s of ECDSA with 32 bytes each.
        flags: what a security key says about the touch (bit 0) and the PIN (bit 2); None for
            other keys.
        counter: how often the security key was used, u32; None for other keys.
    """

    numbers: bytes
    flags: int | None = None
    counter: int | None = None

    def pack(self) -> bytes:
        """64 bytes, or 69 from a security key."""
        if self.flags is None or self.counter is None:
            return self.numbers
        return self.numbers + bytes((self.flags,)) + self.counter.to_bytes(_COUNTER_BYTES, "big")


def unpack(data: bytes) -> RawSignature:
    """What `RawSignature.pack` has made.

    Raises:
        RuleRefused: ``approval-invalid`` for another length.
    """
    numbers, rest = data[:NUMBERS_BYTES], data[NUMBERS_BYTES:]
    if len(data) == NUMBERS_BYTES:
        return RawSignature(numbers)
    if len(data) == SECURITY_KEY_BYTES:
        return RawSignature(numbers, rest[0], int.from_bytes(rest[1:], "big"))
    raise invalid(f"it has {len(data)} bytes, not {NUMBERS_BYTES} or {SECURITY_KEY_BYTES}")


@dataclass(frozen=True, slots=True)
class SshSig:
    """A signature with the key and the namespace that it names; nothing is verified yet.

    Args:
        key: who says to have signed.
        namespace: what for.
        raw: the signature itself.
    """

    key: PublicKey
    namespace: str
    raw: RawSignature

    def to_blob(self) -> bytes:
        """The bytes that `parse_sshsig` reads."""
        return (
            _MAGIC
            + _VERSION.to_bytes(4, "big")
            + string(self.key.blob)
            + string(self.namespace.encode("ascii"))
            + string(_RESERVED)
            + string(_HASH)
            + string(_signature_blob(self.key.kind, self.raw))
        )


def signed_bytes(namespace: str, message: bytes) -> bytes:
    """What a key signs when it signs ``message``."""
    return (
        _MAGIC
        + string(namespace.encode("ascii"))
        + string(_RESERVED)
        + string(_HASH)
        + string(sha512(message).digest())
    )


def parse_sshsig(blob: bytes) -> SshSig:
    """Read a signature.

    Raises:
        RuleRefused: ``approval-invalid`` for another version, hash or key type, trailing bytes or
            anything else that ssh-keygen would not write; ``weak-key``.
    """
    if len(blob) > MAX_BYTES:
        raise invalid("it is too long")
    reader = Reader(blob)
    if reader.take(len(_MAGIC)) != _MAGIC:
        raise invalid("it does not begin with SSHSIG")
    version = reader.u32()
    if version != _VERSION:
        raise invalid(f"version {version}, expected {_VERSION}")
    key = parse_blob(reader.string())
    namespace = _ascii(reader.string())
    if reader.string() != _RESERVED:
        raise invalid("its reserved field is not empty")
    if reader.string() != _HASH:
        raise invalid("it is not over sha512")
    raw = _parse_signature(key.kind, reader.string())
    reader.end()
    return SshSig(key, namespace, raw)


def _ascii(raw: bytes) -> str:
    if not raw or not all(0x21 <= byte <= 0x7E for byte in raw):  # noqa: PLR2004 - ASCII that shows
        raise invalid("its namespace is not plain ASCII")
    return raw.decode("ascii")


def _signature_blob(kind: KeyType, raw: RawSignature) -> bytes:
    name = string(kind.value.encode("ascii"))
    if kind is KeyType.ED25519:
        return name + string(raw.numbers)
    numbers = raw.numbers
    if kind is KeyType.SK_P256:
        r, s = numbers[:_HALF], numbers[_HALF:]
        numbers = natural(int.from_bytes(r, "big")) + natural(int.from_bytes(s, "big"))
    return name + string(numbers) + raw.pack()[NUMBERS_BYTES:]


def _parse_signature(kind: KeyType, blob: bytes) -> RawSignature:
    reader = Reader(blob)
    if reader.string() != kind.value.encode("ascii"):
        raise invalid("key and signature are of different types")
    numbers = reader.string()
    if kind is KeyType.SK_P256:
        numbers = _parse_numbers(numbers)
    if len(numbers) != NUMBERS_BYTES:
        raise invalid(f"its numbers have {len(numbers)} bytes")
    flags = counter = None
    if kind.is_security_key:
        flags, counter = reader.take(1)[0], reader.u32()
    reader.end()
    return RawSignature(numbers, flags, counter)


def _parse_numbers(blob: bytes) -> bytes:
    reader = Reader(blob)
    r, s = reader.natural(), reader.natural()
    reader.end()
    if max(r, s).bit_length() > 8 * _HALF:
        raise invalid("a number is too large")
    return r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")
