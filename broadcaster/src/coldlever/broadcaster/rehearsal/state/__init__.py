"""What the rehearsal's exchange knows: accounts, markets, margin, nonces; no HTTP, no requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.broadcaster.rehearsal.state.accounts import (
        Account,
        Agent,
        LeverageSetting,
        MultiSig,
        Position,
        Role,
    )
    from coldlever.broadcaster.rehearsal.state.margin import PositionMargin
    from coldlever.broadcaster.rehearsal.state.markets import Dex, Market
    from coldlever.broadcaster.rehearsal.state.nonces import require_in_window
    from coldlever.broadcaster.rehearsal.state.sentences import Refused
    from coldlever.broadcaster.rehearsal.state.venue import Venue
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "Account": "accounts",
            "Agent": "accounts",
            "LeverageSetting": "accounts",
            "MultiSig": "accounts",
            "Position": "accounts",
            "Role": "accounts",
            "PositionMargin": "margin",
            "Dex": "markets",
            "Market": "markets",
            "require_in_window": "nonces",
            "Refused": "sentences",
            "Venue": "venue",
        },
    )

__all__ = [
    "Account",
    "Agent",
    "Dex",
    "LeverageSetting",
    "Market",
    "MultiSig",
    "Position",
    "PositionMargin",
    "Refused",
    "Role",
    "Venue",
    "require_in_window",
]
