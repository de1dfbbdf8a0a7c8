"""``rehearse``: the local exchange."""

from __future__ import annotations

import errno

import click

from coldlever.broadcaster.cli.context import ADDRESS
from coldlever.broadcaster.cli.machine import Machine, pass_machine
from coldlever.broadcaster.rehearsal import FaultKind, RehearsalExchange, RehearsalServer
from coldlever.shared.action import Address, Network
from coldlever.shared.cli.console import emit, emit_json, json_option, say
from coldlever.shared.errors import EnvironmentFault

DEFAULT_PORT = 8787
_MAX_PORT = 65_535


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
    as_json: bool,
) -> None:
    """Run an exchange of your own on 127.0.0.1 until Ctrl-C, which is its regular end (status 0).

    It keeps the rules of the real one and holds nobody's money; everything is forgotten when it
    ends. Point the other commands (or the official Python SDK) at it:

    \b
      coldlever-broadcaster rehearse --account 0x...
      coldlever-broadcaster post signed.json --api-url http://127.0.0.1:8787

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
    try:
        server = RehearsalServer(exchange, port, log=None if as_json else say)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise EnvironmentFault(
            "port-taken", f"port {port} is in use", "choose another with --port"
        ) from None
    if as_json:
        emit_json({"url": server.url, "network": network_name})
    else:
        say(f"rehearsal exchange ({network_name}), no real money; Ctrl-C ends it", bold=True)
        emit(server.url)
    try:
        server.serve_forever()
    finally:
        server.stop()
