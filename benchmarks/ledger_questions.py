"""What `history` and `resolve` ask a ledger, wherever it lies."""

from __future__ import annotations

import time

from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger.store import Ledger


def seconds_of_asking(ledger: Ledger) -> float:
    """How long it takes to ask each of them once, seconds."""
    started = time.perf_counter()
    latest = ledger.rows(limit=50)
    ledger.rows([NonceState.SPENT_ACCEPTED, NonceState.OPEN], 50)
    ledger.unfinished()
    ledger.sent_after(latest[0])
    ledger.may_have_moved(latest[0])
    ledger.highest_nonces("testnet", latest[0].key.signer)
    return time.perf_counter() - started
