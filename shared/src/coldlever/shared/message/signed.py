"""Signed payloads: what the signer hands out and the broadcaster posts.

The envelope (`coldlever/signed`) claims a network, a signer and an action hash beside the body
that is posted. `verify` recomputes all three; nothing is taken on the envelope's word.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from coldlever.shared.action import Address, Network, Signable, Signature
from coldlever.shared.action.address import as_address
from coldlever.shared.action.hashing import agent_digest
from coldlever.shared.action.market import describe_kind, parse_network, require_agreed_network
from coldlever.shared.action.signable import parse_signable
from coldlever.shared.action.signature import parse_signature, recover
from coldlever.shared.errors import InputRefused, RuleRefused
from coldlever.shared.message.account import parse_account
from coldlever.shared.message.revocation import require_bare
from coldlever.shared.reading import (
    JsonValue,
    Where,
    as_choice,
    as_integer,
    as_object,
    describe,
    elements,
    loads,
)
from coldlever.shared.reading.fields import as_bytes
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.shared.statement.approval import Approval, approval_wire, parse_approvals

KIND = "coldlever/signed"
VERSION = 1

_ENVELOPE = ("kind", "version", "network", "signer", "actionHash", "payload", "approvals")
_BODY = ("action", "nonce", "signature")


@dataclass(frozen=True, slots=True)
class SignedPayload:
    """A signed action with what its envelope claims about it.

    Args:
        signable: network and hashed content.
        signature: over `signable`'s digest.
        signer: the claimed signer; None for a bare body, which claims nobody.
        claimed_hash: the claimed action hash, 32 bytes; None for a bare body.
        account: whose setting it is claimed to change, or None.
        approvals: what people have said about it; of a batch they stand at its first payload.
    """

    signable: Signable
    signature: Signature
    signer: Address | None
    claimed_hash: bytes | None
    account: Address | None = None
    approvals: tuple[Approval, ...] = ()

    def body(self) -> bytes:
        """The exact bytes that are posted to the exchange."""
        return json.dumps(self.body_wire(), separators=(",", ":")).encode("ascii")

    def body_wire(self) -> dict[str, object]:
        """The posted body as a JSON object, always with both optional keys."""
        signable = self.signable
        return {
            "action": signable.action.to_wire(),
            "nonce": signable.nonce,
            "signature": self.signature.to_wire(),
            "vaultAddress": None if signable.vault is None else signable.vault.lower,
            "expiresAfter": signable.expires_after,
        }

    def to_wire(self) -> dict[str, object]:
        """The ``coldlever/signed`` document, with the recovered signer where none was claimed."""
        signer = self.signer if self.signer is not None else self.recovered_signer()
        wire: dict[str, object] = {
            "kind": KIND,
            "version": VERSION,
            "network": self.signable.network.value,
            "signer": signer.checksummed,
            "actionHash": to_0x(self.signable.action_hash()),
            "payload": self.body_wire(),
            "approvals": [approval_wire(one) for one in self.approvals],
        }
        if self.account is not None:
            wire["account"] = self.account.checksummed
        return wire

    def recovered_signer(self) -> Address:
        """Whose key made the signature.

        Raises:
            RuleRefused: ``signature-invalid`` when no key could have made it.
        """
        return recover(self.signable.digest(), self.signature)


@dataclass(frozen=True, slots=True)
class SignedFile:
    """The payloads of one file, in order.

    Args:
        payloads: at least one.
        is_batch: True when the file held an array.
    """

    payloads: tuple[SignedPayload, ...]
    is_batch: bool

    def placed(self, where: Where) -> list[tuple[SignedPayload, Where]]:
        """Each payload with its place, for error messages."""
        return where.spread(self.payloads, is_batch=self.is_batch)


def load_signed(data: bytes, source: str, network: Network | None = None) -> SignedFile:
    """Read a file of signed payloads or bare bodies.

    Args:
        data: the file's bytes.
        source: its name, for error messages.
        network: from ``--network``: needed for bare bodies, checked against envelopes.

    Raises:
        InputRefused: malformed, or something else than a signed payload.
        RuleRefused: ``network-mismatch``.
    """
    return parse_signed(loads(data, source), Where(source), network)


def parse_signed(value: JsonValue, where: Where, network: Network | None = None) -> SignedFile:
    """As `load_signed`, from a JSON value."""
    if not isinstance(value, list):
        return SignedFile((_parse_payload(value, where, network),), is_batch=False)
    if not value:
        raise where.refusal("empty-batch", "an empty array", "at least one signed payload")
    payloads = tuple(
        _parse_payload(element, place, network) for element, place in elements(value, where)
    )
    return SignedFile(payloads, is_batch=True)


def require_claimed_hash(payload: SignedPayload) -> bytes:
    """Refuse a payload that claims another action hash than its content has.

    Returns:
        The action hash, 32 bytes.

    Raises:
        RuleRefused: ``action-hash-mismatch``.
    """
    actual = payload.signable.action_hash()
    if payload.claimed_hash is not None and payload.claimed_hash != actual:
        raise RuleRefused(
            "action-hash-mismatch",
            f"the payload claims the action hash {to_0x(payload.claimed_hash)}, its content has "
            f"{to_0x(actual)}",
            "the file was changed after signing: ask the signer for it again",
        )
    return actual


@dataclass(frozen=True, slots=True)
class Verified:
    """What a payload is proven to be.

    Args:
        signer: recovered.
        action_hash: 32 bytes.
        digest: the 32 bytes that were signed.
    """

    signer: Address
    action_hash: bytes
    digest: bytes


def verify(payload: SignedPayload, expected_signer: Address | None = None) -> Address:
    """The signer by `prove`, whose arguments and refusals are the same."""
    return prove(payload, expected_signer).signer


def prove(payload: SignedPayload, expected_signer: Address | None = None) -> Verified:
    """Check everything about a payload that needs no network.

    Args:
        payload: envelope or bare body.
        expected_signer: who should have signed, from ``--signer``.

    Raises:
        RuleRefused: ``action-hash-mismatch``, ``signature-not-canonical``, ``signature-invalid`` or
            ``signer-mismatch``.
    """
    actual = require_claimed_hash(payload)
    if not payload.signature.is_canonical:
        raise RuleRefused(
            "signature-not-canonical",
            "the signature is not in canonical form (r and s in range, s in the lower half)",
            "the file was changed after signing: ask the signer for it again",
        )
    digest = agent_digest(payload.signable.network, actual)
    recovered = recover(digest, payload.signature)
    for claimed in (payload.signer, expected_signer):
        if claimed is not None and claimed != recovered:
            raise RuleRefused(
                "signer-mismatch",
                f"the signature was made by {recovered}, not by {claimed}",
                "the file was changed after signing, or signed for the other network",
            )
    return Verified(recovered, actual, digest)


def _parse_payload(value: JsonValue, where: Where, option: Network | None) -> SignedPayload:
    if not isinstance(value, dict):
        raise where.refusal("not-signed", describe(value), "a signed payload")
    if "kind" not in value:
        return _parse_bare_body(value, where, option)
    if value["kind"] != KIND:
        raise where.refusal("not-signed", describe_kind(value), f'one of kind "{KIND}"')
    fields = as_object(value, where, _ENVELOPE, ("account",))
    as_choice(fields["kind"], where.key("kind"), (KIND,))
    as_integer(fields["version"], where.key("version"), VERSION, VERSION)
    network = parse_network(fields["network"], where.key("network"))
    require_agreed_network(network, option, where, "payload")
    signable, signature = _parse_body(fields["payload"], where.key("payload"), network)
    require_bare(fields, where, signable)
    return SignedPayload(
        signable,
        signature,
        as_address(fields["signer"], where.key("signer")),
        as_bytes(fields["actionHash"], where.key("actionHash"), 32),
        parse_account(fields, where, signable),
        parse_approvals(fields["approvals"], where.key("approvals")),
    )


def _parse_bare_body(
    value: dict[str, JsonValue], where: Where, network: Network | None
) -> SignedPayload:
    if "action" in value and "signature" not in value:
        raise where.refusal("not-signed", "an unsigned request", "a signed payload")
    if network is None and "signature" in value:
        raise InputRefused(
            "network-missing",
            f"{where}: a bare body does not say for which network it was signed",
            "add --network mainnet or --network testnet",
        )
    if network is None:
        raise where.refusal("not-signed", "an object without a signature", "a signed payload")
    signable, signature = _parse_body(value, where, network)
    return SignedPayload(signable, signature, None, None)


def _parse_body(value: JsonValue, where: Where, network: Network) -> tuple[Signable, Signature]:
    fields = as_object(value, where, _BODY, ("vaultAddress", "expiresAfter"))
    signable = parse_signable(fields, where, network)
    return signable, parse_signature(fields["signature"], where.key("signature"))
