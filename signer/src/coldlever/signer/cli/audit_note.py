"""Events that no other row goes with: recorded before what they tell of is let out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from coldlever.shared.audit import Event
from coldlever.shared.audit.chain_head import ChainHead
from coldlever.shared.cli.state_folder import make_folder, require_folder
from coldlever.signer.ledger import Ledger

# A generous event with its share of the journal.
EVENT_BYTES = 2048


def require_notable(ledger_file: Path, count: int) -> None:
    """Find out before anybody types a passphrase whether that many events can be recorded.

    Raises:
        RuleRefused: ``ledger-damaged`` or ``audit-damaged``.
        EnvironmentFault: ``state-folder``, ``disk-full`` or from the ledger.
    """
    require_folder(ledger_file.parent, count * EVENT_BYTES)
    with Ledger.open_existing(ledger_file) as ledger:
        ledger.rehearse(())


def note(ledger_file: Path, events: Sequence[Event]) -> ChainHead:
    """Record events, and return the head that they lead to.

    Raises:
        RuleRefused: ``ledger-damaged`` or ``audit-damaged``.
        EnvironmentFault: ``state-folder`` or from the ledger.
    """
    make_folder(ledger_file.parent)
    with Ledger.open(ledger_file) as ledger:
        ledger.note(events)
        return ledger.audit.head()
