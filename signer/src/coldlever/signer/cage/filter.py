"""The seccomp filter: which system calls of the caged process the kernel carries out.

What is not named in the tables of `syscalls` is allowed up to the newest number in them.
Refusals are errors (EPERM), never a kill: a library that asks politely goes on without. Newer
numbers answer ENOSYS, like the older kernel that does not have them, and so does ``clone3``, whose
flags lie in memory where a filter cannot look: libc then starts its threads with ``clone``.

Arguments are looked at in the half that the kernel uses. It takes the flags of ``clone``, the
command of ``ioctl`` and every process id as 32-bit numbers, whatever the upper half of the
register holds; so the lower half decides here too. Both architectures are little-endian.

Source: seccomp(2), Documentation/userspace-api/seccomp_filter.rst, linux/seccomp.h.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from coldlever.signer.cage import syscalls
from coldlever.signer.cage.bpf import Branch, Label, Load, Mask, Return, Step, Test, assemble
from coldlever.signer.cage.syscalls import Architecture

# struct seccomp_data: int nr; u32 arch; u64 instruction_pointer; u64 args[6].
_NUMBER = 0
_ARCHITECTURE = 4
_FIRST_ARGUMENT = 16
_ARGUMENT_BYTES = 8
# SECCOMP_RET_*
_ALLOWED = 0x7FFF_0000
_ERROR = 0x0005_0000

# x86-64 carries a second table for x32 above this bit (asm/unistd.h); aarch64 has nothing there.
_X32_BIT = 0x4000_0000

# linux/sched.h. What the threads of one process share, all of it:
_SHARED = 0x0000_0100 | 0x200 | 0x400 | 0x800 | 0x0001_0000  # VM, FS, FILES, SIGHAND, THREAD
# and what libc may add: SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID, DETACHED, CHILD_SETTID.
_OF_THREADS = (
    _SHARED | 0x0004_0000 | 0x0008_0000 | 0x0010_0000 | 0x0020_0000 | 0x0040_0000 | (1 << 24)
)
_U32 = 0xFFFF_FFFF

# asm-generic/ioctls.h and linux/if_tun.h: typing into the terminal for the person, two doors to
# the console and to line disciplines, and a network interface made out of a file.
_CLOSED_COMMANDS = {
    "TIOCSTI": 0x5412,
    "TIOCLINUX": 0x541C,
    "TIOCCONS": 0x541D,
    "TIOCSETD": 0x5423,
    "TUNSETIFF": 0x4004_54CA,
}

_ALLOW = "allow"
_REFUSE = "refuse"
_ABSENT = "absent"
_CLONE = "clone"
_COMMAND = "command"
_OWN_PROCESS = "own process"
_OWN_LIMITS = "own limits"
_EXAMINATIONS = {
    "clone": _CLONE,
    "ioctl": _COMMAND,
    "kill": _OWN_PROCESS,
    "tgkill": _OWN_PROCESS,
    "rt_sigqueueinfo": _OWN_PROCESS,
    "rt_tgsigqueueinfo": _OWN_PROCESS,
    "prlimit64": _OWN_LIMITS,
}


class _Region(NamedTuple):
    """From this number to the next region's, the program goes on at this label."""

    first: int
    label: str


def filter_program(architecture: Architecture, process: int) -> bytes:
    """The filter of one architecture for one process.

    Args:
        architecture: the kernel's table of the calling program.
        process: the id of the process: the only one it may send signals to.

    Returns:
        struct sock_filter's, 8 bytes each.
    """
    return assemble(
        [
            Load(_ARCHITECTURE),
            Branch(Test.EQUAL, architecture.audit, if_false=_REFUSE),
            Load(_NUMBER),
            *_search(_regions(architecture)),
            *_examine_clone(),
            *_examine_command(),
            *_examine_process(process),
            Label(_REFUSE),
            Return(_ERROR | errno.EPERM),
            Label(_ABSENT),
            Return(_ERROR | errno.ENOSYS),
            Label(_ALLOW),
            Return(_ALLOWED),
        ]
    )


def _regions(architecture: Architecture) -> list[_Region]:
    labels = dict.fromkeys(architecture.numbers(syscalls.REFUSED), _REFUSE)
    for number, name in architecture.numbers(syscalls.EXAMINED).items():
        labels[number] = _EXAMINATIONS[name]
    labels[architecture.number("clone3")] = _ABSENT
    every = [labels.get(number, _ALLOW) for number in range(syscalls.NEWEST + 1)]
    changes = [at for at, label in enumerate(every) if at == 0 or label != every[at - 1]]
    return [
        *(_Region(at, every[at]) for at in changes),
        _Region(syscalls.NEWEST + 1, _ABSENT),
        _Region(_X32_BIT, _REFUSE),
    ]


def _search(regions: Sequence[_Region]) -> Iterator[Step]:
    """A balanced search for the region of the number in the accumulator."""
    middle = len(regions) // 2
    halves = regions[:middle], regions[middle:]
    low, high = (_entrance(half) for half in halves)
    yield Branch(Test.AT_LEAST, regions[middle].first, if_true=high, if_false=low)
    for half in halves:
        if len(half) > 1:
            yield Label(_entrance(half))
            yield from _search(half)


def _entrance(regions: Sequence[_Region]) -> str:
    if len(regions) == 1:
        return regions[0].label
    return f"{regions[0].first} to {regions[-1].first}"


def _examine_clone() -> Iterator[Step]:
    """A thread that shares everything, and no flag beyond those of threads."""
    yield Label(_CLONE)
    yield Load(_argument(0))
    yield Branch(Test.ANY_BIT, _U32 & ~_OF_THREADS, if_true=_REFUSE)
    yield Mask(_SHARED)
    yield Branch(Test.EQUAL, _SHARED, if_true=_ALLOW, if_false=_REFUSE)


def _examine_command() -> Iterator[Step]:
    yield Label(_COMMAND)
    yield Load(_argument(1))
    *first, last = _CLOSED_COMMANDS.values()
    for command in first:
        yield Branch(Test.EQUAL, command, if_true=_REFUSE)
    yield Branch(Test.EQUAL, last, if_true=_REFUSE, if_false=_ALLOW)


def _examine_process(process: int) -> Iterator[Step]:
    """Signals to itself by its id, limits of itself by 0, as libc asks for them."""
    yield Label(_OWN_PROCESS)
    yield Load(_argument(0))
    yield Branch(Test.EQUAL, process, if_true=_ALLOW, if_false=_REFUSE)
    yield Label(_OWN_LIMITS)
    yield Load(_argument(0))
    yield Branch(Test.EQUAL, 0, if_true=_ALLOW, if_false=_REFUSE)


def _argument(index: int) -> int:
    """Where the lower half of an argument lies."""
    return _FIRST_ARGUMENT + _ARGUMENT_BYTES * index
