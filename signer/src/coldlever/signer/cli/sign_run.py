"""A run of `sign` once its requests and its keystore are read: leave, record, sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coldlever.shared.action import Address
from coldlever.shared.audit.chain_head import ChainHead
from coldlever.shared.cli.state_folder import make_folder
from coldlever.shared.policy import Approved
from coldlever.signer.cli.ledger_guard import Consent, agree_on_ledger, guard, heads_of
from coldlever.signer.key import SigningKey
from coldlever.signer.leave import Bond
from coldlever.signer.ledger import ConfirmedCoin, Ledger
from coldlever.signer.rules import Placed
from coldlever.signer.signing import Signed, ledger_entries, sign_requests


@dataclass(frozen=True, slots=True)
class Done:
    """What a run has come to.

    Args:
        signed: in order.
        leave: by which policy.
        audit: how far the audit chain reaches now.
    """

    signed: tuple[Signed, ...]
    leave: tuple[Approved, ...]
    audit: ChainHead


@dataclass(frozen=True, slots=True)
class SignRun:
    """What a run goes by once its requests and its keystore are read.

    Args:
        keystore: the keystore's file.
        ledger_file: the ledger's file.
        bond: the policy in force.
        consent: the options that agree to something.
    """

    keystore: Path
    ledger_file: Path
    bond: Bond
    consent: Consent

    def seek(
        self, requests: Sequence[Placed], signer: Address, now: int | None
    ) -> tuple[Approved, ...]:
        """Leave of the policy, by the ledger as it is."""
        with Ledger.open_existing(self.ledger_file) as ledger:
            return self.bond.seek(requests, signer, ledger, now)

    def foresee(
        self, requests: Sequence[Placed], signer: Address, now: int | None
    ) -> tuple[tuple[Approved, ...], bool]:
        """Leave of the policy, and whether a person agreed that the ledger is a new one."""
        leave = self.seek(requests, signer, now)
        heads = heads_of(signer, self.keystore, self.ledger_file.parent)
        with Ledger.open_existing(self.ledger_file) as ledger:
            entries = ledger_entries(requests, signer, now)
            return leave, agree_on_ledger(ledger, heads, entries, self.consent)

    def sign(
        self,
        requests: Sequence[Placed],
        key: SigningKey,
        coins: Sequence[ConfirmedCoin],
        now: int | None,
        *,
        is_new: bool | None,
    ) -> Done:
        """Record what was agreed to, then sign it."""
        make_folder(self.ledger_file.parent)
        heads = heads_of(key.address, self.keystore, self.ledger_file.parent)
        with Ledger.open(self.ledger_file) as ledger:
            if is_new is None:
                entries = ledger_entries(requests, key.address, now)
                is_new = agree_on_ledger(ledger, heads, entries, self.consent)
            # Again and for good: approvals end, and another run may have spent the day's changes.
            leave = self.bond.seek(requests, key.address, ledger, now)
            ledger.remember_coins(coins)
            self.bond.mark(requests, ledger, key.address)
            recorder = guard(ledger, heads, key, is_new=is_new)
            signed = sign_requests(requests, key, recorder, now, leave)
            return Done(signed, leave, ledger.audit.head())
