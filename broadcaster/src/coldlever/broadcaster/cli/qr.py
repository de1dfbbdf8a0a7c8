"""``qr show``: any document as a QR code."""

from __future__ import annotations

from dataclasses import replace

import click

from coldlever.broadcaster.cli.context import named, network_option
from coldlever.shared.cli.console import emit_json, json_option, read_document, source_name
from coldlever.shared.cli.handover import draw_message, message_parts
from coldlever.shared.cli.qr_options import drawing_options, require_drawable
from coldlever.shared.message.any import load_message
from coldlever.shared.qr.choices import Drawing


@click.group(short_help="Show a document as QR code.")
def qr() -> None:
    """Hand documents over by QR code."""


@qr.command(short_help="Show a document as QR code.")
@click.argument("file", metavar="FILE")
@drawing_options()
@network_option
@json_option
def show(file: str, *, drawing: Drawing, network_name: str | None, as_json: bool) -> None:
    """Show a request, a signed payload, a batch or a market table as QR code.

    In the terminal, unless --qr-out names a picture. What does not fit in one code is played as
    an animation until you press q. With --json the texts of the codes are printed instead.
    """
    chosen = drawing if drawing.wanted or as_json else replace(drawing, on_terminal=True)
    require_drawable(chosen)
    message = load_message(read_document(file), source_name(file), named(network_name))
    draw_message(message, chosen)
    # Last, because a failure before would be a second document on stdout.
    if as_json:
        emit_json(message_parts(message, chosen))
