"""`qr`: documents as QR codes, and back."""

from __future__ import annotations

from copy import copy

import click

from coldlever.shared.cli import qr_commands
from coldlever.signer.cli.caged import caged

_EPILOG = """\b
Examples:
  coldlever-signer qr show signed.json
  coldlever-signer qr show batch.json --qr-out batch.html
  coldlever-signer qr read photo.jpg --out request.json
  coldlever-signer qr read --camera 0 --out request.json
"""


@click.group("qr", epilog=_EPILOG)
def command() -> None:
    """Show documents as QR codes, and read them back."""


command.add_command(caged(copy(qr_commands.show)))
command.add_command(caged(copy(qr_commands.read)))
