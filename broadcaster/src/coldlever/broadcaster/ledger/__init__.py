"""What was sent and what became of it, on disk; no network, and no verdict of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.broadcaster.ledger.faults import nonce_revoked, nothing_to_revoke
    from coldlever.broadcaster.ledger.row import NonceKey, Row, unreadable
    from coldlever.broadcaster.ledger.store import Ledger, nonce_used, row_gone
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "Row": "row",
            "NonceKey": "row",
            "unreadable": "row",
            "Ledger": "store",
            "nonce_revoked": "faults",
            "nonce_used": "store",
            "nothing_to_revoke": "faults",
            "row_gone": "store",
        },
    )

__all__ = [
    "Ledger",
    "NonceKey",
    "Row",
    "nonce_revoked",
    "nonce_used",
    "nothing_to_revoke",
    "row_gone",
    "unreadable",
]
