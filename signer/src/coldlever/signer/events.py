"""What the signer does, as events of its audit chain."""

from __future__ import annotations

from collections.abc import Sequence

from coldlever.shared.action import Address, Signable
from coldlever.shared.action.what import What
from coldlever.shared.audit import Event, Kind
from coldlever.shared.errors import ColdleverError
from coldlever.shared.message import Request
from coldlever.shared.policy import Approved
from coldlever.shared.policy.saying import Draft
from coldlever.shared.statement import Decision, PolicyRef
from coldlever.shared.statement.market_list import MarketList
from coldlever.shared.statement.text import describe_action
from coldlever.signer.rules import Placed

_SIGNED = {What.PAYLOAD: Kind.SIGNED, What.REVOCATION: Kind.REVOCATION_SIGNED}
_SAID = {Decision.APPROVE: Kind.APPROVED, Decision.REJECT: Kind.REJECTED}


def signed_events(
    requests: Sequence[Placed],
    signer: Address,
    leave: Sequence[Approved],
    now: int | None,
    known: Sequence[bool],
) -> tuple[Event, ...]:
    """Requests are about to be signed.

    Args:
        requests: which.
        signer: whose key.
        leave: by which they are.
        now: the time to note, ms since the epoch; None without a clock.
        known: of each whether it had been signed before.
    """
    standings = {digest: one.standing for one in leave for digest in one.digests}
    events = []
    for placed, is_repeat in zip(requests, known, strict=True):
        signable = placed.request.signable
        standing = standings.get(signable.digest())
        people = () if standing is None else standing.evidence.approvers
        says = ("again: " if is_repeat else "") + placed.review.summary
        events.append(
            _about(
                signable,
                _SIGNED[signable.what],
                f"{says}; approved by {', '.join(people)}" if people else says,
                at=now,
                signer=signer,
                who=str(signer),
                policy=None if standing is None else standing.policy,
            )
        )
    return tuple(events)


def said_events(
    requests: Sequence[Placed], said: Draft, who: str, now: int | None
) -> tuple[Event, ...]:
    """A person approves or rejects requests, all of them in one statement.

    Args:
        requests: which, with their reviews.
        said: the statement.
        who: the person and the key's fingerprint.
        now: the time to note, ms since the epoch; None without a clock.
    """
    return tuple(
        _about(
            placed.request.signable,
            _SAID[said.decision],
            placed.review.summary,
            at=now,
            signer=said.case.signer,
            who=who,
            policy=said.policy.ref,
        )
        for placed in requests
    )


def attested_event(listed: MarketList, who: str, policy: PolicyRef, now: int | None) -> Event:
    """An attestor vouches for a list of markets; its digest is the list's."""
    return Event(
        Kind.ATTESTED,
        "1 market" if listed.markets == 1 else f"{listed.markets} markets",
        at=now,
        network=listed.network,
        digest=listed.root,
        who=who,
        policy=policy,
    )


def agreed_event(old: PolicyRef | None, new: PolicyRef | None, who: str, now: int | None) -> Event:
    """A person agrees to another policy, or to none."""
    says = f"from {old or 'none'} to {new or 'none'}"
    return Event(Kind.POLICY_APPROVED, says, at=now, who=who, policy=old)


def sealed_event(signer: Address, policy: PolicyRef | None, says: str, now: int | None) -> Event:
    """A keystore is sealed to a policy, or to none any more."""
    kind = Kind.POLICY_UNSEALED if policy is None else Kind.POLICY_SEALED
    return Event(kind, says, at=now, signer=signer, who=str(signer), policy=policy)


def refused_events(
    requests: Sequence[Request],
    refusal: ColdleverError,
    signer: Address | None,
    policy: PolicyRef | None,
    now: int | None,
) -> tuple[Event, ...]:
    """A run was refused, and with it each of its requests.

    Their words leave the market's name out: it may be what the refusal is about.

    Args:
        requests: which; a batch may hold one twice.
        refusal: why.
        signer: who would have signed, where the requests do not say.
        policy: in force, or None.
        now: the time to note, ms since the epoch; None without a clock.
    """
    events = (
        _about(
            request.signable,
            Kind.REFUSED,
            f"{_plain_words(request.signable)}: {refusal.message}",
            at=now,
            signer=request.signer or signer,
            policy=policy,
            code=refusal.code,
        )
        for request in requests
    )
    return tuple(dict.fromkeys(events))


def _plain_words(signable: Signable) -> str:
    return "noop" if signable.what is What.REVOCATION else describe_action(signable.change)


def _about(
    signable: Signable,
    kind: Kind,
    says: str,
    *,
    at: int | None,
    signer: Address | None,
    who: str | None = None,
    policy: PolicyRef | None = None,
    code: str | None = None,
) -> Event:
    return Event(
        kind,
        says,
        at=at,
        network=signable.network,
        signer=signer,
        nonce=signable.nonce,
        digest=signable.digest(),
        who=who,
        policy=policy,
        code=code,
    )
