"""`audit`: who did what on this machine, or on all that share its ledger, and when."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click

from coldlever.broadcaster.cli.context import open_ledger, place_options
from coldlever.broadcaster.cli.machine import Machine
from coldlever.shared.cli.audit_commands import audit_commands
from coldlever.shared.cli.audit_copies import Own

_EPILOG = """\b
Examples:
  coldlever-broadcaster audit show --last 10
  coldlever-broadcaster audit verify --head 57:9f3a-11c2-77ab-04de
  coldlever-broadcaster audit export --out desk.json
  coldlever-broadcaster audit export vault.json alice.json --out timeline.html

Each event is chained to the one before: whatever is changed, taken out, put in or moved afterwards
is found, and the first bad row is named. Whoever can write to the ledger can write the whole chain
anew; only a head that somebody else has seen binds it. So compare heads, and keep exports
elsewhere. A ledger that several machines share has one chain; each event names its machine.
"""


@click.group("audit", epilog=_EPILOG, short_help="Show, check and export what was done here.")
def command() -> None:
    """Show, check and export what was done from here, and by whom."""


def _keep(_: object, *, state_dir: str | None, **__: Any) -> Own:
    machine = click.get_current_context().ensure_object(Machine)
    with closing(open_ledger(machine, state_dir)) as ledger:
        chain, events = ledger.audit.whole()
        return Own(ledger.audit.name, chain, events, ledger.lost_heads())


for _one in audit_commands(_keep, place_options):
    command.add_command(_one)
