"""What became of a payload, judged from evidence alone: states, events, verdicts; no imports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.broadcaster.fate.states import Event, NonceState, Reading
    from coldlever.broadcaster.fate.transition import after
    from coldlever.broadcaster.fate.verdict import Verdict, exit_status, verdict_of
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "Event": "states",
            "NonceState": "states",
            "Reading": "states",
            "after": "transition",
            "Verdict": "verdict",
            "exit_status": "verdict",
            "verdict_of": "verdict",
        },
    )

__all__ = ["Event", "NonceState", "Reading", "Verdict", "after", "exit_status", "verdict_of"]
