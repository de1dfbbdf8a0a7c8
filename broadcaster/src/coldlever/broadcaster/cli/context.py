"""What several commands share: their options, and the parts they put together."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from coldlever.broadcaster.cli.ledger_option import chosen_server, ledger_options
from coldlever.broadcaster.cli.machine import Machine
from coldlever.broadcaster.ledger import Ledger
from coldlever.broadcaster.ledger.memory import HostMemory
from coldlever.broadcaster.ledger.seen_heads import SeenHeads
from coldlever.broadcaster.ledger.telling import Author
from coldlever.broadcaster.post import DEFAULT_RETRY_S, MarketLease, MarketLock, Poster
from coldlever.broadcaster.post.leave import Leave
from coldlever.broadcaster.venue import (
    Exchange,
    ExchangeApi,
    Venue,
    WeightBudget,
    choose_venue,
    loopback_url,
)
from coldlever.broadcaster.venue.clock import ExchangeClock
from coldlever.broadcaster.venue.weight import LIMIT as WEIGHT_LIMIT
from coldlever.shared.action import Address, Network, parse_address
from coldlever.shared.cli.console import json_option
from coldlever.shared.errors import RuleRefused, UsageRefused
from coldlever.shared.statement.policy_ref import PolicyRef

if TYPE_CHECKING:
    from coldlever.broadcaster.venue.transport import Session

F = TypeVar("F", bound=Callable[..., Any])


class AddressParameter(click.ParamType[Address]):
    """An address on the command line."""

    name = "0x…"

    def convert(self, value: Any, _param: Any, _ctx: Any) -> Address:
        """Parse it, with the same rules as in files."""
        return value if isinstance(value, Address) else parse_address(str(value))


ADDRESS = AddressParameter()


def venue_options(command: F) -> F:
    """Add ``--api-url``, ``--state-dir`` and ``--json``."""
    command = click.option(
        "--api-url",
        metavar="URL",
        help="A rehearsal exchange on this machine, such as http://127.0.0.1:8787.",
    )(command)
    return state_options(command)


def state_options(command: F) -> F:
    """Add ``--ledger``, ``--state-dir`` and ``--json``."""
    return json_option(place_options(command))


def place_options(command: F) -> F:
    """Add ``--ledger`` and ``--state-dir``."""
    command = click.option(
        "--state-dir",
        metavar="DIR",
        type=click.Path(file_okay=False),
        help="Where the ledger lives (default: the XDG state directory).",
    )(command)
    return ledger_options(command)


def retry_option(command: F) -> F:
    """Add ``--retry-for`` as ``retry_for``, seconds."""
    return click.option(
        "--retry-for",
        type=click.FloatRange(0, 600),
        default=DEFAULT_RETRY_S,
        show_default=True,
        metavar="SECONDS",
        help="How long to send the same bytes again while no answer settles it.",
    )(command)


def open_ledger(
    machine: Machine,
    state_dir: str | None,
    policy: PolicyRef | None = None,
    *,
    is_compared: bool = True,
) -> Ledger:
    """The broadcaster's ledger.

    Args:
        machine: its clocks and pauses.
        state_dir: from ``--state-dir``, or None.
        policy: what is done goes by it, for the audit chain; None without one.
        is_compared: with what this host remembers of a shared one.
    """
    folder = machine.state(state_dir)
    return Ledger(
        chosen_server(machine) or folder,
        machine.sleep,
        machine.monotonic,
        remembered(machine, folder) if is_compared else None,
        author=Author(platform.node(), policy),
        heads=SeenHeads(folder),
    )


def remembered(machine: Machine, folder: Path) -> HostMemory:
    """What this host remembers of shared ledgers.

    Args:
        machine: its clock and pauses.
        folder: of its state.
    """
    return HostMemory(folder, machine.sleep, machine.monotonic)


@dataclass(frozen=True, slots=True)
class Connection:
    """A venue with its readers.

    Args:
        venue: where to.
        exchange: typed reading, over `ExchangeApi`.
        clock: the exchange's time.
        budget: the exchange's limit.
        session: the HTTP session.
    """

    venue: Venue
    exchange: Exchange
    clock: ExchangeClock
    budget: WeightBudget
    session: Session

    def twin(self, machine: Machine) -> Connection:
        """Another one for another thread: a session has one request at a time."""
        return _connect(machine, self.venue, self.budget, self.clock)

    def close(self) -> None:
        """Close its connections."""
        self.session.close()


def _connect(
    machine: Machine, venue: Venue, budget: WeightBudget, clock: ExchangeClock | None = None
) -> Connection:
    # What it imports takes a tenth of a second, which commands without the network do not wait for.
    from coldlever.broadcaster.venue import transport  # noqa: PLC0415 - see above

    session = transport.Session(machine.monotonic)
    api = ExchangeApi(venue, session, budget, machine.sleep, machine.monotonic)
    exchange = Exchange(api, venue.network)
    if clock is None:
        clock = ExchangeClock(exchange, machine.monotonic, machine.clock)
    return Connection(venue, exchange, clock, budget, session)


def connect(machine: Machine, network: Network, api_url: str | None, ledger: Ledger) -> Connection:
    """Prepare to talk to the venue; nothing is sent yet.

    Args:
        machine: its clocks and pauses.
        network: which.
        api_url: from ``--api-url``, or None.
        ledger: where the processes of this machine share the exchange's limit.
    """
    venue = choose_venue(network, api_url)
    return _client(machine, venue, ledger)


def connect_any(
    machine: Machine, network: Network | None, api_url: str | None, ledger: Ledger
) -> Connection:
    """As `connect`, taking the network from a rehearsal exchange where none is given.

    Raises:
        UsageRefused: ``network-missing`` without a rehearsal exchange to ask.
        RuleRefused: ``network-mismatch`` when the rehearsal plays another network.
    """
    if api_url is None:
        return connect(machine, network or Network.MAINNET, None, ledger)
    venue = Venue(network or Network.TESTNET, loopback_url(api_url), is_rehearsal=True)
    probe = _client(machine, venue, ledger).exchange.api
    probe.info({"type": "exchangeStatus"})
    played = probe.rehearsal_network
    if network is None and played is None:
        raise UsageRefused(
            "network-missing",
            "the server at --api-url does not say which network it plays",
            "add --network mainnet or --network testnet",
        )
    if network is not None and played is not None and network is not played:
        raise RuleRefused(
            "network-mismatch",
            f"--network says {network.value}, the rehearsal exchange plays {played.value}",
            f"start it with `rehearse --network {network.value}`",
        )
    chosen = network if network is not None else played
    return connect(machine, chosen or Network.TESTNET, api_url, ledger)


def market_lock(machine: Machine, ledger: Ledger, folder: Path) -> Leave:
    """What keeps others from posting at the same market at the same time.

    Args:
        machine: its pauses.
        ledger: the broadcaster's ledger.
        folder: the state folder, for lock files.
    """
    if ledger.leases is None:
        return MarketLock(folder / "locks", machine.sleep)
    return MarketLease(ledger.leases, machine.sleep)


def make_poster(
    machine: Machine,
    connection: Connection,
    ledger: Ledger,
    folder: Path,
    retry_s: float,
    *,
    lock: Leave | None = None,
) -> Poster:
    """The one who posts there.

    Args:
        machine: its clocks and pauses.
        connection: the venue.
        ledger: the broadcaster's ledger.
        folder: the state folder, for the lock files.
        retry_s: how long an unanswered post is repeated with the same bytes, seconds.
        lock: of the run, where it has one.
    """
    return Poster(
        connection.exchange,
        ledger,
        lock or market_lock(machine, ledger, folder),
        machine.clock,
        sleep=machine.sleep,
        monotonic=machine.monotonic,
        retry_s=retry_s,
        time=connection.clock,
    )


def _client(machine: Machine, venue: Venue, ledger: Ledger) -> Connection:
    budget = WeightBudget(
        machine.monotonic,
        machine.sleep,
        shared=ledger.weight_at(venue.url, WEIGHT_LIMIT),
        clock=machine.clock,
    )
    return _connect(machine, venue, budget)
