"""Whether this machine has a cage."""

from __future__ import annotations

import errno
import os
import sys
from dataclasses import dataclass

from coldlever.signer.cage.kernel import Kernel
from coldlever.signer.cage.syscalls import ARCHITECTURES, Architecture

# linux/seccomp.h
SET_MODE_FILTER = 1
FLAG_TSYNC = 1
_64_BITS = 1 << 32


@dataclass(frozen=True, slots=True)
class Supported:
    """The machine has a cage.

    Args:
        architecture: the table of system calls that this program uses.
    """

    architecture: Architecture


@dataclass(frozen=True, slots=True)
class Unsupported:
    """The machine has no cage.

    Args:
        reason: why, as the end of a sentence, such as ``this is not Linux (darwin)``.
    """

    reason: str


Support = Supported | Unsupported


def judge(platform: str, machine: str, largest: int) -> Support:
    """What the program can know about its machine without asking the kernel.

    Args:
        platform: `sys.platform`.
        machine: uname(2)'s.
        largest: `sys.maxsize`: a 32-bit program uses another table than its 64-bit kernel.
    """
    if platform != "linux":
        return Unsupported(f"this is not Linux ({platform})")
    if machine not in ARCHITECTURES:
        return Unsupported(f"its processor is neither x86-64 nor 64-bit ARM ({machine})")
    if largest < _64_BITS:
        return Unsupported("this Python is a 32-bit program")
    return Supported(ARCHITECTURES[machine])


def ask_kernel(kernel: Kernel, supported: Supported) -> Support:
    """Whether the kernel knows filters for all threads.

    A filter at address 0 cannot be read: a kernel that knows what is asked says EFAULT. One that
    forbids the question has filters, and it is for `engage` to fail.
    """
    number = supported.architecture.number("seccomp")
    answer = kernel.call(number, SET_MODE_FILTER, FLAG_TSYNC, 0)
    if answer in {-errno.ENOSYS, -errno.EINVAL}:
        return Unsupported("this kernel has no seccomp filters")
    return supported


def judge_this_machine() -> Support:
    """`judge` of the running program."""
    return judge(sys.platform, os.uname().machine, sys.maxsize)
