"""``market``: the table of markets, for the signer."""

from __future__ import annotations

import click

from broadcaster.cli.context import connect_any, named, network_option, venue_options
from shared.console import (
    dump_document,
    emit_json,
    require_output,
    say,
    write_document,
)
from shared.moments import moment


@click.command(short_help="Write the table of markets for the signer.")
@click.option(
    "--out", default="-", show_default=True, metavar="PATH", help="File to make; - is stdout."
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@network_option
@venue_options
def market(
    *,
    out: str,
    force: bool,
    network_name: str | None,
    api_url: str | None,
    state_dir: str | None,  # noqa: ARG001 - every command takes it
    as_json: bool,
) -> None:
    """Write asset ids with names, maximum leverage and margin mode, as the exchange has them now.

    Carry the file to the signing machine and use it with `coldlever-signer sign --market`. The
    names in it are unverified: they are what the exchange told this machine.
    """
    if not as_json:
        require_output(out, force=force)
    connection = connect_any(named(network_name), api_url)
    table = connection.exchange.market_table(connection.exchange.now())
    if as_json:
        emit_json(table.to_wire())
        if out == "-":
            return
        require_output(out, force=force)
    write_document(out, dump_document(table.to_wire()), force=force)
    say(
        f"{len(table.entries)} markets of {table.network.value} at {moment(table.time)}"
        + ("" if out == "-" else f" written to {out}"),
        fg="green",
    )
