"""Requests whose markets attestors of the policy vouch for, named so."""

from __future__ import annotations

from collections.abc import Sequence

from coldlever.shared.action.actions import Noop
from coldlever.shared.errors import RuleRefused
from coldlever.shared.policy import Policy
from coldlever.shared.policy.vouching import depends_on_limits, market_vouchers, require_fresh
from coldlever.signer.rules import Placed, place


def vouch(requests: Sequence[Placed], policy: Policy | None, now: int | None) -> tuple[Placed, ...]:
    """The requests, their markets' names as facts where enough attestors have signed for them.

    Args:
        requests: reviewed.
        policy: in force; without one nobody is known who could attest, and proofs say nothing.
        now: the time to judge the age of limits by, ms since the epoch; None without a clock.

    Raises:
        RuleRefused: ``not-an-attestor``, ``attestation-invalid``, ``attestations-missing``,
            ``market-stale``, ``market-not-plain`` or ``market-mismatch``.
    """
    return tuple(one if policy is None else _vouched(one, policy, now) for one in requests)


def _vouched(placed: Placed, policy: Policy, now: int | None) -> Placed:
    request = placed.request
    action, entry, proof = request.signable.action, request.market, request.proof
    if entry is None or proof is None or placed.name is None or isinstance(action, Noop):
        return placed
    try:
        attestors = market_vouchers(policy, entry, proof)
        if depends_on_limits(action):
            require_fresh(policy, entry, now)
    except RuleRefused as error:
        raise error.at(placed.where) from None
    return place(request, placed.where, placed.name.confirmed, attestors=attestors)
