"""What became of one payload, and what ends the doubt where there is one."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from coldlever.broadcaster.ledger import Row
from coldlever.broadcaster.post.effect import Snapshot
from coldlever.broadcaster.post.receipt import make_receipt


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
    """

    row: Row
    already: bool
    advice: str | None
    held: Held | None
    receipt: dict[str, object]
    seen: Snapshot | None = None
    killed: Row | None = None


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
