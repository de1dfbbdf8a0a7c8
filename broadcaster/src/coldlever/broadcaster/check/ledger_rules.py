"""What the ledger's row of a payload's nonce lets one do with it."""

from __future__ import annotations

from coldlever.broadcaster.check.report import Finding, caution
from coldlever.broadcaster.ledger import Row
from coldlever.shared.action import Signable
from coldlever.shared.errors import RuleRefused
from coldlever.shared.reading import moment

NEVER_POSTED = "not posted from here before (the exchange's own list cannot be asked)"


def recorded_rule(row: Row, signable: Signable) -> Finding:
    """What is recorded may be sent only where it is this payload and was never admitted.

    Raises:
        RuleRefused: ``nonce-used``.
    """
    same = row.action_hash == signable.action_hash()
    if same and row.state.needs_clearance:
        sentence = f"recorded here at {moment(row.reserved_at)}, and never admitted: it is free"
        return caution("nonce-unused", sentence)
    what = "this very payload" if same else "another action with this nonce"
    raise RuleRefused(
        "nonce-used",
        f"{what} was handed to the exchange at {moment(row.reserved_at)}: {row.state.value}",
        "see `history`" if same else "draft the request again: it takes a new nonce",
    )
