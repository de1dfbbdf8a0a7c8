"""``history``: what was posted from here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing

import click

from coldlever.broadcaster.cli.context import open_ledger, state_options
from coldlever.broadcaster.cli.machine import Machine, pass_machine
from coldlever.broadcaster.cli.show import colour_of, describe_row, show_head
from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger import Row
from coldlever.broadcaster.post import can_land_until, make_receipt, offer_of
from coldlever.shared.cli.console import emit_json, say
from coldlever.shared.reading import moment


@click.command(short_help="List what was posted from here.")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([state.value for state in NonceState]),
    help="Only these states (repeatable).",
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@state_options
@pass_machine
def history(
    machine: Machine,
    *,
    states: tuple[str, ...],
    limit: int,
    state_dir: str | None,
    as_json: bool,
) -> None:
    """List payloads and what became of them, the latest first."""
    wanted = [NonceState(name) for name in states] or None
    with closing(open_ledger(machine, state_dir)) as ledger:
        rows = ledger.rows(wanted, limit)
        receipts = [make_receipt(row, None) for row in rows]
        if as_json:
            emit_json(receipts)
            return
        _show(rows, receipts)
        show_head(ledger)


def _show(rows: Sequence[Row], receipts: Sequence[dict[str, object]]) -> None:
    if not rows:
        say("nothing has been posted from here")
    for row, receipt in zip(rows, receipts, strict=True):
        say(describe_row(row), fg=colour_of(row.verdict))
        say(f"  {moment(row.changed_at)}  {_action_of(receipt)}")
        if row.sentence is not None:
            say(f"  {row.code}: {row.sentence}")
        until = can_land_until(row)
        if until is not None:
            say(f"  these bytes can still land until {moment(until)}: {offer_of(row, until)}")


def _action_of(receipt: dict[str, object]) -> str:
    payload = receipt["payload"]
    return json.dumps(payload.get("action") if isinstance(payload, dict) else None)
