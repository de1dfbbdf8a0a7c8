"""``qr show`` and ``qr read``: documents as QR codes and back, the same on both sides."""

from __future__ import annotations

from dataclasses import replace

import click

from coldlever.shared.action import Network
from coldlever.shared.cli.console import (
    STDIO,
    dump_document,
    emit_json,
    json_option,
    read_document,
    require_output,
    say,
    source_name,
    write_document,
)
from coldlever.shared.cli.delivery import Outlet
from coldlever.shared.cli.handover import message_parts
from coldlever.shared.cli.loading import scan_message
from coldlever.shared.cli.network_option import network_option
from coldlever.shared.cli.qr_options import drawing_options, scanning_options
from coldlever.shared.cli.stdout import require_stdout
from coldlever.shared.message import Defaults, SignedFile, message_wire
from coldlever.shared.message.any import ANY, load_message
from coldlever.shared.message.signed import require_claimed_hash
from coldlever.shared.printable import printable
from coldlever.shared.qr.choices import Drawing, Scanning


@click.command("show")
@click.argument("file", metavar="FILE")
@drawing_options()
@network_option()
@json_option
def show(file: str, *, drawing: Drawing, network: Network | None, as_json: bool) -> None:
    """Show a request, a signed payload, a batch or a market table as QR code.

    In the terminal, unless --qr-out names a picture. What does not fit in one code is played as
    an animation until you press q. With --json the texts of the codes are printed instead.
    """
    chosen = drawing if drawing.wanted or as_json else replace(drawing, on_terminal=True)
    outlet = Outlet(None, drawing.force, as_json, chosen)
    outlet.require()
    message = load_message(read_document(file), source_name(file), network)
    delivery = outlet.prove(message, b"")
    parts = message_parts(message, chosen) if as_json else None
    delivery.deliver(message, b"")
    # Last, because a failure before would be a second document on stdout.
    if as_json:
        emit_json(parts)


@click.command("read", short_help="Read QR codes into a document.")
@click.argument("files", nargs=-1, metavar="FILE...")
@click.option(
    "--out", metavar="OUT", default=STDIO, help="Write to this new file; - is stdout, the default."
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@scanning_options(always=True)
@json_option
def read(
    files: tuple[str, ...], *, out: str, force: bool, scanning: Scanning, as_json: bool
) -> None:
    """Read one message from pictures, videos, a camera or a scanner that types.

    FILE is a picture (PNG, JPEG, GIF, APNG, several at once), a video, or - for the lines that a
    USB scanner types. Nothing is written before the message is whole.
    """
    require_output(out, force=force)
    if as_json or out == STDIO:
        require_stdout()
    message = scan_message(ANY, files, scanning, Defaults())
    if isinstance(message, SignedFile):
        # A document is written with the hash of its content: it must not hide another one.
        for payload in message.payloads:
            require_claimed_hash(payload)
    wire = message_wire(message)
    if not (as_json and out == STDIO):
        write_document(out, dump_document(wire), force=force)
    if out != STDIO:
        say(f"written to {printable(out)}", fg="green")
    # Last, because a failure before would be a second document on stdout.
    if as_json:
        emit_json(wire)
