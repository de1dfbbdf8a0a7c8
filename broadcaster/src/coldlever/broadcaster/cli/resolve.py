"""``resolve``: finish what a crash or a time-out left open."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from coldlever.broadcaster.cli.context import connect, make_poster, open_folder, state_options
from coldlever.broadcaster.cli.result import result_status, result_wire, show_result
from coldlever.broadcaster.cli.show import describe_entry
from coldlever.broadcaster.ledger import OPEN_STATES, Entry, Ledger
from coldlever.broadcaster.post import DEFAULT_RETRY_S, Poster, Result, make_receipt
from coldlever.shared.action import Network
from coldlever.shared.cli.console import emit_json, say
from coldlever.shared.cli.refusals import refusal_of
from coldlever.shared.cli.stdout import require_stdout
from coldlever.shared.errors import ColdleverError, EnvironmentFault, Interrupted, RuleRefused

_WORST_FIRST = (130, 7, 8, 6, 4, 0)


@click.command(short_help="Finish what was left open.")
@click.option("--nonce", type=int, help="Only the payload with this nonce.")
@click.option(
    "--close",
    "closing",
    is_flag=True,
    help="With --nonce: end a payload that can no longer land and whose fate was never learnt.",
)
@click.option(
    "--retry-for",
    type=click.FloatRange(0, 600),
    default=DEFAULT_RETRY_S,
    show_default=True,
    metavar="SECONDS",
    help="How long to send the same bytes again while no answer settles it.",
)
@state_options
def resolve(
    *, nonce: int | None, closing: bool, retry_for: float, state_dir: str | None, as_json: bool
) -> None:
    """Finish payloads whose outcome is open.

    The same bytes are sent again until the exchange's answer settles it (it takes a nonce only
    once), then the setting is read back. A payload that was never sent and has expired meanwhile
    is withdrawn. Nothing new is ever signed or posted.
    """
    if closing and nonce is None:
        raise click.UsageError("--close needs --nonce")
    if as_json:
        require_stdout()
    folder = open_folder(state_dir)
    ledger = Ledger(folder)
    try:
        entries = [
            entry
            for entry in ledger.entries(OPEN_STATES)
            if nonce is None or entry.key.nonce == nonce
        ]
        if nonce is not None and not entries:
            raise RuleRefused("nothing-open", f"no open payload has the nonce {nonce}")
        # The oldest first: later ones may have been meant to follow it.
        entries.sort(key=lambda entry: (entry.reserved_at, entry.key.nonce))
        results = _resolve_all(ledger, folder, entries, retry_for, closing=closing, quiet=as_json)
    finally:
        ledger.close()
    if as_json:
        emit_json([_wire(result) for result in results])
    elif not results:
        say("nothing is open")
    if closing and not any(isinstance(result, _Left) for result in results):
        return
    statuses = {_status(result) for result in results} or {0}
    sys.exit(next(status for status in _WORST_FIRST if status in statuses))


@dataclass(frozen=True, slots=True)
class _Left:
    """A payload that could not be worked on.

    Args:
        entry: its ledger row.
        fault: why.
    """

    entry: Entry
    fault: ColdleverError


def _status(result: Result | _Left) -> int:
    return result.fault.exit_status if isinstance(result, _Left) else result_status(result)


def _wire(result: Result | _Left) -> dict[str, object]:
    if not isinstance(result, _Left):
        return result_wire(result)
    receipt = make_receipt(result.entry, None)
    return {
        "status": "unknown",
        "code": result.fault.code,
        "error": result.fault.to_wire(),
        "exchange": receipt["exchange"],
        "receipt": receipt,
    }


def _resolve_all(
    ledger: Ledger,
    folder: Path,
    entries: Sequence[Entry],
    retry_s: float,
    *,
    closing: bool,
    quiet: bool,
) -> list[Result | _Left]:
    results: list[Result | _Left] = []
    posters: dict[str, Poster] = {}
    for entry in entries:
        venue = entry.key.venue
        # One client a venue: they share the budget of request weight.
        if venue not in posters:
            posters[venue] = _make_poster(ledger, folder, entry, retry_s)
        poster = posters[venue]
        if not quiet:
            say(describe_entry(entry))
        result = _work_on(poster, entry, closing=closing, is_only=len(entries) == 1)
        results.append(result)
        if not quiet:
            _show(result)
        if isinstance(result, _Left) and isinstance(result.fault, Interrupted):
            break
    return results


def _work_on(poster: Poster, entry: Entry, *, closing: bool, is_only: bool) -> Result | _Left:
    """One payload; one venue out of reach must not keep the others from being finished."""
    try:
        return poster.close(entry) if closing else poster.resolve(entry)
    except RuleRefused as error:
        if is_only:
            raise
        return _Left(entry, error)
    except (EnvironmentFault, OSError) as error:
        return _Left(entry, refusal_of(error))
    except KeyboardInterrupt:
        return _Left(entry, _stopped())


def _show(result: Result | _Left) -> None:
    if isinstance(result, _Left):
        say(f"NOT FINISHED: {result.fault.code}: {result.fault.message}", fg="red", bold=True)
    else:
        show_result(result)


def _stopped() -> Interrupted:
    return Interrupted(
        "interrupted", "you stopped it; the payload stays open", "run `resolve` again"
    )


def _make_poster(ledger: Ledger, folder: Path, entry: Entry, retry_s: float) -> Poster:
    network = Network(entry.key.venue.partition("@")[0])
    # The venue's own URL comes from coldlever, never from the ledger file.
    api_url = entry.url if "@" in entry.key.venue else None
    return make_poster(connect(network, api_url), ledger, folder, retry_s)
