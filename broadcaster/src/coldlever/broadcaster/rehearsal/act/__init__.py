"""What a request to `/exchange` does to the state, and its answer; nothing is served here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.broadcaster.rehearsal.act.answers import Answer
    from coldlever.broadcaster.rehearsal.act.journal import Entry, Journal, Outcome
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "Answer": "answers",
            "Entry": "journal",
            "Journal": "journal",
            "Outcome": "journal",
        },
    )

__all__ = ["Answer", "Entry", "Journal", "Outcome"]
