"""From a payload that can still land to the unsigned request that kills it."""

from __future__ import annotations

from coldlever.broadcaster.check import target_rule
from coldlever.broadcaster.ledger import Ledger, NonceKey, Row
from coldlever.broadcaster.post.row import payload_of
from coldlever.shared.action import Network, Signable
from coldlever.shared.action.actions import Noop
from coldlever.shared.action.what import What
from coldlever.shared.errors import RuleRefused
from coldlever.shared.message import Request, SignedPayload, verify

_FROM_FILE = "give its signed file instead, with the --network it is for"


def revocation_of(payload: SignedPayload, ledger: Ledger, venue_key: str) -> Request:
    """The request that kills a payload, which this ledger need not know.

    Args:
        payload: signed, and not yet verified.
        ledger: what is known about its nonce.
        venue_key: what the ledger files the venue's posts under.

    Raises:
        RuleRefused: ``nothing-to-revoke`` when it is settled or a revocation itself, or what
            `verify` refuses.
    """
    signable = payload.signable
    if signable.what is What.REVOCATION:
        raise RuleRefused(
            "nothing-to-revoke", f"what has the nonce {signable.nonce} here is itself a revocation"
        )
    signer = verify(payload)
    target_rule(ledger.find(NonceKey(venue_key, signer, signable.nonce)))
    noop = Signable(signable.network, Noop(), signable.nonce, None, None)
    return Request(noop, signer=signer, kills=signable)


def known_payload(
    ledger: Ledger, nonce: int, network: Network | None, venue_key: str | None
) -> Row:
    """The one payload with that nonce.

    Args:
        ledger: the broadcaster's ledger.
        nonce: ms since the epoch.
        network: of which network, or None for either.
        venue_key: of which venue, or None for any.

    Raises:
        RuleRefused: ``nonce-unknown`` or ``nonce-ambiguous``.
    """
    rows = [
        row
        for row in ledger.with_nonce(nonce)
        if row.key.what is What.PAYLOAD
        and (network is None or payload_of(row).signable.network is network)
        and venue_key in (None, row.key.venue)
    ]
    if not rows:
        raise RuleRefused(
            "nonce-unknown", f"this ledger knows no payload with the nonce {nonce}", _FROM_FILE
        )
    if len(rows) > 1:
        raise RuleRefused(
            "nonce-ambiguous",
            f"this ledger knows {len(rows)} payloads with the nonce {nonce}",
            _FROM_FILE,
        )
    return rows[0]


def offer_of(row: Row, until: int | None) -> str | None:
    """What a person can do about bytes that can still land, beside waiting; None if nothing.

    Args:
        row: of a payload or a revocation.
        until: until when it can land, ms since the epoch, or None.
    """
    if until is None:
        return None
    if row.key.what is What.PAYLOAD:
        return (
            f"revoke it with `coldlever-broadcaster revoke --nonce {row.key.nonce}`, or wait until "
            "then"
        )
    if row.state.needs_clearance:
        return "`post` the signed revocation again: `resolve` sends nothing that was never admitted"
    return "run `coldlever-broadcaster resolve`: it sends the same revocation again"
