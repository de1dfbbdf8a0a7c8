"""Approvals inside QR codes: which key and what it signed; the rest is rebuilt by who checks."""

from __future__ import annotations

from typing import Any

from coldlever.shared.action.attestation import HASH_BYTES
from coldlever.shared.compact.fields import INTEGER, Choice, Field, Packed, Record
from coldlever.shared.compact.strict_cbor import CborValue
from coldlever.shared.reading import JsonValue, Where
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.shared.sshsig.public_key import KEY_ID_BYTES
from coldlever.shared.sshsig.signature import NUMBERS_BYTES, SECURITY_KEY_BYTES
from coldlever.shared.statement.approval import Decision

_SIGNED = "signature"
_SIZES = (KEY_ID_BYTES + NUMBERS_BYTES, KEY_ID_BYTES + SECURITY_KEY_BYTES)
_KEY_ID_END = 2 + 2 * KEY_ID_BYTES
_USUAL = Decision.APPROVE.value
DECISION = Choice((_USUAL, Decision.REJECT.value, Decision.PROPOSE.value))


class _KeyAndSignature:
    """Both as one text of digits, behind 0x."""

    def to_cbor(self, value: Any) -> CborValue:
        """As bytes."""
        return bytes.fromhex(value[2:])

    def to_json(self, value: CborValue, where: Where) -> JsonValue:
        """As digits."""
        if not isinstance(value, bytes) or len(value) not in _SIZES:
            sizes = f"{_SIZES[0]} or {_SIZES[1]} bytes"
            raise where.refusal("wrong-length", "something else", sizes)
        return to_0x(value)


APPROVAL = Record(
    "approval",
    Field(0, _SIGNED, _KeyAndSignature(), required=True),
    Field(1, "decision", DECISION),
    Field(2, "round", INTEGER),
    Field(3, "notAfter", INTEGER),
    Field(4, "requests", INTEGER),
)


class Approvals:
    """An array of approvals: 0 is key id and signature as one, and ``approve`` is left out."""

    def to_cbor(self, value: Any) -> CborValue:
        """Without the policy's name and the lines of a batch."""
        return [_pack(one) for one in value]

    def to_json(self, value: CborValue, where: Where) -> JsonValue:
        """As ``approvals`` of a JSON document."""
        if not isinstance(value, list):
            raise where.refusal("wrong-type", "no array", "an array of approvals")
        return [_unpack(one, where.index(number)) for number, one in enumerate(value)]


def _pack(wire: dict[str, Any]) -> CborValue:
    members = {**wire, _SIGNED: wire["keyId"] + wire["signature"][2:]}
    if members["decision"] == _USUAL:
        del members["decision"]
    return APPROVAL.to_cbor(members)


def _unpack(value: CborValue, where: Where) -> JsonValue:
    members: dict[str, Any] = APPROVAL.to_json(value, where)
    packed = members[_SIGNED]
    parts = {"keyId": packed[:_KEY_ID_END], _SIGNED: "0x" + packed[_KEY_ID_END:]}
    return {"decision": _USUAL, **members, **parts}


class Attestations:
    """An array of attestations, each key id and signature as one byte string."""

    def to_cbor(self, value: Any) -> CborValue:
        """As byte strings."""
        return [bytes.fromhex(one["keyId"][2:] + one[_SIGNED][2:]) for one in value]

    def to_json(self, value: CborValue, where: Where) -> JsonValue:
        """As ``attestations`` of a JSON document."""
        if not isinstance(value, list):
            raise where.refusal("wrong-type", "no array", "an array of attestations")
        both = _KeyAndSignature()
        texts = [str(both.to_json(one, where.index(at))) for at, one in enumerate(value)]
        return [{"keyId": text[:_KEY_ID_END], _SIGNED: "0x" + text[_KEY_ID_END:]} for text in texts]


class Path:
    """Digests one behind the other, in one byte string."""

    def to_cbor(self, value: Any) -> CborValue:
        """As bytes."""
        return b"".join(bytes.fromhex(digest[2:]) for digest in value)

    def to_json(self, value: CborValue, where: Where) -> JsonValue:
        """As an array of digests."""
        if not isinstance(value, bytes) or len(value) % HASH_BYTES:
            raise where.refusal("wrong-length", "something else", f"{HASH_BYTES} bytes a digest")
        return [to_0x(value[at : at + HASH_BYTES]) for at in range(0, len(value), HASH_BYTES)]


DIGEST = Packed(32, "32 bytes", lambda text: bytes.fromhex(text[2:]), to_0x)
