"""The exchange as a client meets it: requests, typed answers, verdicts; nothing is decided here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.broadcaster.venue.authority import account_acted_for
    from coldlever.broadcaster.venue.client import ExchangeApi, Venue, choose_venue, loopback_url
    from coldlever.broadcaster.venue.exchange import Exchange
    from coldlever.broadcaster.venue.ruling import Ruling, classify, read_answer
    from coldlever.broadcaster.venue.standing import Position, Standing
    from coldlever.broadcaster.venue.weight import WeightBudget
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "account_acted_for": "authority",
            "ExchangeApi": "client",
            "Venue": "client",
            "choose_venue": "client",
            "loopback_url": "client",
            "Exchange": "exchange",
            "Position": "standing",
            "Standing": "standing",
            "Ruling": "ruling",
            "classify": "ruling",
            "read_answer": "ruling",
            "WeightBudget": "weight",
        },
    )

__all__ = [
    "Exchange",
    "ExchangeApi",
    "Position",
    "Ruling",
    "Standing",
    "Venue",
    "WeightBudget",
    "account_acted_for",
    "choose_venue",
    "classify",
    "loopback_url",
    "read_answer",
]
