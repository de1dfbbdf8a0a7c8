"""What became of one payload."""

from __future__ import annotations

from dataclasses import dataclass

from coldlever.broadcaster.ledger import Row
from coldlever.broadcaster.post.effect import Snapshot
from coldlever.broadcaster.post.receipt import make_receipt


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one payload.

    Args:
        row: its ledger row.
        already: True when nothing was sent now, because it had been settled before.
        advice: what to do, where there is something.
        receipt: the receipt document.
        after: the standing read back, or None when it was not read now.
    """

    row: Row
    already: bool
    advice: str | None
    receipt: dict[str, object]
    after: Snapshot | None = None


def settled(row: Row) -> Result:
    """The result of a row that needs no more work."""
    return Result(row, already=True, advice=None, receipt=make_receipt(row, None))
