"""``rehearse``: the local exchange."""

from __future__ import annotations

import errno
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from coldlever.broadcaster.cli.context import ADDRESS
from coldlever.broadcaster.cli.machine import Machine, pass_machine
from coldlever.broadcaster.cli.request_log import RequestLog
from coldlever.broadcaster.rehearsal import FaultKind, RehearsalExchange, RehearsalServer
from coldlever.broadcaster.rehearsal.serve.weights import LIMIT_PER_MINUTE
from coldlever.shared.action import Address, Network
from coldlever.shared.cli.console import emit, emit_json, json_option, say
from coldlever.shared.errors import EnvironmentFault, UsageRefused
from coldlever.shared.reading.times import parse_duration

DEFAULT_PORT = 8787
_MAX_PORT = 65_535
_MAX_LATENCY_MS = 60_000


class Milliseconds(click.ParamType[int]):
    """A short time on the command line: 300ms, or as other durations."""

    name = "TIME"

    def convert(self, value: Any, _param: Any, _ctx: Any) -> int:
        """The time in ms, negative behind a minus."""
        text = str(value)
        found = re.fullmatch(r"([+-]?)(?:([0-9]{1,5})ms|(.*))", text, re.DOTALL)
        if found is None:  # pragma: no cover - the last branch takes any text
            raise ValueError(text)
        sign, ms, other = found.groups()
        size = parse_duration(other) if ms is None else int(ms)
        return -size if sign == "-" else size


@click.command(short_help="Run a local exchange to practise on.")
@click.option(
    "--port",
    type=click.IntRange(0, _MAX_PORT),
    default=DEFAULT_PORT,
    show_default=True,
    help="0 for any free one.",
)
@click.option(
    "--network",
    "network_name",
    type=click.Choice([network.value for network in Network]),
    default=Network.TESTNET.value,
    show_default=True,
    help="Whose markets and signatures it plays.",
)
@click.option("--account", "accounts", type=ADDRESS, multiple=True, help="A funded account.")
@click.option(
    "--agent", "agents", type=(ADDRESS, ADDRESS), multiple=True, help="MASTER and its API wallet."
)
@click.option(
    "--vault", "vaults", type=(ADDRESS, ADDRESS), multiple=True, help="LEADER and its vault."
)
@click.option(
    "--sub-account", "subs", type=(ADDRESS, ADDRESS), multiple=True, help="MASTER and sub-account."
)
@click.option(
    "--position",
    "positions",
    type=(ADDRESS, str, str),
    multiple=True,
    metavar="0x… COIN SIZE",
    help="An open position, such as 0x... BTC -0.1.",
)
@click.option(
    "--fault",
    "faults",
    type=(click.Choice([kind.value for kind in FaultKind]), int),
    multiple=True,
    metavar="KIND COUNT",
    help="Let a fault happen to the next posts: lose-answer, delay, 429, 502, truncate, ...",
)
@click.option(
    "--latency",
    "latency_ms",
    type=Milliseconds(),
    default=None,
    metavar="TIME",
    help="How long each request and its answer take together, such as 300ms.",
)
@click.option(
    "--clock-shift",
    "shift_ms",
    type=Milliseconds(),
    default=None,
    metavar="TIME",
    help="How far its clock runs ahead of this machine's, such as 90s; behind it: -90s.",
)
@click.option(
    "--rate-limit/--no-rate-limit",
    default=True,
    help="Whether clients get 429 when they ask too much.",
)
@click.option(
    "--log",
    "log_file",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Append one line a request to this file.",
)
@json_option
@pass_machine
def rehearse(
    machine: Machine,
    *,
    port: int,
    network_name: str,
    accounts: tuple[Address, ...],
    agents: tuple[tuple[Address, Address], ...],
    vaults: tuple[tuple[Address, Address], ...],
    subs: tuple[tuple[Address, Address], ...],
    positions: tuple[tuple[Address, str, str], ...],
    faults: tuple[tuple[str, int], ...],
    latency_ms: int | None,
    shift_ms: int | None,
    rate_limit: bool,
    log_file: str | None,
    as_json: bool,
) -> None:
    """Run an exchange of your own on 127.0.0.1 until Ctrl-C, which is its regular end (status 0).

    It keeps the rules of the real one and holds nobody's money; everything is forgotten when it
    ends. Point the other commands (or the official Python SDK) at it:

    \b
      coldlever-broadcaster rehearse --account 0x...
      coldlever-broadcaster post signed.json --api-url http://127.0.0.1:8787

    It is quiet, and goes on when its terminal is closed; end it by its process id then.
    Options with two addresses name accounts that were given with --account. More can be added
    while it runs, see docs/formats.md.
    """  # noqa: D301 - \b is click's mark for text that must not be wrapped
    exchange = RehearsalExchange(Network(network_name), clock=machine.clock, accounts=accounts)
    for leader, vault in vaults:
        exchange.add_vault(leader, vault)
    for master, sub in subs:
        exchange.add_sub_account(master, sub)
    for master, agent in agents:
        exchange.add_agent(master, agent)
    for account, coin, size in positions:
        exchange.open_position(account, coin, size)
    for kind, count in faults:
        exchange.inject(kind, count=count)
    if shift_ms is not None:
        exchange.shift_clock(shift_ms)
    latency_s = _latency_s(latency_ms)
    log = None if log_file is None else RequestLog(Path(log_file), machine.clock)
    try:
        server = _listen(
            exchange,
            port,
            weight_limit=LIMIT_PER_MINUTE if rate_limit else None,
            latency_s=latency_s,
            log=None if log is None else log.write,
        )
        if as_json:
            emit_json({"url": server.url, "network": network_name})
        else:
            say(f"rehearsal exchange ({network_name}), no real money; Ctrl-C ends it", bold=True)
            emit(server.url)
        _serve(server)
    finally:
        if log is not None:
            log.close()


def _listen(exchange: RehearsalExchange, port: int, **options: Any) -> RehearsalServer:
    try:
        return RehearsalServer(exchange, port, **options)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise EnvironmentFault(
            "port-taken", f"port {port} is in use", "choose another with --port"
        ) from None


def _serve(server: RehearsalServer) -> None:
    try:
        with _outliving_the_terminal():
            server.serve_forever()
    finally:
        server.stop()


def _latency_s(latency_ms: int | None) -> float:
    if latency_ms is None:
        return 0.0
    if not 0 <= latency_ms <= _MAX_LATENCY_MS:
        raise UsageRefused("bad-duration", "a latency goes from 0ms to 60s")
    return latency_ms / 1000


@contextmanager
def _outliving_the_terminal() -> Iterator[None]:
    """Ignore the signal that a closing terminal sends to what runs in it."""
    previous = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, previous)
