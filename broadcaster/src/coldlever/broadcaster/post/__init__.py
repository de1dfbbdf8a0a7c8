"""Posting once and finding out what happened, up to the receipt; no rules, no terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.broadcaster.post.attempts import TIME_HAS_SETTLED
    from coldlever.broadcaster.post.effect import load_snapshot
    from coldlever.broadcaster.post.poster import DEFAULT_RETRY_S, Poster
    from coldlever.broadcaster.post.receipt import make_receipt
    from coldlever.broadcaster.post.result import Result, settled
    from coldlever.broadcaster.post.row import EFFECT_NOT_SEEN
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "TIME_HAS_SETTLED": "attempts",
            "load_snapshot": "effect",
            "DEFAULT_RETRY_S": "poster",
            "Poster": "poster",
            "Result": "result",
            "settled": "result",
            "make_receipt": "receipt",
            "EFFECT_NOT_SEEN": "row",
        },
    )

__all__ = [
    "DEFAULT_RETRY_S",
    "EFFECT_NOT_SEEN",
    "TIME_HAS_SETTLED",
    "Poster",
    "Result",
    "load_snapshot",
    "make_receipt",
    "settled",
]
