"""``qr``: any document as a QR code, and back."""

from __future__ import annotations

import click

from coldlever.shared.cli import qr_commands

_EPILOG = """\b
Examples:
  coldlever-broadcaster qr show request.json
  coldlever-broadcaster qr show batch.json --qr-out batch.html
  coldlever-broadcaster qr read photo.jpg --out signed.json
  coldlever-broadcaster qr read --camera 0 --out signed.json
"""


@click.group(short_help="Show documents as QR codes, and read them back.", epilog=_EPILOG)
def qr() -> None:
    """Show documents as QR codes, and read them back."""


qr.add_command(qr_commands.show)
qr.add_command(qr_commands.read)
