"""Whether stdout would take a document: asked before anything is done that must be told there."""

from __future__ import annotations

import io
import os
import select
import stat
import sys

from coldlever.shared.cli.console import STDIO, require_output
from coldlever.shared.errors import EnvironmentFault
from coldlever.shared.files import require_space


def require_stdout(size: int = 0) -> None:
    """Find out whether stdout would take a document.

    Args:
        size: its bytes, where they are known.

    Raises:
        EnvironmentFault: ``output-closed`` when it is closed or nobody reads it, ``disk-full``
            when it is a file without room.
    """
    require_output(STDIO, force=False)
    try:
        descriptor = sys.stdout.fileno()
    except (io.UnsupportedOperation, AttributeError):
        return  # not a descriptor: a test, or a program that embeds the command
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        require_space(descriptor, "stdout", size)
    elif stat.S_ISFIFO(mode) and _is_abandoned(descriptor):
        raise EnvironmentFault(
            "output-closed", "stdout: nobody reads it", "write to a file with --out"
        )


def _is_abandoned(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return any(event & select.POLLERR for _, event in poll.poll(0))
