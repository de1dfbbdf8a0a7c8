"""``market``: the table of markets, for the signer."""

from __future__ import annotations

from contextlib import closing

import click

from coldlever.broadcaster.cli.context import connect_any, open_ledger, venue_options
from coldlever.broadcaster.cli.machine import Machine, pass_machine
from coldlever.shared.action import Network
from coldlever.shared.cli.console import (
    dump_document,
    emit_json,
    say,
)
from coldlever.shared.cli.delivery import Outlet
from coldlever.shared.cli.network_option import network_option
from coldlever.shared.cli.qr_options import drawing_options
from coldlever.shared.printable import printable
from coldlever.shared.qr.choices import Drawing
from coldlever.shared.reading import moment


@click.command(short_help="Write the table of markets for the signer.")
@click.option("--out", metavar="PATH", help="File to make; - is stdout (default without a code).")
@click.option("--force", is_flag=True, help="Replace existing files.")
@drawing_options(own_force=True)
@network_option("Which network; without it mainnet, or what the rehearsal exchange plays.")
@venue_options
@pass_machine
def market(
    machine: Machine,
    *,
    out: str | None,
    force: bool,
    drawing: Drawing,
    network: Network | None,
    api_url: str | None,
    state_dir: str | None,
    as_json: bool,
) -> None:
    """Write asset ids with names, maximum leverage and margin mode, as the exchange has them now.

    Carry the file to the signing machine and use it with `coldlever-signer sign --market`. The
    names in it are unverified: they are what the exchange told this machine.
    """
    outlet = Outlet.choose(out, drawing, force=force, as_json=as_json)
    outlet.require()
    with closing(open_ledger(machine, state_dir)) as ledger:
        connection = connect_any(machine, network, api_url, ledger)
        table = connection.exchange.market_table(connection.exchange.now())
    document = dump_document(table.to_wire())
    outlet.prove(table, document).deliver(table, document)
    place = "" if outlet.file is None else f" written to {printable(outlet.file)}"
    say(
        f"{len(table.entries)} markets of {table.network.value} at {moment(table.time)}{place}",
        fg="green",
    )
    # Last, because a failure before would be a second document on stdout.
    if as_json:
        emit_json(table.to_wire())
