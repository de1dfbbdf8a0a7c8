"""``scan``: QR codes into a document."""

from __future__ import annotations

import click

from coldlever.shared.cli.console import (
    STDIO,
    emit_json,
    json_option,
    require_output,
    say,
    write_document,
)
from coldlever.shared.cli.handover import SCANNED, Expected, scan_document
from coldlever.shared.cli.qr_options import scanning_options
from coldlever.shared.message.any import load_message, message_wire
from coldlever.shared.printable import printable
from coldlever.shared.qr.choices import Scanning


@click.command(short_help="Read QR codes into a document.")
@click.argument("files", nargs=-1, metavar="FILE...")
@click.option(
    "--out", default=STDIO, show_default=True, metavar="PATH", help="File to make; - is stdout."
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@scanning_options(always=True)
@json_option
def scan(
    files: tuple[str, ...], *, out: str, force: bool, scanning: Scanning, as_json: bool
) -> None:
    """Read one message from pictures, videos, a camera or a scanner that types.

    FILE is a picture (PNG, JPEG, GIF, APNG, several at once), a video, or - for the lines that a
    USB scanner types. The document goes to --out. Nothing is written before the message is whole.
    """
    require_output(out, force=force)
    document = scan_document(Expected.ANY, files, scanning)
    message = load_message(document, SCANNED)
    if not (as_json and out == STDIO):
        write_document(out, document, force=force)
    if out != STDIO:
        say(f"written to {printable(out)}", fg="green")
    # Last, because a failure before would be a second document on stdout.
    if as_json:
        emit_json(message_wire(message))
