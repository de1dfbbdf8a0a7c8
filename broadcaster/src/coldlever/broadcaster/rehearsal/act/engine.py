"""The engine: from the body of a POST to ``/exchange`` to what becomes of it.

A pure function of the venue's state, the body and the time. The checks come in this order: form,
nonce window, signer, funds, multi-sig, request limit, expiry, nonce, vault, rules of the action.
That a stale nonce is refused before the signature counts was observed; the rest is documented only
in part.
"""

from __future__ import annotations

from dataclasses import dataclass

from coldlever.broadcaster.rehearsal.act import rules
from coldlever.broadcaster.rehearsal.act.journal import Entry, Outcome
from coldlever.broadcaster.rehearsal.state import (
    Account,
    Refused,
    Role,
    Venue,
    require_in_window,
    sentences,
)
from coldlever.broadcaster.rehearsal.wire import (
    Action,
    Envelope,
    Malformed,
    NotModelled,
    read_envelope,
)
from coldlever.shared.action import Address, Signature
from coldlever.shared.action.hashing import agent_digest, hash_wire_action
from coldlever.shared.action.signature import recover
from coldlever.shared.errors import RuleRefused

# A request cancelled for its expiry counts this many times against the address.
EXPIRED_COST = 5
# Beyond its limit an address still gets one request through in this time.
BEYOND_CAP_PAUSE_MS = 10_000
RECOVERY_VALUES = (27, 28)


@dataclass(slots=True)
class _Trace:
    """What became known on the way, also when the request is refused half-way."""

    signer: Address | None = None
    account: Address | None = None
    action_hash: bytes | None = None


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
    except Malformed:
        return Entry(now, Outcome.MALFORMED, fault=fault)
    action = envelope.action
    trace = _Trace()
    sentence = None
    if isinstance(action, NotModelled):
        kind = action.action_type
        sentence = sentences.not_modelled(kind)
    else:
        kind = str(action.to_wire()["type"])
        try:
            _carry_out(venue, envelope, action, now, trace)
        except Refused as refusal:
            sentence = refusal.sentence
    return Entry(
        now,
        Outcome.ACCEPTED if sentence is None else Outcome.REFUSED,
        sentence,
        fault,
        signer=trace.signer,
        account=trace.account,
        action_type=kind,
        nonce=envelope.nonce,
        action_hash=trace.action_hash,
    )


def _carry_out(venue: Venue, envelope: Envelope, action: Action, now: int, trace: _Trace) -> None:
    require_in_window(envelope.nonce, now)
    trace.action_hash = hash_wire_action(
        action.to_wire(), envelope.nonce, envelope.vault, envelope.expires_after
    )
    trace.signer = _recover(agent_digest(venue.network, trace.action_hash), envelope.signature)
    user = _user_behind(venue, trace.signer, now)
    expired = envelope.expires_after is not None and now > envelope.expires_after
    _count_request(venue, user, EXPIRED_COST if expired else 1, now)
    if expired:
        raise Refused(sentences.EXPIRED)
    # From here on the action counts as taken up, so the nonce is used even if a rule below refuses.
    # How the exchange handles that is not documented; a client that relies on neither is safe.
    venue.nonces(trace.signer).claim(envelope.nonce)
    account = _acted_for(venue, user, envelope.vault)
    trace.account = account.address
    rules.apply(venue, account, action)


def _recover(digest: bytes, signature: Signature) -> Address:
    if signature.v not in RECOVERY_VALUES:
        raise Refused(sentences.UNRECOVERABLE)
    try:
        return recover(digest, signature)
    except RuleRefused:
        raise Refused(sentences.UNRECOVERABLE) from None


def _user_behind(venue: Venue, signer: Address, now: int) -> Account:
    agent = venue.book.agent(signer, now)
    user = venue.book.find(signer if agent is None else agent.master)
    if user is None or user.role is not Role.USER:
        raise Refused(sentences.no_such_signer(signer))
    if not user.has_deposited:
        raise Refused(sentences.must_deposit(user.address))
    if user.multi_sig is not None:
        raise Refused(sentences.MULTI_SIG_REQUIRED)
    return user


def _count_request(venue: Venue, user: Account, cost: int, now: int) -> None:
    if user.requests_used >= venue.request_cap:
        if now < user.beyond_cap_until:
            sent = user.requests_used + 1
            raise Refused(sentences.too_many_requests(sent, venue.request_cap))
        user.beyond_cap_until = now + BEYOND_CAP_PAUSE_MS
    user.requests_used += cost


def _acted_for(venue: Venue, user: Account, vault: Address | None) -> Account:
    if vault is None:
        return user
    account = venue.book.find(vault)
    if account is None or account.role is Role.USER:
        raise Refused(sentences.no_such_vault(vault))
    if account.controller != user.address:
        raise Refused(sentences.not_in_control(user.address, vault))
    return account
