"""Reading the files of one run: which options there are, and what becomes of the files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from coldlever.shared.action import Network
from coldlever.shared.action.market import parse_market_table
from coldlever.shared.action.market_name import name_market
from coldlever.shared.cli.console import STDIO, read_document, source_name
from coldlever.shared.cli.handover import SCANNED, Expected, scan_document
from coldlever.shared.cli.network_option import network_option
from coldlever.shared.errors import RuleRefused, UsageRefused
from coldlever.shared.message import Defaults, Request, parse_requests
from coldlever.shared.qr.choices import Scanning
from coldlever.shared.reading import JsonValue, Where, loads
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

    def defaults(self, earlier: int) -> Defaults:
        """What fills gaps of the next file.

        Args:
            earlier: how many requests were read before; bare actions of one run take consecutive
                milliseconds, so that no nonce repeats.
        """
        now = None if self.now is None else self.now + earlier
        return Defaults(self.network, now, self.validity)

    def name(self, request: Request, where: Where) -> Request:
        """A request with its market entry, whose name nothing on this machine contradicts.

        Raises:
            RuleRefused: ``market-mismatch`` or ``asset-class``.
        """
        signable = request.signable
        try:
            named = self.markets.name(request)
            name_market(signable.network, signable.action.asset, named.market)
            return named
        except RuleRefused as error:
            raise RuleRefused(error.code, f"{where}: {error.message}", error.remedy) from None


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
    tables = (parse_market_table(value, where) for value, where in read_values(markets))
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


def read_input(
    files: Sequence[str], scanning: Scanning, expected: Expected
) -> Iterator[tuple[JsonValue, Where]]:
    """The JSON values of the files named as arguments, or of the one message that is scanned.

    Raises:
        UsageRefused: ``file-missing`` when there is nothing to read.
    """
    if scanning.wanted:
        yield loads(scan_document(expected, files, scanning), SCANNED), Where(SCANNED)
        return
    if not files:
        raise UsageRefused("file-missing", "no FILE was named", "name one, or use --scan")
    yield from read_values(files)


def read_values(files: Sequence[str]) -> Iterator[tuple[JsonValue, Where]]:
    """The JSON values of files, each with its place."""
    for name in files:
        source = source_name(name)
        yield loads(read_document(name), source), Where(source)


def take_requests(
    files: Sequence[str], scanning: Scanning, intake: Intake
) -> tuple[tuple[Placed, ...], bool]:
    """All requests of all files in order, and whether they are a batch.

    Raises:
        InputRefused: a file is unreadable, malformed or no request.
        RuleRefused: ``network-mismatch`` or ``market-mismatch``.
    """
    taken: list[Placed] = []
    is_batch = len(files) > 1
    # The value is read once; what is reviewed and what is signed are the objects made here.
    for value, where in read_input(files, scanning, Expected.REQUESTS):
        placed, is_array = place_requests(value, where, intake, len(taken))
        taken += placed
        is_batch = is_batch or is_array
    return tuple(taken), is_batch


def place_requests(
    value: JsonValue, where: Where, intake: Intake, earlier: int
) -> tuple[list[Placed], bool]:
    """The requests of one file, and whether the file held an array."""
    parsed = parse_requests(value, where, intake.defaults(earlier))
    spots = (
        [where.index(number) for number in range(len(parsed.requests))]
        if parsed.is_batch
        else [where]
    )
    placed = [
        place(intake.name(request, spot), spot)
        for request, spot in zip(parsed.requests, spots, strict=True)
    ]
    return placed, parsed.is_batch
