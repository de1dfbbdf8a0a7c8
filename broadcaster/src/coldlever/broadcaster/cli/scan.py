"""``scan``: `qr read` under the name that it had here first."""

from __future__ import annotations

from copy import copy

from coldlever.shared.cli import qr_commands

scan = copy(qr_commands.read)
scan.name = "scan"
