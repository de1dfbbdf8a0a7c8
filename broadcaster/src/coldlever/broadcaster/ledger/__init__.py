"""What was sent and what became of it, on disk; no network, and no verdict of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.broadcaster.ledger.faults import nonce_revoked, nothing_to_revoke
    from coldlever.broadcaster.ledger.row import NonceKey, Place, Row, unreadable
    from coldlever.broadcaster.ledger.server import LedgerServer
    from coldlever.broadcaster.ledger.store import Ledger, nonce_used, row_gone
    from coldlever.broadcaster.ledger.turn import Turn, older_open
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "Row": "row",
            "NonceKey": "row",
            "Place": "row",
            "unreadable": "row",
            "Ledger": "store",
            "LedgerServer": "server",
            "nonce_revoked": "faults",
            "nonce_used": "store",
            "nothing_to_revoke": "faults",
            "row_gone": "store",
            "Turn": "turn",
            "older_open": "turn",
        },
    )

__all__ = [
    "Ledger",
    "LedgerServer",
    "NonceKey",
    "Place",
    "Row",
    "Turn",
    "nonce_revoked",
    "nonce_used",
    "nothing_to_revoke",
    "older_open",
    "row_gone",
    "unreadable",
]
