"""The engine: from the body of a POST to ``/exchange`` to what becomes of it.

A pure function of the venue's state, the body and the time. The checks come in this order: form,
signature, signer, vault, request limit, nonce window and duplicates, expiry, rules of the action.

Observed (testnet, 2026-09, on other L1 actions; for leverage changes an inference): this order; an
error about the vault leaves the nonce free; **an action refused later than the nonce check has used
its nonce up**, an expired one included. Guesses: the place of the limit per address, of multi-sig
checks, and that an action the rehearsal does not play leaves its nonce free.
"""

from __future__ import annotations

from dataclasses import dataclass

from coldlever.broadcaster.rehearsal.act import multi_sig, rules
from coldlever.broadcaster.rehearsal.act.journal import Entry, Outcome
from coldlever.broadcaster.rehearsal.act.signers import acted_for, recover_signer, user_behind
from coldlever.broadcaster.rehearsal.reading import Malformed
from coldlever.broadcaster.rehearsal.state import (
    Account,
    Refused,
    Venue,
    require_in_window,
    sentences,
)
from coldlever.broadcaster.rehearsal.wire import (
    Action,
    Envelope,
    MultiSigAction,
    NotModelled,
    read_envelope,
)
from coldlever.shared.action import Address
from coldlever.shared.action.hashing import agent_digest, hash_wire_action

# Documented: a request cancelled for its expiry counts this many times against the address.
EXPIRED_COST = 5
# Documented: beyond its limit an address still gets one request through in this time.
BEYOND_CAP_PAUSE_MS = 10_000


@dataclass(slots=True)
class _Trace:
    """What became known on the way, also when the request is refused half-way."""

    signer: Address | None = None
    account: Address | None = None
    action_hash: bytes | None = None
    admitted: bool = False


def execute(venue: Venue, body: bytes, now: int, fault: str | None = None) -> Entry:
    """Judge one request and carry it out.

    Args:
        venue: the state, changed in place.
        body: the request's body.
        now: the exchange's time, ms since the epoch.
        fault: the fault that is being played on the request, for the journal.

    Returns:
        Accepted, refused with a sentence, or malformed.
    """
    try:
        envelope = read_envelope(body)
    except Malformed as problem:
        return Entry(now, Outcome.MALFORMED, problem.words, fault)
    trace = _Trace()
    sentence = None
    try:
        _carry_out(venue, envelope, now, trace)
    except Refused as refusal:
        sentence = refusal.sentence
    return Entry(
        now,
        Outcome.ACCEPTED if sentence is None else Outcome.REFUSED,
        sentence,
        fault,
        signer=trace.signer,
        account=trace.account,
        action_type=_type_of(envelope.action),
        nonce=envelope.nonce,
        action_hash=trace.action_hash,
        admitted=trace.admitted,
    )


def _type_of(action: Action | MultiSigAction | NotModelled) -> str:
    if isinstance(action, MultiSigAction):
        return "multiSig"
    if isinstance(action, NotModelled):
        return action.action_type
    return str(action.to_wire()["type"])


def _carry_out(venue: Venue, envelope: Envelope, now: int, trace: _Trace) -> None:
    action = _played(envelope.action)
    user, signer = _parties(venue, envelope, action, now, trace)
    account = acted_for(venue, user, envelope.vault)
    trace.account = account.address
    expired = envelope.expires_after is not None and now > envelope.expires_after
    _count_request(venue, user, EXPIRED_COST if expired else 1, now)
    require_in_window(envelope.nonce, now)
    venue.nonces(signer).claim(envelope.nonce, now)
    trace.admitted = True
    if expired:
        raise Refused(sentences.EXPIRED)
    rules.apply(venue, account, action)


def _played(action: Action | MultiSigAction | NotModelled) -> Action:
    """The action that changes an account, wrapped or not."""
    inner = action.action if isinstance(action, MultiSigAction) else action
    if isinstance(inner, NotModelled):
        raise Refused(sentences.not_modelled(inner.action_type))
    return inner


def _parties(
    venue: Venue, envelope: Envelope, action: Action, now: int, trace: _Trace
) -> tuple[Account, Address]:
    """Who acts, and whose nonce it is."""
    shared = multi_sig.Shared(envelope.nonce, envelope.vault, envelope.expires_after)
    wrapper = envelope.action
    if isinstance(wrapper, MultiSigAction):
        trace.action_hash = multi_sig.wrapper_hash(wrapper, action, shared)
        digest = multi_sig.leader_digest(
            venue.network, wrapper.chain_id, trace.action_hash, envelope.nonce
        )
        trace.signer = multi_sig.require_leader(venue, wrapper, digest, envelope.signature, now)
        return multi_sig.require_threshold(venue, wrapper, action, shared), trace.signer
    trace.action_hash = hash_wire_action(
        action.to_wire(), envelope.nonce, envelope.vault, envelope.expires_after
    )
    digest = agent_digest(venue.network, trace.action_hash)
    trace.signer = recover_signer(digest, envelope.signature)
    return user_behind(venue, trace.signer, now), trace.signer


def _count_request(venue: Venue, user: Account, cost: int, now: int) -> None:
    if user.requests_used >= venue.request_cap:
        if now < user.beyond_cap_until:
            sent = user.requests_used + 1
            raise Refused(sentences.too_many_requests(sent, venue.request_cap))
        user.beyond_cap_until = now + BEYOND_CAP_PAUSE_MS
    user.requests_used += cost
