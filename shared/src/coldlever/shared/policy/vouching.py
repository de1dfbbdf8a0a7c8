"""Whether a market's name and limits are attested by enough people of the policy."""

from __future__ import annotations

from collections.abc import Sequence

from coldlever.shared.action import MarketEntry, MarketTable
from coldlever.shared.action.actions import LeverageAction, UpdateIsolatedMargin
from coldlever.shared.action.attestation import Attestation, MarketProof
from coldlever.shared.errors import RuleRefused
from coldlever.shared.policy.policy import Person, Policy
from coldlever.shared.reading import moment
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.shared.reading.times import span
from coldlever.shared.sshsig import PublicKey, verify_signature
from coldlever.shared.sshsig.signature import RawSignature, unpack
from coldlever.shared.statement.market_list import (
    MARKET_NAMESPACE,
    MarketList,
    list_of,
    proven_list,
)

# Two clocks differ a little; more than this is a time that somebody made up.
_AHEAD_MS = 120_000
_AGAIN = "have the table read and attested again: `coldlever-signer market attest`"


def table_vouchers(policy: Policy, table: MarketTable) -> tuple[str, ...]:
    """Who of a policy's attestors has signed a table; enough or not.

    Raises:
        RuleRefused: ``not-an-attestor``, ``attestation-invalid`` or ``market-not-plain``.
    """
    if not table.attestations:
        return ()
    return _vouchers(policy, list_of(table), table.attestations)


def market_vouchers(policy: Policy, entry: MarketEntry, proof: MarketProof) -> tuple[str, ...]:
    """Who vouches for a market: as many as the policy wants, at least.

    Args:
        policy: in force.
        entry: the market, foreign.
        proof: foreign.

    Raises:
        RuleRefused: ``not-an-attestor``, ``attestation-invalid``, ``attestations-missing`` or
            ``market-not-plain``.
    """
    listed = proven_list(entry, proof)
    if listed is None:
        raise _invalid("the path of its proof does not fit its place in the list")
    found = _vouchers(policy, listed, proof.attestations)
    needed = policy.markets.needed
    if len(found) < needed:
        missing = [name for name in policy.markets.attestors if name not in found]
        raise RuleRefused(
            "attestations-missing",
            f"asset {entry.asset} on {entry.network.value} is attested by {', '.join(found)}: "
            f"{len(found)} of {needed}; missing one of: {', '.join(missing)}",
            "have them attest the same table, and draft the request with it",
        )
    return found


def require_fresh(policy: Policy, entry: MarketEntry, now: int | None) -> None:
    """Refuse limits that are older than the policy lets them be, or from the future.

    Args:
        policy: in force.
        entry: attested.
        now: the time to judge by, ms since the epoch; None without a clock.

    Raises:
        RuleRefused: ``market-stale``.
    """
    longest = policy.markets.max_age
    if longest is None or now is None:
        return
    age = now - entry.time
    if age > longest or age < -_AHEAD_MS:
        told = f"{span(age)} old" if age > 0 else f"from the future ({moment(entry.time)})"
        raise RuleRefused(
            "market-stale",
            f"the limits of asset {entry.asset} on {entry.network.value} are {told}, and the "
            f"policy wants them {span(longest)} old at most",
            _AGAIN,
        )


def depends_on_limits(action: LeverageAction) -> bool:
    """Whether a market's limits say anything about an action; moving margin has none."""
    return not isinstance(action, UpdateIsolatedMargin)


def require_attestor(policy: Policy, key_id: bytes, shown: str) -> tuple[Person, PublicKey]:
    """Whose key it is, who may attest markets.

    Args:
        policy: in force.
        key_id: which key.
        shown: what to call it where it is nobody's.

    Raises:
        RuleRefused: ``not-an-attestor``.
    """
    held = policy.holders.get(key_id)
    if held is None or held[0].name not in policy.markets.attestors:
        who = f"the key {shown} is nobody's" if held is None else f"{held[0].name} is no attestor"
        raise RuleRefused(
            "not-an-attestor",
            f"{who} in policy {policy.version}",
            "have an attestor of the policy attest the table, or have the policy changed",
        )
    return held


def verify_attestation(
    policy: Policy, listed: MarketList, key: PublicKey, raw: RawSignature
) -> str:
    """Check one attestor's signature over a list of markets; returns whose it is.

    Raises:
        RuleRefused: ``not-an-attestor`` or ``attestation-invalid``.
    """
    person, _ = require_attestor(policy, key.key_id, key.fingerprint)
    try:
        verify_signature(
            key, MARKET_NAMESPACE, listed.statement(key), raw, needs_pin=policy.needs_pin
        )
    except RuleRefused as error:
        raise _invalid(
            f"what stands there is not what {person.name} has signed ({error.message})"
        ) from None
    return person.name


def _vouchers(policy: Policy, listed: MarketList, signed: Sequence[Attestation]) -> tuple[str, ...]:
    """People, each once, in the order of the policy."""
    found = set()
    for one in signed:
        _, key = require_attestor(policy, one.key_id, to_0x(one.key_id))
        found.add(verify_attestation(policy, listed, key, unpack(one.signature)))
    return tuple(name for name in policy.markets.attestors if name in found)


def _invalid(why: str) -> RuleRefused:
    return RuleRefused("attestation-invalid", f"the markets are not attested: {why}", _AGAIN)
