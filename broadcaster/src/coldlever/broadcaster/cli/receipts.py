"""Where the outcomes of a `post` go: found out before anything is recorded or sent."""

from __future__ import annotations

from pathlib import Path

from coldlever.shared.cli.console import STDIO, require_output
from coldlever.shared.cli.stdout import require_stdout
from coldlever.shared.files import rehearse_write

# A receipt holds the payload, the exchange's answer and the account before and after: about 2 KiB.
_RECEIPT_BYTES = 4096


def require_outputs(receipt: str | None, payloads: int, *, force: bool, as_json: bool) -> None:
    """Refuse what would keep the outcome from being told once it is there.

    Args:
        receipt: ``--receipt``.
        payloads: how many are posted.
        force: ``--force``.
        as_json: ``--json``.

    Raises:
        UsageRefused: ``output-exists`` or ``output-is-folder``.
        EnvironmentFault: ``output-folder``, ``output-closed``, ``disk-full`` or ``write-failed``.
    """
    size = payloads * _RECEIPT_BYTES
    if as_json or receipt == STDIO:
        require_stdout(size)
    if receipt is not None and receipt != STDIO:
        require_output(receipt, force=force)
        rehearse_write(Path(receipt), size)
