"""The first thing that runs: what could choose other code than the installed one is put aside.

The interpreter is started once more, with switches that keep it from looking for modules in the
current folder (``-P``), in PYTHON... variables (``-E``) and in the user's own packages (``-s``);
and variables by which libraries choose among modules are dropped.

This guards against accidents: a file named like a library beside a request, a variable left over
from other work. It does not guard against code that runs already, or that is installed.

Only what the interpreter has loaded by itself is imported here; the first start is thrown away, so
it must be short.
"""

from __future__ import annotations

import os
import site
import sys

# Which implementation of the curve, the hash, the encoding, the arithmetic.
_CHOOSING = (
    "ECC_BACKEND_CLASS",
    "ETH_HASH_BACKEND",
    "MSGPACK_PUREPYTHON",
    "PYCRYPTODOME_DISABLE_GMP",
)
# Nothing foreign is read for these, and people wait for them.
_QUICK = frozenset({"--help", "-h", "--version", "-V"})
_COMPLETION = "completion"
_COMPLETING = "_COLDLEVER_SIGNER_COMPLETE"
# Holds the process's own id, which an exec keeps: a value that was inherited does not fit.
_RESTARTED = "COLDLEVER_SIGNER_RESTARTED"
# What pip leaves behind of every kind of installation.
_INSTALLED = "coldlever_signer-"


class NotRestarted(Exception):
    """The interpreter could not be started anew; the text says why."""


def begin() -> None:
    """Drop the variables that choose modules, and start anew where switches are missing.

    Arguments, descriptors, exit status and process id stay: it is the same process.

    Raises:
        NotRestarted: nothing was done.
    """
    dropped = drop_choices(os.environ)
    if dropped and sys.stderr is not None:
        _tell(f"warning: not used, because it would choose other code: {', '.join(dropped)}")
    was_restarted = os.environ.pop(_RESTARTED, "") == str(os.getpid())
    missing = missing_switches(sys.flags, in_user_site=is_in_user_site())
    if missing and not is_quick(sys.argv[1:], os.environ):
        if was_restarted:
            raise NotRestarted(f"{sys.executable} ignores {' '.join(missing)}")
        _start_again(missing)


def _tell(text: str) -> None:
    """Nothing of ours that prints is loaded yet."""
    try:
        os.write(2, f"{text}\n".encode())
    except OSError:  # nobody listens
        return


def drop_choices(environment: os._Environ[str] | dict[str, str]) -> list[str]:
    """Remove the variables that choose modules; returns their names."""
    dropped = [name for name in _CHOOSING if name in environment]
    for name in dropped:
        del environment[name]
    return dropped


def missing_switches(flags: sys._flags, *, in_user_site: bool) -> list[str]:
    """The switches that this interpreter was started without, such as ``-P``.

    Args:
        flags: `sys.flags`.
        in_user_site: this program is installed where ``-s`` would not look.
    """
    switches = {
        "-P": flags.safe_path,
        "-E": flags.ignore_environment,
        "-s": flags.no_user_site or in_user_site,
    }
    return [switch for switch, is_set in switches.items() if not is_set]


def is_quick(arguments: list[str], environment: os._Environ[str] | dict[str, str]) -> bool:
    """Whether only help, version or completion is asked for."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return (
        not arguments
        or arguments[0] == _COMPLETION
        or _COMPLETING in environment
        or not _QUICK.isdisjoint(options)
    )


def is_in_user_site() -> bool:
    """Whether this program is installed among the user's own packages, and they are in use."""
    if not site.ENABLE_USER_SITE or site.USER_SITE is None:
        return False
    try:
        names = os.listdir(site.USER_SITE)  # noqa: PTH208 - pathlib is not loaded yet
    except OSError:
        return False
    return any(name.startswith(_INSTALLED) for name in names)


def _start_again(switches: list[str]) -> None:
    # Whatever else the interpreter was told, and how it came to this program, stays as it was.
    command = [sys.executable, *switches, *sys.orig_argv[1:]]
    environment = {**os.environ, _RESTARTED: str(os.getpid())}
    try:
        os.execve(sys.executable, command, environment)  # noqa: S606 - no shell is wanted
    except (OSError, ValueError) as error:
        raise NotRestarted(f"{sys.executable or 'the interpreter'}: {error}") from None
