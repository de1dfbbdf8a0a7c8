"""A row of the ledger: which payload, where it stands, and what was said about it.

States: reserved (nothing sent), posting (it may be on its way), unknown (sent, no answer that
settles it), accepted and rejected (the exchange's word), confirmed (accepted and seen in force),
withdrawn (never sent, never will be), closed (a person ended it: it cannot land any more, and
whether it had was never learnt).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from coldlever.shared.action import Address
from coldlever.shared.errors import EnvironmentFault


class State(enum.Enum):
    """Where a payload stands."""

    RESERVED = "reserved"
    POSTING = "posting"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


# What `resolve` still has to work on.
OPEN_STATES = (State.RESERVED, State.POSTING, State.UNKNOWN, State.ACCEPTED)


@dataclass(frozen=True, slots=True)
class NonceKey:
    """What may exist once: a signer's nonce on a venue.

    Args:
        venue: `coldlever.broadcaster.venue.client.Venue.key`.
        signer: the recovered signer.
        nonce: ms since the epoch.
    """

    venue: str
    signer: Address
    nonce: int


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the ledger.

    Args:
        key: venue, signer and nonce.
        action_hash: 32 bytes.
        url: where it goes.
        account: the account, vault or sub-account it changes.
        coin: the market's name.
        envelope: the ``coldlever/signed`` document as JSON text; its payload is what is posted.
        before: the standing before the post as JSON text, or None.
        state: where it stands.
        attempts: how often sending began.
        code: of the last outcome, or None.
        sentence: of the last outcome, escaped for display, or None.
        answer: the exchange's last raw answer as JSON text, or None.
        reserved_at: ms since the epoch.
        changed_at: ms since the epoch.
    """

    key: NonceKey
    action_hash: bytes
    url: str
    account: Address
    coin: str
    envelope: str
    before: str | None
    state: State
    attempts: int
    code: str | None
    sentence: str | None
    answer: str | None
    reserved_at: int
    changed_at: int


def unreadable() -> EnvironmentFault:
    """A row that this program cannot have written."""
    return EnvironmentFault(
        "ledger-unusable",
        "a row of the ledger is not what was written",
        "find out who else writes to it, or choose another --state-dir",
    )
