"""That a run was refused goes into the audit chain; whatever comes of that, the refusal is told."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from coldlever.shared.action import Address
from coldlever.shared.errors import ColdleverError, PersonDeclined, RuleRefused
from coldlever.shared.message import Request
from coldlever.shared.statement import PolicyRef
from coldlever.signer.events import refused_events
from coldlever.signer.ledger import Ledger


@dataclass(slots=True)
class Watched:
    """What is known of a run; more of it as it goes on.

    Args:
        requests: that were read.
        now: the time that they are judged by, ms since the epoch; None without a clock.
        signer: who would sign, where the requests do not say.
        policy: in force, or None.
    """

    requests: Sequence[Request]
    now: int | None
    signer: Address | None = None
    policy: PolicyRef | None = None


@contextlib.contextmanager
def noting_refusals(ledger_file: Path, watched: Watched) -> Iterator[Watched]:
    """Record a refusal by a rule or a person, in a ledger that is there; none is made for it.

    Args:
        ledger_file: need not exist.
        watched: what is known.
    """
    try:
        yield watched
    except (RuleRefused, PersonDeclined) as refusal:
        # What goes wrong here must not hide why the run was refused.
        with contextlib.suppress(ColdleverError, OSError):
            _note(ledger_file, watched, refusal)
        raise


def _note(ledger_file: Path, watched: Watched, refusal: ColdleverError) -> None:
    if not os.path.lexists(ledger_file):
        return
    events = refused_events(watched.requests, refusal, watched.signer, watched.policy, watched.now)
    with Ledger.open(ledger_file) as ledger:
        ledger.note(events)
