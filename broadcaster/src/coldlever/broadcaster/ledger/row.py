"""A row of the ledger: which payload, where its nonce stands, and what was said about it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from coldlever.broadcaster.fate import NonceState, Reading, Verdict, verdict_of
from coldlever.shared.action import Address
from coldlever.shared.action.what import What
from coldlever.shared.errors import EnvironmentFault


@dataclass(frozen=True, slots=True)
class NonceKey:
    """What may exist once: a signer's nonce on a venue, for a payload and for its revocation.

    Args:
        venue: `coldlever.broadcaster.venue.client.Venue.key`.
        signer: the recovered signer.
        nonce: ms since the epoch.
        what: a payload, or the revocation of one.
    """

    venue: str
    signer: Address
    nonce: int
    what: What = What.PAYLOAD

    @property
    def other(self) -> NonceKey:
        """The key of the revocation beside a payload, and of the payload beside a revocation."""
        what = What.PAYLOAD if self.what is What.REVOCATION else What.REVOCATION
        return replace(self, what=what)


@dataclass(frozen=True, slots=True)
class Place:
    """An account's market: where payloads are posted one at a time.

    Args:
        venue: `coldlever.broadcaster.venue.client.Venue.key`.
        account: the account, vault or sub-account.
        coin: the market's name.
    """

    venue: str
    account: Address
    coin: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the ledger.

    Args:
        key: venue, signer and nonce, and whether it is a revocation.
        action_hash: 32 bytes.
        url: where it goes.
        account: the account, vault or sub-account it changes.
        coin: the market's name; empty for a revocation.
        envelope: the ``coldlever/signed`` document as JSON text; its payload is what is posted.
        before: the account as read before the first attempt, as JSON text, or None.
        state: where the nonce stands.
        reading: what the account showed when it was last read.
        attempts: how often sending began.
        code: of the last answer, or ``nonce-revoked`` where one to the row beside it told more, or
            None.
        sentence: of the same, escaped for display, or None.
        answer: the last answer's bytes as they came, bounded, or None.
        unanswered: how many attempts have no answer that settles them.
        legacy: what release 0.1 had called it, or None.
        reserved_at: ms since the epoch.
        changed_at: ms since the epoch.
        superseded_by: the nonce of the latest payload that was sent for the same market after it
            and may have landed, where the reading is `superseded`.
    """

    key: NonceKey
    action_hash: bytes
    url: str
    account: Address
    coin: str
    envelope: str
    before: str | None
    state: NonceState
    reading: Reading
    attempts: int
    code: str | None
    sentence: str | None
    answer: bytes | None
    unanswered: int
    legacy: str | None
    reserved_at: int
    changed_at: int
    superseded_by: int | None = None

    @property
    def place(self) -> Place:
        """Where it is posted."""
        return Place(self.key.venue, self.account, self.coin)

    @property
    def verdict(self) -> Verdict:
        """What became of it, as far as the evidence goes."""
        return verdict_of(self.state, self.reading, self.attempts, self.unanswered)


def unreadable() -> EnvironmentFault:
    """A row that this program cannot have written."""
    return EnvironmentFault(
        "ledger-unusable",
        "a row of the ledger is not what was written",
        "find out who else writes to it, or choose another --state-dir",
    )
