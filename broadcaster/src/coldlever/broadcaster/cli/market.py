"""``market``: the table of markets, for the signer."""

from __future__ import annotations

import click

from coldlever.broadcaster.cli.context import connect_any, venue_options
from coldlever.broadcaster.cli.machine import Machine, pass_machine
from coldlever.shared.action import Network
from coldlever.shared.cli.console import (
    STDIO,
    dump_document,
    emit_json,
    require_output,
    say,
    write_document,
)
from coldlever.shared.cli.handover import draw_message
from coldlever.shared.cli.network_option import network_option
from coldlever.shared.cli.qr_options import drawing_options, require_drawable
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
    state_dir: str | None,  # noqa: ARG001 - every command takes it
    as_json: bool,
) -> None:
    """Write asset ids with names, maximum leverage and margin mode, as the exchange has them now.

    Carry the file to the signing machine and use it with `coldlever-signer sign --market`. The
    names in it are unverified: they are what the exchange told this machine.
    """
    target = out if out is not None or drawing.wanted or as_json else STDIO
    if target is not None:
        require_output(target, force=force)
    require_drawable(drawing)
    connection = connect_any(machine, network, api_url)
    table = connection.exchange.market_table(connection.exchange.now())
    if target is not None and not (as_json and target == STDIO):
        write_document(target, dump_document(table.to_wire()), force=force)
    place = "" if target is None or target == STDIO else f" written to {printable(target)}"
    say(
        f"{len(table.entries)} markets of {table.network.value} at {moment(table.time)}{place}",
        fg="green",
    )
    draw_message(table, drawing)
    # Last, because a failure before would be a second document on stdout.
    if as_json:
        emit_json(table.to_wire())
