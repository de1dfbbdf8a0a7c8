"""`audit`: who did what on this machine, and when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from coldlever.shared.action.address import parse_address
from coldlever.shared.audit.chain_head import ChainHead
from coldlever.shared.cli.audit_commands import audit_commands
from coldlever.shared.cli.audit_copies import Own
from coldlever.shared.errors import InputRefused
from coldlever.shared.printable import printable
from coldlever.signer.cli.accept_risk import accept_risk_option
from coldlever.signer.cli.caged import caged
from coldlever.signer.cli.machine import Machine
from coldlever.signer.cli.state import keyring, ledger_path, require_own_state, state_option
from coldlever.signer.ledger import Heads, Ledger
from coldlever.signer.ledger.heads import SUFFIX

_EPILOG = """\b
Examples:
  coldlever-signer audit show --last 10
  coldlever-signer audit verify --head 57:9f3a-11c2-77ab-04de
  coldlever-signer audit export --out vault.json
  coldlever-signer audit export online.json alice.json --out timeline.html

Each event is chained to the one before: whatever is changed, taken out, put in or moved afterwards
is found, and the first bad row is named. Whoever owns the machine can write the whole chain anew;
only a head that somebody else has seen binds it. So compare heads, and keep exports elsewhere.
"""


@click.group("audit", epilog=_EPILOG)
def command() -> None:
    """Show, check and export what was done on this machine, and by whom."""


def _keep(machine: object, *, state_dir: str | None, accepted: tuple[str, ...], **_: Any) -> Own:
    assert isinstance(machine, Machine)
    require_own_state(machine, state_dir, accepted)
    path = ledger_path(machine, state_dir)
    folders = (keyring(machine, state_dir).folder, path.parent)
    remembered = tuple(head for folder in folders for head in _remembered(folder))
    with Ledger.open_existing(path) as ledger:
        missing = ledger.audit.missing(remembered)
        if not path.exists():
            return Own(printable(str(path)), None, (), missing)
        return Own(printable(str(path)), ledger.audit.chain(), ledger.audit.events(), missing)


def _remembered(folder: Path) -> list[ChainHead]:
    """The heads that keys of this machine signed on last; nothing proves them while it is closed.

    Raises:
        RuleRefused: ``head-damaged``.
    """
    found = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            signer = parse_address(path.name.removesuffix(SUFFIX))
        except InputRefused:
            continue  # not ours: a head is named for its address
        found += [one.audit for one in Heads(signer, (folder,), lambda _: None).read(None)]
    return found


def _place(body: Any) -> Any:
    return state_option(accept_risk_option(body))


for _one in audit_commands(_keep, _place):
    command.add_command(caged(_one))
