"""Reading the files of one run: which options there are, and what becomes of the files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from coldlever.shared.action import MarketTable, Network
from coldlever.shared.action.market import parse_market_table
from coldlever.shared.cli.console import STDIO, read_document, source_name
from coldlever.shared.cli.loading import Input, load_input
from coldlever.shared.cli.network_option import network_option
from coldlever.shared.errors import RuleRefused, UsageRefused
from coldlever.shared.message import Defaults, Request, RequestFile
from coldlever.shared.message.any import REQUESTS
from coldlever.shared.message.review import name_action
from coldlever.shared.qr.choices import Scanning
from coldlever.shared.reading import Where, loads
from coldlever.shared.reading.times import parse_duration, parse_moment
from coldlever.signer.cli.machine import Machine
from coldlever.signer.markets import Markets, collect
from coldlever.signer.rules import Placed, place

F = TypeVar("F", bound=Callable[..., Any])

files_argument = click.argument(
    "files",
    nargs=-1,
    metavar="FILE...",
    # Not checked by click: an unreadable file is refused input, not wrong usage.
    type=click.Path(readable=False, allow_dash=True),
)

_OPTIONS = (
    network_option(),
    click.option(
        "--market",
        "markets",
        multiple=True,
        metavar="M",
        type=click.Path(readable=False, allow_dash=True),
        help="A market table of `coldlever-broadcaster market`: names for asset ids. Repeat it "
        "for both networks.",
    ),
    click.option(
        "--valid-for",
        default="1h",
        show_default=True,
        metavar="SPAN",
        help="How long a bare action stays valid: 90s, 30m, 1h, 2d. Requests bring their own.",
    ),
    click.option(
        "--assume-time",
        metavar="T",
        help="Judge nonce and expiry by this time (2026-11-22T10:00:00Z or ms since the epoch) "
        "instead of this machine's clock.",
    ),
    click.option(
        "--no-clock",
        is_flag=True,
        help="This machine has no clock to trust: do not judge nonce and expiry at all.",
    ),
)


def intake_options(command: F) -> F:
    """Add the options that decide how requests are read and judged."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class Intake:
    """How the files of this run are read.

    Args:
        network: ``--network``.
        markets: the tables of ``--market``.
        now: the time to judge by, ms since the epoch; None with ``--no-clock``.
        validity: ``--valid-for`` in ms.
        clock: the machine's clock; None with ``--no-clock`` and ``--assume-time``.
    """

    network: Network | None
    markets: Markets
    now: int | None
    validity: int
    clock: Callable[[], int] | None

    def later(self) -> int | None:
        """The time to judge by once a person has read and typed: that may take a while."""
        return self.now if self.clock is None else self.clock()

    @property
    def defaults(self) -> Defaults:
        """What fills gaps of requests."""
        return Defaults(self.network, self.now, self.validity)

    def place(self, file: RequestFile, where: Where) -> list[Placed]:
        """The requests of one file, each with its market entry, its place and its review.

        Raises:
            RuleRefused: ``market-mismatch``.
        """
        return [place(self.name(request, spot), spot) for request, spot in file.placed(where)]

    def name(self, request: Request, where: Where) -> Request:
        """A request with its market entry, whose name nothing on this machine contradicts.

        Raises:
            RuleRefused: ``market-mismatch`` or ``asset-class``.
        """
        try:
            named = self.markets.name(request)
            name_action(named.signable, named.market)
            return named
        except RuleRefused as error:
            raise error.at(where) from None


def prepare_intake(
    machine: Machine,
    *,
    network: Network | None,
    markets: Sequence[str],
    valid_for: str,
    assume_time: str | None,
    no_clock: bool,
) -> Intake:
    """Make sense of the options of `intake_options`, and read the market tables.

    Raises:
        UsageRefused: ``clock-options``, ``bad-time``, ``bad-duration`` or ``market-twice``.
        InputRefused: a market table is unreadable or malformed.
    """
    if no_clock and assume_time is not None:
        raise UsageRefused("clock-options", "--no-clock and --assume-time exclude each other")
    clock = None if no_clock or assume_time is not None else machine.clock
    now: int | None = None
    if assume_time is not None:
        now = parse_moment(assume_time)
    elif clock is not None:
        now = clock()
    tables = (_read_market_table(name) for name in markets)
    return Intake(network, collect(tables), now, parse_duration(valid_for), clock)


def require_one_stdin(*names: str | None) -> None:
    """Refuse a run that would read stdin twice.

    Raises:
        UsageRefused: ``stdin-twice``.
    """
    if sum(name in (STDIO, "fd:0") for name in names) > 1:
        raise UsageRefused(
            "stdin-twice",
            "two options read from stdin",
            "give one of them as a file or, for a secret, as another descriptor such as fd:3",
        )


def _read_market_table(name: str) -> MarketTable:
    source = source_name(name)
    return parse_market_table(loads(read_document(name), source), Where(source))


def take_requests(
    files: Sequence[str], scanning: Scanning, intake: Intake
) -> tuple[tuple[Placed, ...], bool]:
    """All requests of all files in order, and whether they are a batch.

    Raises:
        InputRefused: a file is unreadable, malformed or no request.
        RuleRefused: ``network-mismatch`` or ``market-mismatch``.
    """
    given = load_input(files, scanning, REQUESTS, intake.defaults)
    return place_requests(given, intake), given.is_batch


def place_requests(given: Input[RequestFile], intake: Intake) -> tuple[Placed, ...]:
    """The requests of what was read, named and reviewed.

    Raises:
        RuleRefused: ``market-mismatch`` or ``asset-class``.
    """
    # The files are read once; what is reviewed and what is signed are the objects made here.
    return tuple(one for file in given.messages for one in intake.place(file.message, file.where))


def requests_of(given: Input[RequestFile]) -> tuple[Request, ...]:
    """What was read, as it stands there."""
    return tuple(one for file in given.messages for one in file.message.requests)
