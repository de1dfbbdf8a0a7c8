"""Posting once and finding out what happened, up to the receipt; no rules, no terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.broadcaster.post.account import load_before
    from coldlever.broadcaster.post.lease import MarketLease
    from coldlever.broadcaster.post.lock import MarketLock
    from coldlever.broadcaster.post.poster import DEFAULT_RETRY_S, Poster
    from coldlever.broadcaster.post.receipt import can_land_until, make_receipt
    from coldlever.broadcaster.post.result import Held, Result, result_of
    from coldlever.broadcaster.post.revocation import offer_of
    from coldlever.broadcaster.post.series import Series
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "load_before": "account",
            "MarketLease": "lease",
            "MarketLock": "lock",
            "DEFAULT_RETRY_S": "poster",
            "Poster": "poster",
            "can_land_until": "receipt",
            "make_receipt": "receipt",
            "Held": "result",
            "Result": "result",
            "result_of": "result",
            "offer_of": "revocation",
            "Series": "series",
        },
    )

__all__ = [
    "DEFAULT_RETRY_S",
    "Held",
    "MarketLease",
    "MarketLock",
    "Poster",
    "Result",
    "Series",
    "can_land_until",
    "load_before",
    "make_receipt",
    "offer_of",
    "result_of",
]
