"""Which policy binds a key, and whether the requests of a run keep it and are approved.

Nothing here reads a file or asks a person. Without a policy every request has leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from coldlever.shared.action import Address, Network
from coldlever.shared.action.what import What
from coldlever.shared.errors import RuleRefused
from coldlever.shared.policy import (
    Approved,
    Circumstances,
    Policy,
    daily_problem,
    judge,
    load_policy,
    no_policy,
    to_revoke,
)
from coldlever.shared.policy.docket import Hearing, Item, Sheet, hearings
from coldlever.shared.policy.saying import bare
from coldlever.shared.statement import PolicyRef
from coldlever.signer.key import Keystore
from coldlever.signer.ledger import Ledger, PolicyMark
from coldlever.signer.ledger.policies import require_current
from coldlever.signer.rules import Placed


@dataclass(frozen=True, slots=True)
class Bond:
    """What a key may sign under.

    Args:
        policy: in force, or None.
        sealed: what the keystore is sealed to, or None; a policy beside it leaves no mark.
        sheets: approvals that came in files of their own.
        is_batch: the requests stand in an array.
    """

    policy: Policy | None
    sealed: PolicyRef | None
    sheets: tuple[Sheet, ...]
    is_batch: bool

    def attach(self, requests: Sequence[Placed]) -> tuple[Placed, ...]:
        """The requests with all approvals that are about them, as they travel on.

        Raises:
            RuleRefused: ``approval-invalid``, ``signer-missing`` or ``batch-mixed``.
        """
        if self.policy is None and not self.sheets:
            return tuple(requests)
        placed = list(requests)
        for one in self._hear(requests):
            for position in one.positions:
                said = one.approvals if position == one.first else ()
                slim = tuple(bare(each) if one.case.is_batch else each for each in said)
                request = replace(placed[position].request, approvals=slim)
                placed[position] = replace(placed[position], request=request)
        return tuple(placed)

    def seek(
        self, requests: Sequence[Placed], signer: Address, ledger: Ledger, now: int | None
    ) -> tuple[Approved, ...]:
        """Leave to sign. Revocations have it whatever the policy says.

        Args:
            requests: that name their signer.
            signer: whose key it is.
            ledger: open.
            now: the time to judge by, ms since the epoch; None without a clock.

        Raises:
            RuleRefused: ``policy-refused``, ``approvals-missing``, ``approval-invalid``,
                ``policy-mismatch`` or ``policy-older``.
        """
        policy = self.policy
        revoking = to_revoke([placed.request.signable for placed in requests])
        changes = _changes(requests)
        if not changes:
            return revoking
        require_current(ledger.policy_mark(signer), self.sealed)
        if policy is None:
            return (no_policy([placed.request.signable for placed in changes]), *revoking)
        _require_daily(policy, changes, signer, ledger, now)
        judged = (
            judge(policy, one.case, one.approvals, Circumstances(now, one.currents))
            for one in self._hear(requests)
        )
        return (*judged, *revoking)

    def mark(self, requests: Sequence[Placed], ledger: Ledger, signer: Address) -> None:
        """Remember the policy that judged requests, so that no older one comes back.

        Raises:
            RuleRefused: ``policy-older`` or ``policy-mismatch``.
        """
        if self.sealed is not None and _changes(requests):
            mark = PolicyMark(signer, self.sealed.version, self.sealed.digest)
            if ledger.policy_mark(signer) != mark:
                ledger.remember_policy(mark)

    def _hear(self, requests: Sequence[Placed]) -> tuple[Hearing, ...]:
        items = [
            Item(
                placed.request.signable,
                placed.request.signer,
                placed.request.account,
                placed.request.approvals,
                placed.request.current,
            )
            for placed in requests
        ]
        return hearings(items, self.sheets, is_batch=self.is_batch)


def _changes(requests: Sequence[Placed]) -> list[Placed]:
    """Those that a policy is about."""
    return [placed for placed in requests if placed.request.signable.what is What.PAYLOAD]


def policy_of(closed: Keystore, file: bytes | None) -> Policy | None:
    """The policy that a keystore is sealed to, or that of ``--policy`` where it is sealed to none.

    Args:
        closed: the keystore.
        file: the bytes of ``--policy``, or None.

    Raises:
        RuleRefused: ``policy-mismatch`` when both are there and differ, ``weak-key``.
        InputRefused: the policy is malformed.
    """
    sealed = closed.sealed
    if sealed is None:
        return None if file is None else load_policy(file, "--policy")
    policy = load_policy(sealed.text, f"policy in {closed.source}")
    if policy.version != sealed.ref.version or (file is not None and file != sealed.text):
        raise RuleRefused(
            "policy-mismatch",
            "the policy given is not the one that the keystore is sealed to (version "
            f"{sealed.ref.version})",
            "`policy show` prints the sealed one; a change of policy has to be adopted first",
        )
    return policy


def _require_daily(
    policy: Policy,
    requests: Sequence[Placed],
    signer: Address,
    ledger: Ledger,
    now: int | None,
) -> None:
    """No more changes a day than the policy allows, on either network."""
    if policy.limits.a_day is None:
        return
    for network in Network:
        recorded = ledger.entries(network, signer)
        known = [entry for entry in recorded if entry.what is What.PAYLOAD]
        spent = {entry.nonce for entry in known}
        added = {
            placed.request.signable.nonce
            for placed in requests
            if placed.request.signable.network is network
        }
        problem = daily_problem(
            policy.limits.a_day,
            [entry.nonce for entry in known],
            [entry.recorded_at for entry in known],
            sorted(added - spent),
            now,
        )
        if problem is not None:
            raise problem
