"""The filter's decisions, read by an interpreter that shares nothing with the assembler."""

import errno
import functools
import json
import re
import struct
from pathlib import Path

import pytest

from coldlever.signer.cage import syscalls
from coldlever.signer.cage.filter import filter_program
from coldlever.signer.cage.syscalls import AARCH64, X86_64

TABLES = json.loads((Path(__file__).parents[1] / "vectors" / "syscalls.json").read_text())
BOTH = pytest.mark.parametrize("architecture", [X86_64, AARCH64], ids=lambda one: one.machine)
ALLOWED, REFUSED, ABSENT = "allowed", "EPERM", "ENOSYS"
PROCESS = 4711
# The newest number of the tables, set_mempolicy_home_node of Linux 5.17.
NEWEST = 450

ALWAYS_REFUSED = set(
    """
    socket socketpair connect bind listen accept accept4 shutdown getsockname getpeername
    getsockopt setsockopt sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg
    execve execveat uselib fork vfork
    ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp
    pidfd_open pidfd_getfd pidfd_send_signal move_pages migrate_pages tkill setns unshare personality
    io_uring_setup io_uring_enter io_uring_register
    io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents
    msgget msgsnd msgrcv msgctl semget semop semtimedop semctl shmget shmat shmdt shmctl
    mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr
    bpf perf_event_open userfaultfd add_key request_key keyctl fanotify_init fanotify_mark
    open_by_handle_at syslog acct quotactl quotactl_fd kexec_load kexec_file_load
    init_module finit_module delete_module iopl ioperm modify_ldt vhangup reboot swapon swapoff
    sethostname setdomainname settimeofday clock_settime clock_adjtime adjtimex mknod mknodat
    mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr
    """.split()  # noqa: SIM905 - a hundred quoted names are no easier to read
)
BY_ARGUMENTS = {
    "clone", "ioctl", "kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "prlimit64",
}  # fmt: skip
NEEDED = """
    read write openat close fstat lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask
    rt_sigreturn pread64 pwrite64 readv writev madvise dup3 nanosleep getpid exit exit_group wait4
    uname fcntl flock fsync fdatasync ftruncate getdents64 getcwd chdir renameat2 mkdirat linkat
    unlinkat fchmod fchown umask getuid sigaltstack statfs prctl sched_yield futex gettid
    set_robust_list rseq getrandom ppoll pselect6 utimensat fallocate clock_gettime
    clock_nanosleep copy_file_range sendfile pipe2 eventfd2 memfd_create membarrier seccomp
    setuid setgid landlock_restrict_self
""".split()  # noqa: SIM905 - see above


def interpret(program, number, audit, arguments=(), instruction_pointer=0):
    """Run a program over struct seccomp_data, as net/core/filter.c documents the machine."""
    padded = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("<IIQ6Q", number, audit, instruction_pointer, *padded)
    instructions = list(struct.iter_unpack("=HBBI", program))
    accumulator = at = 0
    while True:
        code, if_true, if_false, operand = instructions[at]
        at += 1
        if code == 0x20:
            assert operand % 4 == 0
            accumulator = int.from_bytes(data[operand : operand + 4], "little")
        elif code == 0x54:
            accumulator &= operand
        elif code == 0x06:
            return operand
        else:
            holds = {
                0x15: accumulator == operand,
                0x35: accumulator >= operand,
                0x45: accumulator & operand != 0,
            }[code]
            at += if_true if holds else if_false


@functools.cache
def built(architecture):
    return filter_program(architecture, PROCESS)


def decide(architecture, call, *arguments, audit=None):
    """What becomes of a call, by name or by number."""
    number = TABLES[architecture.machine][call] if isinstance(call, str) else call
    answer = interpret(built(architecture), number, audit or architecture.audit, arguments)
    return {
        0x7FFF0000: ALLOWED,
        0x00050000 | errno.EPERM: REFUSED,
        0x00050000 | errno.ENOSYS: ABSENT,
    }[answer]


def expected(name):
    if name == "clone3":
        return ABSENT
    return REFUSED if name in ALWAYS_REFUSED else ALLOWED


@BOTH
def test_every_number_of_the_table_is_decided_by_its_name(architecture):
    table = TABLES[architecture.machine]
    decided = {name: decide(architecture, name) for name in table if name not in BY_ARGUMENTS}
    assert decided == {name: expected(name) for name in decided}
    assert {table[name] for name in decided} < set(range(NEWEST + 1))


@BOTH
def test_numbers_without_a_name_do_nothing_and_newer_ones_are_absent(architecture):
    named = set(TABLES[architecture.machine].values())
    unnamed = [number for number in range(NEWEST + 1) if number not in named]
    assert {decide(architecture, number) for number in unnamed} == {ALLOWED}
    newer = [*range(NEWEST + 1, 1200), 0x3FFF_FFFF]
    assert {decide(architecture, number) for number in newer} == {ABSENT}


@BOTH
def test_nothing_above_the_x32_bit_is_carried_out(architecture):
    named = TABLES[architecture.machine].values()
    x32 = [0x4000_0000 | number for number in [*named, *range(512, 548)]]
    for number in [*x32, 0x4000_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF]:
        assert decide(architecture, number) == REFUSED


@BOTH
def test_no_call_of_another_architecture_is_carried_out(architecture):
    i386, arm = 0x4000_0003, 0x4000_0028
    other = AARCH64 if architecture is X86_64 else X86_64
    for audit in (i386, arm, other.audit, 1, 0xFFFF_FFFF):
        for number in range(NEWEST + 1):
            assert decide(architecture, number, audit=audit) == REFUSED


@BOTH
def test_what_a_signer_needs_is_there(architecture):
    assert {decide(architecture, name) for name in NEEDED} == {ALLOWED}


GLIBC_THREAD = 0x003D_0F00
MUSL_THREAD = 0x007D_0F00
CHILD = 0x0120_0011  # glibc's fork: CHILD_CLEARTID, CHILD_SETTID, SIGCHLD
SPAWNED = 0x0000_4111  # posix_spawn and vfork: VM, VFORK, SIGCHLD
THREAD_BIT, VM_BIT = 0x0001_0000, 0x0000_0100


@BOTH
@pytest.mark.parametrize("flags", [GLIBC_THREAD, MUSL_THREAD])
def test_threads_start(architecture, flags):
    assert decide(architecture, "clone", flags) == ALLOWED


@BOTH
@pytest.mark.parametrize(
    "flags",
    [
        0, 17, CHILD, SPAWNED, VM_BIT, THREAD_BIT, THREAD_BIT | VM_BIT,
        *(GLIBC_THREAD & ~shared for shared in (0x100, 0x200, 0x400, 0x800, 0x10000)),
        # namespaces, a tracer, a pidfd, a parent of its own, an exit signal, vfork
        *(
            GLIBC_THREAD | extra
            for extra in (
                0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000,
                0x2000, 0x1000, 0x8000, 17, 0x4000, 0x80000000,
            )
        ),
    ],
)  # fmt: skip
def test_nothing_but_a_thread_starts(architecture, flags):
    assert decide(architecture, "clone", flags) == REFUSED


CLOSED_COMMANDS = {
    "TIOCSTI": 0x5412, "TIOCLINUX": 0x541C, "TIOCCONS": 0x541D, "TIOCSETD": 0x5423,
    "TUNSETIFF": 0x400454CA,
}  # fmt: skip
OPEN_COMMANDS = {
    "TCGETS": 0x5401, "TCSETS": 0x5402, "TCSETSF": 0x5404, "TCFLSH": 0x540B, "TIOCGWINSZ": 0x5413,
    "TIOCSPGRP": 0x5410, "FIONREAD": 0x541B, "FIOCLEX": 0x5451,
}  # fmt: skip
# What a program may leave in the upper half of a register that the kernel cuts off.
UPPER_HALVES = [0, 1 << 32, 0xFFFF_FFFF << 32]


@BOTH
@pytest.mark.parametrize("upper", UPPER_HALVES)
def test_commands_to_a_device_are_judged_by_the_half_that_the_kernel_uses(architecture, upper):
    for command in CLOSED_COMMANDS.values():
        assert decide(architecture, "ioctl", 0, upper | command) == REFUSED
    for command in OPEN_COMMANDS.values():
        assert decide(architecture, "ioctl", 0, upper | command) == ALLOWED


@BOTH
@pytest.mark.parametrize("upper", UPPER_HALVES)
def test_flags_and_processes_are_judged_by_the_half_that_the_kernel_uses(architecture, upper):
    assert decide(architecture, "clone", upper | GLIBC_THREAD) == ALLOWED
    assert decide(architecture, "clone", upper | CHILD) == REFUSED
    assert decide(architecture, "kill", upper | PROCESS, 2) == ALLOWED
    assert decide(architecture, "kill", upper | 1, 2) == REFUSED


@BOTH
def test_the_other_arguments_of_an_examined_call_do_not_matter(architecture):
    everything = (1 << 64) - 1
    assert decide(architecture, "clone", CHILD, GLIBC_THREAD, GLIBC_THREAD) == REFUSED
    assert decide(architecture, "ioctl", 0x5412, 0x5401, 0x5412) == ALLOWED
    assert decide(architecture, "ioctl", everything, 0x5412, everything) == REFUSED
    assert decide(architecture, "kill", 1, PROCESS) == REFUSED


@BOTH
@pytest.mark.parametrize("call", ["kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"])
def test_signals_reach_the_process_itself_alone(architecture, call):
    assert decide(architecture, call, PROCESS) == ALLOWED
    for other in (0, 1, PROCESS - 1, PROCESS + 1, -1 & 0xFFFF_FFFF, -PROCESS & 0xFFFF_FFFF):
        assert decide(architecture, call, other) == REFUSED


@BOTH
def test_limits_are_the_processs_own(architecture):
    assert decide(architecture, "prlimit64", 0) == ALLOWED
    assert decide(architecture, "prlimit64", 1) == REFUSED


@BOTH
def test_every_instruction_is_reached_and_ends_well_below_the_kernels_limits(architecture):
    program = filter_program(architecture, PROCESS)
    instructions = list(struct.iter_unpack("=HBBI", program))
    reached, waiting = set(), [0]
    while waiting:
        at = waiting.pop()
        if at in reached:
            continue
        reached.add(at)
        code, if_true, if_false, _operand = instructions[at]
        if code & 7 == 5:
            waiting += [at + 1 + if_true, at + 1 + if_false]
        elif code != 0x06:
            waiting.append(at + 1)
    assert reached == set(range(len(instructions)))
    assert len(instructions) <= 128


def header_table(path):
    """The numbers of a header of the kernel; numbers of 32-bit machines alone are left out."""
    if not path.exists():
        pytest.skip(f"no kernel headers ({path})")
    pattern = r"^#define __NR(3264)?_(\w+)\s+(\d+)$"
    found = re.findall(pattern, path.read_text(), re.MULTILINE)
    return {name: int(number) for _width, name, number in found}


def test_x86_64_numbers_are_those_of_the_installed_kernel_headers():
    folder = Path("/usr/include")
    paths = [*folder.glob("*/asm/unistd_64.h"), folder / "asm" / "unistd_64.h"]
    headers = header_table(next((path for path in paths if path.exists()), paths[-1]))
    assert_table(X86_64, headers)


def test_aarch64_numbers_are_those_of_the_installed_kernel_headers():
    headers = header_table(Path("/usr/include/asm-generic/unistd.h"))
    # A header that serves all machines calls this one by its 32- and 64-bit name.
    headers.setdefault("newfstatat", headers.get("fstatat"))
    assert_table(AARCH64, headers)


def assert_table(architecture, headers):
    ours = architecture.numbers(syscalls.REFUSED | syscalls.EXAMINED | syscalls.OWN)
    for number, name in ours.items():
        assert headers[name] == number, name
    for name, number in TABLES[architecture.machine].items():
        assert headers.get(name, number) == number, name
    if architecture is X86_64:
        missing = {name for name in headers if headers[name] <= NEWEST} - set(TABLES["x86_64"])
        assert missing == set()


def test_a_call_is_in_one_group_only():
    groups = [
        syscalls.SOCKETS, syscalls.PROGRAMS, syscalls.PROCESSES, syscalls.DEFERRED,
        syscalls.EXCHANGES, syscalls.KERNEL, syscalls.MOUNTS, syscalls.EXAMINED, syscalls.OWN,
    ]  # fmt: skip
    names = [name for group in groups for name in group]
    assert len(names) == len(set(names))
    for architecture in (X86_64, AARCH64):
        numbers = [number for group in groups for number in architecture.numbers(group)]
        assert len(numbers) == len(set(numbers))


def test_a_call_that_an_architecture_lacks_has_no_number():
    with pytest.raises(AssertionError, match="aarch64 has no fork"):
        AARCH64.number("fork")
