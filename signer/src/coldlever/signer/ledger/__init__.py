"""The memory of spent nonces: its tables, its chain and head, its backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.signer.ledger.coins import ConfirmedCoin
    from coldlever.signer.ledger.document import dump_ledger, entry_wire, load_ledger
    from coldlever.signer.ledger.entry import Entry
    from coldlever.signer.ledger.guard import GuardedLedger
    from coldlever.signer.ledger.heads import Heads
    from coldlever.signer.ledger.policies import PolicyMark
    from coldlever.signer.ledger.store import Ledger
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "dump_ledger": "document",
            "entry_wire": "document",
            "load_ledger": "document",
            "ConfirmedCoin": "coins",
            "Entry": "entry",
            "GuardedLedger": "guard",
            "Heads": "heads",
            "Ledger": "store",
            "PolicyMark": "policies",
        },
    )

__all__ = [
    "ConfirmedCoin",
    "Entry",
    "GuardedLedger",
    "Heads",
    "Ledger",
    "PolicyMark",
    "dump_ledger",
    "entry_wire",
    "load_ledger",
]
