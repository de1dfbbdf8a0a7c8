"""From reviewed requests to signed payloads: check, record, sign, recover.

Nothing here reads a file, asks a person or looks at a clock. The requests that come in are the
frozen objects that were reviewed, so what was shown is what gets signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from coldlever.shared.action import Address, Signature
from coldlever.shared.action.signature import recover
from coldlever.shared.errors import EnvironmentFault, RuleRefused
from coldlever.shared.message import SignedPayload
from coldlever.shared.policy import Approved
from coldlever.signer.events import signed_events
from coldlever.signer.ledger import Entry
from coldlever.signer.ledger.store import Tell
from coldlever.signer.rules import Placed, require_distinct_nonces, require_signer

_SIZING_SIGNATURE = Signature(1, 1, 27)


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature made.

    Args:
        payload: the action with its signature, signer and action hash.
        is_repeat: whether this very request had been signed before.
    """

    payload: SignedPayload
    is_repeat: bool


class Key(Protocol):
    """What signs; `coldlever.signer.key.signing_key.SigningKey` in earnest."""

    @property
    def address(self) -> Address:
        """Whose key it is."""

    def sign(self, digest: bytes) -> Signature:
        """Sign 32 bytes."""


class Recorder(Protocol):
    """What remembers spent nonces; `coldlever.signer.ledger.store.Ledger` in earnest."""

    def record(self, entries: Sequence[Entry], tell: Tell) -> tuple[bool, ...]:
        """Spend nonces durably, all or none; says which were spent on the same request before.

        Args:
            entries: in order.
            tell: the events of it, by what this returns; they are recorded in the same step.
        """


def ledger_entries(
    requests: Sequence[Placed], signer: Address, now: int | None
) -> tuple[Entry, ...]:
    """The rows that signing these requests will add to the ledger."""
    return tuple(
        Entry(
            placed.request.signable.network,
            signer,
            placed.request.signable.nonce,
            placed.request.signable.action_hash(),
            now,
            placed.review.summary,
            placed.request.signable.what,
        )
        for placed in requests
    )


def sign_requests(
    requests: Sequence[Placed],
    key: Key,
    recorder: Recorder,
    now: int | None,
    leave: Sequence[Approved],
) -> tuple[Signed, ...]:
    """Record all requests, then sign each and recover the signer from the signature.

    Args:
        requests: reviewed and agreed to.
        key: the opened key.
        recorder: the ledger; it has everything on the disk before the first signature is made.
        now: the time to note beside the entries, ms since the epoch; None without a clock.
        leave: of the policy in force, or for want of one; it must cover every request.

    Raises:
        TypeError, ValueError: without leave.
        RuleRefused: ``nonce-repeated``, ``signer-mismatch``, ``nonce-used`` or ``nonce-too-low``.
        EnvironmentFault: from the ledger, or ``signature-faulty``.
    """
    _require_leave(requests, leave)
    require_distinct_nonces(requests)
    require_signer(requests, key.address)
    repeats = recorder.record(
        ledger_entries(requests, key.address, now),
        lambda known: signed_events(requests, key.address, leave, now, known),
    )
    return tuple(
        Signed(_sign(placed, key), is_repeat)
        for placed, is_repeat in zip(requests, repeats, strict=True)
    )


def _require_leave(requests: Sequence[Placed], leave: Sequence[Approved]) -> None:
    if not all(type(one) is Approved for one in leave):
        raise TypeError("only what the judge has approved is signed")
    covered = frozenset[bytes]().union(*(one.digests for one in leave))
    if not all(placed.request.signable.digest() in covered for placed in requests):
        raise ValueError("approved for other requests")


def _sign(placed: Placed, key: Key) -> SignedPayload:
    signable = placed.request.signable
    digest = signable.digest()
    signature = key.sign(digest)
    # A flipped bit or a broken library would make a signature that belongs to nobody, or, worse,
    # one that gives the key away. It must not leave the process.
    if not _belongs_to(key.address, digest, signature):
        raise EnvironmentFault(
            "signature-faulty",
            f"{placed.where}: this machine computed a signature that is not the key's; no payload "
            "leaves it, though the nonces of this run are recorded as spent on these requests",
            "do not sign on this machine: its memory or its installation is damaged",
        )
    return SignedPayload(
        signable,
        signature,
        key.address,
        signable.action_hash(),
        placed.request.account,
        placed.request.approvals,
    )


def _belongs_to(address: Address, digest: bytes, signature: Signature) -> bool:
    try:
        return signature.is_canonical and recover(digest, signature) == address
    except RuleRefused:
        return False


def unsigned_twin(placed: Placed, signer: Address) -> SignedPayload:
    """A payload as long as the signed one will be, to find out sizes before anything is signed."""
    signable = placed.request.signable
    return SignedPayload(
        signable,
        _SIZING_SIGNATURE,
        signer,
        signable.action_hash(),
        placed.request.account,
        placed.request.approvals,
    )
