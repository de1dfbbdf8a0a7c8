"""Who did what and when, as a chain of events; where it is kept and how it is shown is not here.

docs/formats.md fixes the bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.shared.audit.chain import Chain, Head, Linked, Side, follow
    from coldlever.shared.audit.document import Export, dump_audit, load_audit
    from coldlever.shared.audit.event import Event, Kind
    from coldlever.shared.audit.seen import head_text
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "Chain": "chain",
            "Head": "chain",
            "Linked": "chain",
            "Side": "chain",
            "follow": "chain",
            "Export": "document",
            "dump_audit": "document",
            "load_audit": "document",
            "Event": "event",
            "Kind": "event",
            "head_text": "seen",
        },
    )

__all__ = [
    "Chain",
    "Event",
    "Export",
    "Head",
    "Kind",
    "Linked",
    "Side",
    "dump_audit",
    "follow",
    "head_text",
    "load_audit",
]
