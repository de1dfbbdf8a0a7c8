"""Where a payload's nonce stands, what can be learnt about it, and what the account shows."""

from __future__ import annotations

import enum


class NonceState(enum.Enum):
    """Where the nonce of a payload stands, by answers to its very bytes and the exchange's clock.

    `LEGACY` is a row that release 0.1 had settled, under weaker evidence.
    """

    UNSENT = "unsent"
    OPEN = "open"
    NOT_ADMITTED = "not-admitted"
    SPENT_ACCEPTED = "spent-accepted"
    SPENT_REFUSED = "spent-refused"
    SPENT = "spent"
    DEAD = "dead"
    LAPSED = "lapsed"
    LEGACY = "legacy"

    @property
    def can_land(self) -> bool:
        """Whether the exchange may still take these bytes."""
        return self in CAN_LAND

    @property
    def needs_clearance(self) -> bool:
        """Nothing of it was ever admitted: it is sent only after all checks, and when asked for."""
        return self in (NonceState.UNSENT, NonceState.NOT_ADMITTED)

    @property
    def may_have_landed(self) -> bool:
        """It was sent, and nothing proves that the exchange did not take these bytes."""
        return self in MAY_HAVE_LANDED


CAN_LAND = (NonceState.UNSENT, NonceState.OPEN, NonceState.NOT_ADMITTED)
MAY_HAVE_LANDED = (
    NonceState.OPEN,
    NonceState.SPENT_ACCEPTED,
    NonceState.SPENT,
    NonceState.LAPSED,
)


class Event(enum.Enum):
    """What is learnt about a payload.

    The first six are what one attempt to send it ended with.
    """

    # Lost, timed out, a gateway, or words that nobody knows: it may have landed.
    NO_ANSWER = "no-answer"
    ACCEPTED = "accepted"
    # Refused before the exchange takes the nonce.
    REFUSED_BEFORE = "refused-before"
    # Refused after the exchange took the nonce: by the action's own rules, or as expired.
    REFUSED_AFTER = "refused-after"
    DUPLICATE = "duplicate"
    # "nonce too low" for a nonce that lies inside the window: below the floor, and never used.
    TOO_LOW = "too-low"
    # The exchange's clock, less a margin, is past the payload's end.
    END_PASSED = "end-passed"
    # An answer to another payload, or to a revocation, proves that it took the nonce.
    OTHER_ACCEPTED = "other-accepted"
    # The exchange called a revocation's nonce a duplicate.
    REVOCATION_DUPLICATE = "revocation-duplicate"


class Reading(enum.Enum):
    """What reading the account back showed."""

    # As asked, and not so before.
    SHOWS = "shows"
    # As asked, but so before, or nobody knows how it was before.
    IN_FORCE = "in-force"
    OTHERWISE = "otherwise"
    NOT_READ = "not-read"
    # Not as asked; a later payload of ours for the same market was sent.
    SUPERSEDED = "superseded"
    # An amount, and what moved is not this amount alone.
    UNCLEAR = "unclear"

    @property
    def is_as_asked(self) -> bool:
        """The account is as the payload wants it."""
        return self in (Reading.SHOWS, Reading.IN_FORCE)
