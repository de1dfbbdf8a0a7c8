"""The rehearsal over HTTP: server, connections, faults on the wire, weights; no exchange rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.broadcaster.rehearsal.serve.server import (
        NETWORK_HEADER,
        RehearsalServer,
        create_app,
    )
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "NETWORK_HEADER": "server",
            "RehearsalServer": "server",
            "create_app": "server",
        },
    )

__all__ = ["NETWORK_HEADER", "RehearsalServer", "create_app"]
