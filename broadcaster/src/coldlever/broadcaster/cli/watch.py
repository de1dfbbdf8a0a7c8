"""``resolve --watch``: look at unfinished payloads for ever, with a log and metrics."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from coldlever.broadcaster.cli.gauges import Gauges
from coldlever.broadcaster.cli.machine import Machine
from coldlever.broadcaster.ledger import Ledger, Row
from coldlever.broadcaster.ledger.claim import unfinished_states
from coldlever.broadcaster.post import Result
from coldlever.shared.cli.stop_signals import StopRequest
from coldlever.shared.errors import ColdleverError, EnvironmentFault

try:
    import structlog
except ImportError:
    raise EnvironmentFault(
        "extra-missing",
        "--watch needs the package structlog, which is not installed",
        "pip install 'coldlever-broadcaster[watch]'",
    ) from None

# Few, so that a worker that is stopped or killed holds few back.
_AT_ONCE = 5
# The longest that a request to stop waits for an idle worker.
_NAP_S = 0.5
_MS = 1000


@dataclass(frozen=True, slots=True)
class Watch:
    """Who watches what.

    Args:
        machine: its clocks and pauses.
        ledger: the broadcaster's ledger.
        look: goes on with a row, and returns what became of it or why that failed.
        stop: whether somebody has asked to stop.
        every_s: how long a payload is left alone between two looks, seconds.
    """

    machine: Machine
    ledger: Ledger
    look: Callable[[Row], Result | ColdleverError]
    stop: StopRequest
    every_s: float


def watch(task: Watch, metrics: str | None) -> None:
    """Look until somebody asks to stop.

    Args:
        task: who watches what.
        metrics: where metrics are served, as ``ADDRESS:PORT``; None for nowhere.

    Raises:
        EnvironmentFault: ``extra-missing``, or the metrics cannot be served.
        UsageRefused: ``metrics-address``.
    """
    log = _logger()
    gauges = Gauges(task.machine.monotonic, task.every_s)
    with ExitStack() as stack:
        if metrics is not None:
            stack.enter_context(gauges.served(metrics))
        log.info("watching", every_s=task.every_s, metrics=metrics)
        while not task.stop.is_made:
            if not _pass(task, gauges, log):
                _nap(task)
        log.info("stopped")


def _pass(task: Watch, gauges: Gauges, log: structlog.typing.FilteringBoundLogger) -> bool:
    """Look at some rows; whether there were any."""
    try:
        rows = task.ledger.claim(round(task.every_s * _MS), _AT_ONCE, task.machine.clock())
        for row in rows:
            _look(task, row, gauges, log)
            if task.stop.is_made:
                break
        with task.ledger.seeing() as connection:
            gauges.passed(unfinished_states(connection))
    except EnvironmentFault as fault:
        # The ledger's server is away: that passes, and then everything goes on.
        gauges.failed(fault.code)
        log.info("ledger not reached", code=fault.code, message=fault.message)
        return False
    return bool(rows)


def _look(
    task: Watch, row: Row, gauges: Gauges, log: structlog.typing.FilteringBoundLogger
) -> None:
    told = log.bind(
        nonce=row.key.nonce,
        signer=row.key.signer.checksummed,
        what=row.key.what.value,
        venue=row.key.venue,
        coin=row.coin,
    )
    result = task.look(row)
    if isinstance(result, ColdleverError):
        gauges.failed(result.code)
        told.info("not finished", code=result.code, message=result.message)
        return
    now = result.row
    gauges.looked(now.verdict.value)
    told.info(
        "looked",
        verdict=now.verdict.value,
        state=now.state.value,
        account=now.reading.value,
        held=None if result.held is None else result.held.value,
    )


def _nap(task: Watch) -> None:
    left = task.every_s
    while left > 0 and not task.stop.is_made:
        task.machine.sleep(min(_NAP_S, left))
        left -= _NAP_S


def _logger() -> structlog.typing.FilteringBoundLogger:
    logger: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(0),
    )
    return logger
