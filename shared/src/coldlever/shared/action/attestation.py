"""What attestors of a policy say about markets, as data; nothing is verified here.

A table carries the attestations of all its markets. A request carries those of its own market
alone: the attestations, and the way from its line to the one digest that they are over.
"""

from __future__ import annotations

from dataclasses import dataclass

from coldlever.shared.reading import (
    U32_MAX,
    JsonValue,
    Where,
    as_integer,
    as_object,
    as_string,
    elements,
)
from coldlever.shared.reading.fields import as_bytes
from coldlever.shared.reading.hexadecimal import to_0x

HASH_BYTES = 32
# As SSHSIG's: of an ordinary key, and of a security key with flags and counter.
_SIGNATURE_BYTES = (64, 69)
_KEY_ID_BYTES = 8
_MAX_ATTESTATIONS = 20
# Enough for as many markets as there are asset ids.
_MAX_PATH = 32


@dataclass(frozen=True, slots=True)
class Attestation:
    """One attestor's signature over a list of markets.

    Args:
        key_id: 8 bytes: which key of the policy.
        signature: 64 bytes, or 69 of a security key.
    """

    key_id: bytes
    signature: bytes

    def to_wire(self) -> dict[str, object]:
        """As JSON."""
        return {"keyId": to_0x(self.key_id), "signature": to_0x(self.signature)}


@dataclass(frozen=True, slots=True)
class MarketProof:
    """That one market stands in a list which attestors have signed.

    Args:
        markets: how many markets the list has.
        position: which of them it is, from 0.
        path: digests of the other branches, from its own line upwards.
        attestations: over the whole list, at least one.
    """

    markets: int
    position: int
    path: tuple[bytes, ...]
    attestations: tuple[Attestation, ...]

    def to_wire(self) -> dict[str, object]:
        """As JSON."""
        return {
            "markets": self.markets,
            "position": self.position,
            "path": [to_0x(digest) for digest in self.path],
            "attestations": [one.to_wire() for one in self.attestations],
        }


def merge_attestations(*groups: tuple[Attestation, ...]) -> tuple[Attestation, ...]:
    """All of them once, in the order in which they are written."""
    return tuple(sorted({one for group in groups for one in group}, key=_order))


def parse_attestations(value: JsonValue, where: Where) -> tuple[Attestation, ...]:
    """An ``attestations`` array, at least one, ascending by key id and signature.

    Raises:
        InputRefused: malformed; ``wrong-order``.
    """
    found = tuple(_parse(element, place) for element, place in elements(value, where))
    if not 1 <= len(found) <= _MAX_ATTESTATIONS:
        raise where.refusal("wrong-length", f"{len(found)} of them", f"1 to {_MAX_ATTESTATIONS}")
    if found != merge_attestations(found):
        raise where.refusal(
            "wrong-order", "another order, or one twice", "ascending by keyId, each once"
        )
    return found


def parse_proof(fields: dict[str, JsonValue], where: Where) -> MarketProof | None:
    """The ``marketProof`` of a request, which goes with its ``market``.

    Raises:
        InputRefused: malformed, or there is no market.
    """
    value, place = fields.get("marketProof"), where.key("marketProof")
    if value is None:
        return None
    if fields.get("market") is None:
        raise where.refusal("missing-key", 'no key "market"', "it, beside its marketProof")
    parts = as_object(value, place, ("markets", "position", "path", "attestations"))
    markets = as_integer(parts["markets"], place.key("markets"), 1, U32_MAX)
    path = tuple(
        as_bytes(element, spot, HASH_BYTES)
        for element, spot in elements(parts["path"], place.key("path"))
    )
    if len(path) > _MAX_PATH:
        raise place.key("path").refusal("wrong-length", f"{len(path)} of them", f"{_MAX_PATH}")
    return MarketProof(
        markets,
        as_integer(parts["position"], place.key("position"), 0, markets - 1),
        path,
        parse_attestations(parts["attestations"], place.key("attestations")),
    )


def _parse(value: JsonValue, where: Where) -> Attestation:
    fields = as_object(value, where, ("keyId", "signature"))
    place = where.key("signature")
    usual, longest = _SIGNATURE_BYTES
    text = as_string(fields["signature"], place, 2 + 2 * longest, "a signature")
    size = longest if len(text) > 2 + 2 * usual else usual
    return Attestation(
        as_bytes(fields["keyId"], where.key("keyId"), _KEY_ID_BYTES),
        as_bytes(fields["signature"], place, size),
    )


def _order(one: Attestation) -> tuple[bytes, bytes]:
    return (one.key_id, one.signature)
