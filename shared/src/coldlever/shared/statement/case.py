"""What is put before the people who approve: one request, or a batch as one list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from coldlever.shared.action import Address, Network, Signable
from coldlever.shared.action.time_rules import NONCE_PAST_MS
from coldlever.shared.errors import RuleRefused


@dataclass(frozen=True, slots=True)
class Case:
    """Requests that are approved together.

    Args:
        signer: who signs all of them.
        account: whose setting they are said to change, where they say so; None otherwise.
        signables: what gets signed, in order, at least one.
        is_batch: an array, even of one.
    """

    signer: Address
    account: Address | None
    signables: tuple[Signable, ...]
    is_batch: bool

    @property
    def network(self) -> Network:
        """The one network of all."""
        return self.signables[0].network

    @property
    def vault(self) -> Address | None:
        """The one vault or sub-account of all, or None."""
        return self.signables[0].vault

    @property
    def acted_for(self) -> Address:
        """The account that they change, as far as the documents tell: the signer's own at last."""
        return self.vault or self.account or self.signer

    @property
    def subject(self) -> bytes:
        """32 bytes that name the case: the digest, or a hash over all digests of a batch."""
        digests = [signable.digest() for signable in self.signables]
        return sha256(b"".join(digests)).digest() if self.is_batch else digests[0]

    @property
    def end(self) -> int:
        """When the last of them can no longer be posted, ms since the epoch."""
        return max(end_of(signable) for signable in self.signables)


def end_of(signable: Signable) -> int:
    """When it can no longer be posted, ms since the epoch: its expiry, or its nonce's window."""
    last = signable.nonce + NONCE_PAST_MS
    return last if signable.expires_after is None else min(last, signable.expires_after)


def case_of(
    items: Sequence[tuple[Signable, Address | None, Address | None]], *, is_batch: bool
) -> Case:
    """The case that these requests are.

    Args:
        items: each with its signer and the account that it names; at least one.
        is_batch: they stand in an array.

    Raises:
        RuleRefused: ``signer-missing``, or ``batch-mixed`` when a batch has several networks,
            signers or accounts: one list cannot say that in its head.
    """
    signables = tuple(signable for signable, _, _ in items)
    _, signer, account = items[0]
    if signer is None:
        raise RuleRefused(
            "signer-missing",
            "nothing says who will sign, and an approval is for one signer",
            "draft the request again: a draft names its signer",
        )
    heads = {(one.network, one.vault, who, whose) for one, who, whose in items}
    if len(heads) > 1:
        raise RuleRefused(
            "batch-mixed",
            "one approval is for one network, one signer and one account, and this batch has "
            "several",
            "draft a file for each, and have each approved",
        )
    return Case(signer, account, signables, is_batch)
