"""What became of one payload, and what ends the doubt where there is one."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from coldlever.broadcaster.fate import NonceState, Reading
from coldlever.broadcaster.ledger import Row
from coldlever.broadcaster.post.effect import Snapshot
from coldlever.broadcaster.post.receipt import make_receipt
from coldlever.shared.action.what import What

# Nothing of it was ever in the account, as far as anybody knows.
NOTHING_TO_SEE = (
    NonceState.UNSENT,
    NonceState.NOT_ADMITTED,
    NonceState.SPENT_REFUSED,
    NonceState.DEAD,
    NonceState.LEGACY,
)


class Held(enum.Enum):
    """Why the same bytes were not sent again."""

    NOT_ADMITTED = "never-admitted"
    UNKNOWN_WORDS = "unknown-words"
    EXPIRED = "expired-just-now"
    MARKET_CHANGED = "market-changed"
    # Another payload for the market was sent before it and may still land.
    OLDER_OPEN = "older-open"
    # Its revocation is recorded: these bytes are never sent again.
    REVOKED = "revoked"
    # Its time is over, and a probe would still tell what happened.
    LAPSED_PROBE = "to-be-probed"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one payload.

    Args:
        row: its ledger row.
        already: True when nothing was sent now.
        advice: what to do, where there is something.
        held: why nothing was sent although it is not settled, or None.
        receipt: the receipt document.
        seen: the account as read now, or None when it was not read.
        killed: of a revocation, the row of the payload beside it; None where there is none.
        superseded_by: the place in the run of the later payload that replaced what it had set,
            counted from 0, or None.
    """

    row: Row
    already: bool
    advice: str | None
    held: Held | None
    receipt: dict[str, object]
    seen: Snapshot | None = None
    killed: Row | None = None
    superseded_by: int | None = None


def result_of(
    row: Row,
    *,
    already: bool = True,
    advice: str | None = None,
    held: Held | None = None,
    seen: Snapshot | None = None,
    killed: Row | None = None,
) -> Result:
    """The result of a row as it stands."""
    return Result(row, already, advice, held, make_receipt(row, seen), seen, killed)


def is_unread(row: Row) -> bool:
    """Whether the account tells something of a payload and was not read since."""
    is_settled = row.state in (NonceState.SPENT_ACCEPTED, NonceState.SPENT)
    is_payload = row.key.what is What.PAYLOAD
    return is_payload and is_settled and row.reading is Reading.NOT_READ
