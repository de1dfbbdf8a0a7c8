"""``history``: what was posted from here."""

from __future__ import annotations

import json

import click

from coldlever.broadcaster.cli.context import open_ledger, state_options
from coldlever.broadcaster.cli.show import colour_of, describe_entry
from coldlever.broadcaster.ledger import State
from coldlever.broadcaster.post import make_receipt
from coldlever.shared.cli.console import emit_json, say
from coldlever.shared.reading import moment


@click.command(short_help="List what was posted from here.")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([state.value for state in State]),
    help="Only these states (repeatable).",
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@state_options
def history(*, states: tuple[str, ...], limit: int, state_dir: str | None, as_json: bool) -> None:
    """List payloads and what became of them, the latest first."""
    ledger = open_ledger(state_dir)
    try:
        wanted = [State(name) for name in states] or None
        entries = ledger.entries(wanted, limit)
    finally:
        ledger.close()
    receipts = [make_receipt(entry, None) for entry in entries]
    if as_json:
        emit_json(receipts)
        return
    if not entries:
        say("nothing has been posted from here")
    for entry, receipt in zip(entries, receipts, strict=True):
        say(describe_entry(entry), fg=colour_of(entry.state))
        say(f"  {moment(entry.changed_at)}  {_action_of(receipt)}")
        if entry.sentence is not None:
            say(f"  {entry.code}: {entry.sentence}")


def _action_of(receipt: dict[str, object]) -> str:
    payload = receipt["payload"]
    return json.dumps(payload.get("action") if isinstance(payload, dict) else None)
