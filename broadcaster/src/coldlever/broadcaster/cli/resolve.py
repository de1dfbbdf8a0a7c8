"""``resolve``: finish what a crash or a time-out left open."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import click

from coldlever.broadcaster.cli.context import (
    connect,
    make_poster,
    open_ledger,
    retry_option,
    state_options,
)
from coldlever.broadcaster.cli.exit_status import worst_of
from coldlever.broadcaster.cli.machine import Machine, pass_machine
from coldlever.broadcaster.cli.result import result_status, result_wire, show_result
from coldlever.broadcaster.cli.show import describe_row
from coldlever.broadcaster.ledger import Ledger, Row
from coldlever.broadcaster.post import Poster, Result, make_receipt
from coldlever.shared.action import Network
from coldlever.shared.action.what import What
from coldlever.shared.cli.console import emit_json, say
from coldlever.shared.cli.refusals import refusal_of
from coldlever.shared.cli.stdout import require_stdout
from coldlever.shared.cli.stop_signals import StopRequest, holding
from coldlever.shared.errors import ColdleverError, Interrupted, RuleRefused

Work = Callable[[Poster, Row], Result]


@click.command(short_help="Finish what was left open.")
@click.option("--nonce", type=int, help="Only the payload with this nonce.")
@click.option(
    "--close",
    "ending",
    is_flag=True,
    help="With --nonce: end a payload that can no longer land and whose fate was never learnt.",
)
@click.option(
    "--probe",
    "probing",
    is_flag=True,
    help="With --nonce: send a payload that has expired once more, to learn what happened to it.",
)
@click.option("--watch", "watching", is_flag=True, help="Go on for ever; SIGTERM ends it.")
@click.option(
    "--every",
    type=click.FloatRange(1, 3600),
    default=15,
    show_default=True,
    metavar="SECONDS",
    help="With --watch: how long a payload is left alone between two looks.",
)
@click.option(
    "--metrics",
    metavar="ADDRESS:PORT",
    help="With --watch: serve /metrics (Prometheus) and /health, such as on 127.0.0.1:9464.",
)
@retry_option
@state_options
@pass_machine
def resolve(
    machine: Machine,
    *,
    nonce: int | None,
    ending: bool,
    probing: bool,
    watching: bool,
    every: float,
    metrics: str | None,
    retry_for: float,
    state_dir: str | None,
    as_json: bool,
) -> None:
    """Finish payloads whose outcome is open.

    What was sent without an answer is sent again, the same bytes, until the exchange's answer
    settles it (it takes a nonce only once), then the setting is read back. What was never admitted
    is never sent from here: `post` its file. Nothing is sent whose market has been changed since,
    and nothing new is ever signed.

    With --watch it does so again and again, and writes a log to stderr, a JSON object a line.
    Several can watch one ledger: each takes up payloads that no other is looking at.
    """
    _require_fit(nonce, ending=ending, probing=probing, watching=watching, as_json=as_json)
    if metrics is not None and not watching:
        raise click.UsageError("--metrics goes with --watch")
    work: Work = Poster.close if ending else Poster.probe if probing else Poster.resume
    if as_json:
        require_stdout()
    with closing(open_ledger(machine, state_dir)) as ledger:
        posters = _Posters(machine, ledger, machine.state(state_dir), retry_for)
        if watching:
            _watch(machine, ledger, posters, every, metrics)
            return
        # The oldest first: later ones may have been meant to follow it.
        rows = ledger.unfinished()
        if nonce is not None:
            rows = [row for row in rows if row.key.nonce == nonce]
            if probing:
                # A noop has no expiry that a probe could go by.
                rows = [one for one in ledger.with_nonce(nonce) if one.key.what is What.PAYLOAD]
            if not rows:
                raise RuleRefused("nothing-open", f"no open payload has the nonce {nonce}")
        # From here on payloads leave, and whoever stops it is told of every one.
        with holding() as stop:
            results, is_cut = _resolve_all(posters, rows, work, stop, quiet=as_json)
            if as_json:
                emit_json([_wire(result) for result in results])
            elif not results:
                say("nothing is open")
            if not ending or any(isinstance(result, _Left) for result in results):
                sys.exit(_worst(results, is_cut=is_cut))


def _require_fit(
    nonce: int | None, *, ending: bool, probing: bool, watching: bool, as_json: bool
) -> None:
    """The options go together."""
    if watching and (as_json or nonce is not None):
        raise click.UsageError("--watch goes with neither --nonce nor --json")
    if (ending or probing) and nonce is None:
        raise click.UsageError("--close and --probe need --nonce")
    if ending and probing:
        raise click.UsageError("--close and --probe exclude each other")


def _watch(
    machine: Machine, ledger: Ledger, posters: _Posters, every: float, metrics: str | None
) -> None:
    """Look until somebody asks to stop; what is being done then is done to its end."""
    from coldlever.broadcaster.cli.watch import Watch, watch  # noqa: PLC0415 - needs an extra

    def look(row: Row) -> Result | ColdleverError:
        result = _work_on(posters, row, Poster.resume, StopRequest(), is_only=False)
        return result.fault if isinstance(result, _Left) else result

    with holding() as stop:
        watch(Watch(machine, ledger, look, stop, every), metrics)


@dataclass(frozen=True, slots=True)
class _Left:
    """A payload that could not be worked on.

    Args:
        row: its ledger row.
        fault: why.
    """

    row: Row
    fault: ColdleverError


def _worst(results: Sequence[Result | _Left], *, is_cut: bool) -> int:
    status = worst_of(_status(result) for result in results)
    return worst_of((status, Interrupted.exit_status)) if is_cut else status


def _status(result: Result | _Left) -> int:
    return result.fault.exit_status if isinstance(result, _Left) else result_status(result)


def _wire(result: Result | _Left) -> dict[str, object]:
    if not isinstance(result, _Left):
        return result_wire(result)
    receipt = make_receipt(result.row, None)
    return {
        "what": result.row.key.what.value,
        "status": "unknown",
        "nonceState": result.row.state.value,
        "account": result.row.reading.value,
        "code": result.fault.code,
        "error": result.fault.to_wire(),
        "remedy": receipt["remedy"],
        "exchange": receipt["exchange"],
        "receipt": receipt,
    }


class _Posters:
    """One client a venue: they share the budget of request weight."""

    def __init__(self, machine: Machine, ledger: Ledger, folder: Path, retry_s: float) -> None:
        self._machine = machine
        self._ledger = ledger
        self._folder = folder
        self._retry_s = retry_s
        self._made: dict[str, Poster] = {}

    def is_settled_by_now(self, row: Row) -> bool:
        """Whether an answer to its revocation has settled a payload meanwhile."""
        if not row.state.can_land or not self._ledger.is_revoked(row.key):
            return False
        now = self._ledger.find(row.key)
        return now is not None and not now.state.can_land

    def of(self, row: Row) -> Poster:
        """Who posts to the venue of a row."""
        venue = row.key.venue
        if venue not in self._made:
            network = Network(venue.partition("@")[0])
            # The venue's own URL comes from coldlever, never from the ledger file.
            connection = connect(
                self._machine, network, row.url if "@" in venue else None, self._ledger
            )
            self._made[venue] = make_poster(
                self._machine, connection, self._ledger, self._folder, self._retry_s
            )
        return self._made[venue]


def _resolve_all(
    posters: _Posters, rows: Sequence[Row], work: Work, stop: StopRequest, *, quiet: bool
) -> tuple[list[Result | _Left], bool]:
    """Work on each row; says too whether a stop has left some out."""
    results: list[Result | _Left] = []
    # Revocations first: what they settle is told with them.
    ordered = sorted(rows, key=lambda one: one.key.what is What.PAYLOAD)
    for number, row in enumerate(ordered, start=1):
        if posters.is_settled_by_now(row):
            continue
        if not quiet:
            say(describe_row(row))
        result = _work_on(posters, row, work, stop, is_only=len(rows) == 1)
        results.append(result)
        if not quiet:
            _show(result)
        if stop.is_made or (isinstance(result, _Left) and isinstance(result.fault, Interrupted)):
            return results, stop.is_made and number < len(rows)
    return results, False


def _work_on(
    posters: _Posters, row: Row, work: Work, stop: StopRequest, *, is_only: bool
) -> Result | _Left:
    """One payload; one venue out of reach must not keep the others from being finished."""
    try:
        with stop.heeding():
            return work(posters.of(row), row)
    except RuleRefused as error:
        if is_only:
            raise
        return _Left(row, error)
    except Exception as error:  # noqa: BLE001 - not even a defect hides what became of the others
        return _Left(row, refusal_of(error))
    except KeyboardInterrupt:
        return _Left(row, _stopped())


def _show(result: Result | _Left) -> None:
    if isinstance(result, _Left):
        say(f"NOT FINISHED: {result.fault.code}: {result.fault.message}", fg="red", bold=True)
    else:
        show_result(result)


def _stopped() -> Interrupted:
    return Interrupted(
        "interrupted", "you stopped it; the payload stays open", "run `resolve` again"
    )
