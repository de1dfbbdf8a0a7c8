"""The rehearsal: a local exchange to practise against and to test with.

It keeps the rules of the real one as far as they are known, holds nobody's money and listens on
127.0.0.1 alone.
"""

from __future__ import annotations

from coldlever.broadcaster.rehearsal.act import Entry, Outcome
from coldlever.broadcaster.rehearsal.exchange import FUNDS, RehearsalExchange
from coldlever.broadcaster.rehearsal.faults import Fault, FaultKind
from coldlever.broadcaster.rehearsal.serve import NETWORK_HEADER, RehearsalServer, create_app
from coldlever.broadcaster.rehearsal.state import LeverageSetting, Position

__all__ = [
    "FUNDS",
    "NETWORK_HEADER",
    "Entry",
    "Fault",
    "FaultKind",
    "LeverageSetting",
    "Outcome",
    "Position",
    "RehearsalExchange",
    "RehearsalServer",
    "create_app",
]
