"""The signer's side of the air gap, kept inside the process: no sockets, no other programs.

A hook on the interpreter's audit events refuses sockets, look-ups, other programs and child
processes to Python code that asks for them through the standard library, and the one way there
that raises no event is replaced by a refusal. It is a net under mistakes and under libraries that
would like to phone home. It stops no native code (ctypes included), nor Python code that means to
get around it; `signer.cage` has the kernel refuse that, where there is such a kernel. The real gap
is the machine's missing network; this one tells when something reaches for it anyway.
"""

from __future__ import annotations

import _posixsubprocess
import errno
import os
import resource
import sys
from collections.abc import Callable
from typing import NoReturn

from coldlever.shared.errors import EnvironmentFault

# Families of audit events (the part before the first dot) that have no place in a signer: sockets
# and look-ups, the protocols of the standard library, other programs, the system's log.
_CLOSED_FAMILIES = frozenset(
    {
        "ftplib",
        "http",
        "imaplib",
        "nntplib",
        "poplib",
        "pty",
        "smtplib",
        "socket",
        "subprocess",
        "syslog",
        "telnetlib",
        "urllib",
        "webbrowser",
    }
)
# A forked child would hold a copy of the key, and nothing here needs one. ctypes is left open:
# the libraries that do the cryptography may load through it.
_CLOSED_EVENTS = frozenset(
    {
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.startfile",
        "os.system",
        "sys.remote_exec",
    }
)
# platform.architecture() asks file(1) about the interpreter and does without when it cannot. The
# library that opens keystores calls it where cffi is not installed.
_ASKED_BY_PLATFORM = "file"
_PRIVATE_UMASK = 0o077
# From linux/prctl.h.
_PR_SET_DUMPABLE = 4


class WayOutClosed(EnvironmentFault):
    """Something in this process reached for the network or for another program (``isolated``).

    It is no OSError on purpose: code that treats a network failure as ordinary must not swallow it.
    """


def refuse_ways_out(event: str, arguments: tuple[object, ...]) -> None:
    """The audit hook.

    Args:
        event: the audit event's name, such as ``socket.connect``.
        arguments: the event's own; for ``subprocess.Popen`` the program comes first.

    Raises:
        WayOutClosed: for every event that leads out of the process.
        PermissionError: for the one program whose refusal is an ordinary answer.
    """
    if event == "subprocess.Popen" and arguments[:1] == (_ASKED_BY_PLATFORM,):
        raise PermissionError(errno.EPERM, "the signer starts no other program")
    if event.partition(".")[0] in _CLOSED_FAMILIES or event in _CLOSED_EVENTS:
        _refuse(event)


def _refuse(way: str) -> NoReturn:
    raise WayOutClosed(
        "isolated",
        f"something tried to leave the signer ({way}); it was stopped",
        "nothing in the signer needs this: check where this installation came from",
    )


def _refuse_fork_exec(*_arguments: object) -> NoReturn:
    """In the place of ``_posixsubprocess.fork_exec``.

    `multiprocessing` starts programs through it, and it raises no audit event; `subprocess` raises
    one before it comes here.
    """
    _refuse("_posixsubprocess.fork_exec")


def engage() -> None:
    """Close the process before anything else is imported; there is no way to open it again.

    New files become readable for their owner alone, and a crash leaves no core file.
    """
    sys.addaudithook(refuse_ways_out)
    _posixsubprocess.fork_exec = _refuse_fork_exec
    os.umask(_PRIVATE_UMASK)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def seal_memory(set_dumpable: Callable[[int], int] | None = None) -> bool:
    """Keep the process's memory from other processes, before a secret enters it.

    A core limit of 0 does not stop a core dump into a program such as systemd-coredump, nor a
    debugger of the same user; a process that is not dumpable is safe from both. Done only where a
    secret is about to be read, because loading ctypes costs a review some milliseconds.

    Args:
        set_dumpable: sets the flag and returns 0; prctl(2) if not given.

    Returns:
        Whether it worked; on other systems than Linux it cannot.
    """
    if set_dumpable is None:
        if sys.platform != "linux":
            return False
        import ctypes  # noqa: PLC0415 - see above

        prctl = ctypes.CDLL(None).prctl
        return int(prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)) == 0
    return set_dumpable(0) == 0
