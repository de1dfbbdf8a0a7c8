"""Closing the cage, and making sure that it is closed."""

from __future__ import annotations

import errno
import os
import struct

from coldlever.shared.errors import EnvironmentFault
from coldlever.signer.cage.filter import filter_program
from coldlever.signer.cage.kernel import Kernel, LibraryKernel
from coldlever.signer.cage.support import (
    FLAG_TSYNC,
    SET_MODE_FILTER,
    Support,
    Supported,
    ask_kernel,
    judge_this_machine,
)
from coldlever.signer.cage.syscalls import Architecture

# linux/prctl.h
_SET_NO_NEW_PRIVILEGES = 38
_GET_NO_NEW_PRIVILEGES = 39
_INSTRUCTION_BYTES = 8
_FILTER = struct.Struct("HP")  # struct sock_fprog: length in instructions, address
_NOWHERE = 0
_NONE = -1


class CageFailed(EnvironmentFault):
    """This machine has a cage, and it could not be closed (``cage-failed``)."""


def available() -> Support:
    """Whether this machine has a cage, and if not, why. Changes nothing."""
    support = judge_this_machine()
    return ask_kernel(LibraryKernel(), support) if isinstance(support, Supported) else support


def engage() -> Support:
    """Close the cage around this process, all its threads, now and for good.

    May be called again, which adds a second filter of the same kind.

    Returns:
        `Supported` if the cage is closed, `Unsupported` if this machine has none: the caller says
        so and goes on.

    Raises:
        CageFailed: it has one, and it could not be closed or is not as tight as it must be. The
            process may no longer gain privileges; nothing else is certain.
    """
    support = available()
    if isinstance(support, Supported):
        close(LibraryKernel(), support.architecture, os.getpid())
    return support


def close(kernel: Kernel, architecture: Architecture, process: int) -> None:
    """Install the filter and try it.

    ``prctl(PR_SET_SECCOMP)`` would leave the threads that already run outside; TSYNC takes them
    in, or fails with the id of the thread that it could not.

    Raises:
        CageFailed: a step was refused, or what must be refused was not.
    """
    prctl = architecture.number("prctl")
    _require("no new privileges", kernel.call(prctl, _SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    program = filter_program(architecture, process)
    header = _FILTER.pack(len(program) // _INSTRUCTION_BYTES, kernel.address(program))
    answer = kernel.call(
        architecture.number("seccomp"), SET_MODE_FILTER, FLAG_TSYNC, kernel.address(header)
    )
    _require("the filter", answer)
    _try(kernel, architecture)


def _try(kernel: Kernel, architecture: Architecture) -> None:
    """Calls that do no harm if, against all promises, the kernel carries them out."""
    number = architecture.number
    tries = [
        ("no new privileges", 1, (number("prctl"), _GET_NO_NEW_PRIVILEGES, 0, 0, 0, 0)),
        ("sockets", -errno.EPERM, (number("socket"), _NONE, _NONE, _NONE)),
        ("programs", -errno.EPERM, (number("execve"), _NOWHERE, _NOWHERE, _NOWHERE)),
        ("processes", -errno.EPERM, (number("clone"), _NONE, _NOWHERE)),
        ("threads", -errno.ENOSYS, (number("clone3"), _NOWHERE, 0)),
    ]
    for what, expected, call in tries:
        _require(what, kernel.call(*call), expected)


def _require(step: str, answer: int, expected: int = 0) -> None:
    if answer != expected:
        what = errno.errorcode.get(-answer, str(answer))
        raise CageFailed(
            "cage-failed",
            f"the cage around the signer could not be closed ({step}: {what})",
            "look for what forbids it (a container's rules?); --without-cage goes on without it",
        )
