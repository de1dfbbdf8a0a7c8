"""What must hold before a payload is posted, as findings; nothing here posts, records or prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.broadcaster.check.checker import Blocked, Checker, Cleared, Foresight
    from coldlever.broadcaster.check.nonce_rules import target_rule
    from coldlever.broadcaster.check.report import Finding, Report
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "Blocked": "checker",
            "Checker": "checker",
            "Cleared": "checker",
            "Finding": "report",
            "Foresight": "checker",
            "Report": "report",
            "target_rule": "nonce_rules",
        },
    )

__all__ = ["Blocked", "Checker", "Cleared", "Finding", "Foresight", "Report", "target_rule"]
