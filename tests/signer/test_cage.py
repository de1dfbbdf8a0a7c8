"""Whether there is a cage, and what happens when it does not close; with a kernel made up here."""

import errno

import pytest

from coldlever.signer import cage
from coldlever.signer.cage import CageFailed, Supported, Unsupported, enclosure, support
from coldlever.signer.cage.filter import filter_program
from coldlever.signer.cage.syscalls import AARCH64, X86_64

PROCESS = 4711
LARGEST = (1 << 63) - 1
BOTH = pytest.mark.parametrize("architecture", [X86_64, AARCH64], ids=lambda one: one.machine)
# Numbers of the calls that closing the cage makes: prctl, seccomp, socket, execve, clone, clone3.
NUMBERS = {
    "x86_64": (157, 317, 41, 59, 56, 435),
    "aarch64": (167, 277, 198, 221, 220, 435),
}


class MadeUpKernel:
    """Answers like a kernel whose filter works, unless told otherwise."""

    def __init__(self, architecture, **changes):
        self.prctl, self.seccomp, *_tried = NUMBERS[architecture.machine]
        self.answers = dict(zip(_tried, [-errno.EPERM] * 3 + [-errno.ENOSYS], strict=True))
        self.changes = changes
        self.calls = []
        self.addresses = {}

    def address(self, data):
        self.addresses[len(self.addresses) + 4096] = data
        return len(self.addresses) + 4095

    def call(self, number, *arguments):
        self.calls.append((number, *arguments))
        if number == self.prctl:
            set_or_get = "set" if arguments[0] == 38 else "get"
            return self.changes.get(set_or_get, 0 if set_or_get == "set" else 1)
        if number == self.seccomp:
            return self.changes.get("seccomp", 0)
        return self.changes.get(number, self.answers[number])


@pytest.mark.parametrize(
    ("platform", "machine", "largest", "reason"),
    [
        ("darwin", "arm64", LARGEST, "this is not Linux (darwin)"),
        ("linux", "riscv64", LARGEST, "its processor is neither x86-64 nor 64-bit ARM (riscv64)"),
        ("linux", "armv7l", (1 << 31) - 1, "neither x86-64 nor 64-bit ARM (armv7l)"),
        ("linux", "i686", (1 << 31) - 1, "neither x86-64 nor 64-bit ARM (i686)"),
        ("linux", "aarch64_be", LARGEST, "neither x86-64 nor 64-bit ARM (aarch64_be)"),
        ("linux", "x86_64", (1 << 31) - 1, "this Python is a 32-bit program"),
        ("linux", "aarch64", (1 << 31) - 1, "this Python is a 32-bit program"),
    ],
)
def test_a_machine_without_a_cage_says_why(platform, machine, largest, reason):
    judged = support.judge(platform, machine, largest)
    assert isinstance(judged, Unsupported)
    assert reason in judged.reason


@BOTH
def test_both_architectures_have_a_cage_if_the_kernel_says_so(architecture):
    judged = support.judge("linux", architecture.machine, LARGEST)
    assert judged == Supported(architecture)
    kernel = MadeUpKernel(architecture, seccomp=-errno.EFAULT)
    assert support.ask_kernel(kernel, judged) == judged
    # SECCOMP_SET_MODE_FILTER with TSYNC and a filter at no address: nothing can be installed.
    assert kernel.calls == [(kernel.seccomp, 1, 1, 0)]


@pytest.mark.parametrize("answer", [errno.ENOSYS, errno.EINVAL])
def test_a_kernel_without_filters_has_no_cage(answer):
    judged = support.ask_kernel(MadeUpKernel(X86_64, seccomp=-answer), Supported(X86_64))
    assert judged == Unsupported("this kernel has no seccomp filters")


@pytest.mark.parametrize("answer", [errno.EPERM, errno.EACCES])
def test_a_kernel_that_forbids_the_question_should_have_a_cage(answer):
    judged = support.ask_kernel(MadeUpKernel(X86_64, seccomp=-answer), Supported(X86_64))
    assert judged == Supported(X86_64)


@BOTH
def test_closing_gives_up_privileges_installs_the_filter_for_all_threads_and_tries_it(architecture):
    kernel = MadeUpKernel(architecture)
    enclosure.close(kernel, architecture, PROCESS)
    prctl, seccomp, socket, execve, clone, clone3 = NUMBERS[architecture.machine]
    program, header = kernel.addresses
    assert kernel.calls == [
        (prctl, 38, 1, 0, 0, 0),
        (seccomp, 1, 1, header),
        (prctl, 39, 0, 0, 0, 0),
        (socket, -1, -1, -1),
        (execve, 0, 0, 0),
        (clone, -1, 0),
        (clone3, 0, 0),
    ]
    assert kernel.addresses[program] == filter_program(architecture, PROCESS)
    # struct sock_fprog: the length in instructions, padding, the address.
    packed = kernel.addresses[header]
    assert int.from_bytes(packed[:2], "little") * 8 == len(kernel.addresses[program])
    assert int.from_bytes(packed[8:], "little") == program


@BOTH
@pytest.mark.parametrize(
    ("what", "answer", "said"),
    [
        ("set", -errno.EINVAL, "no new privileges: EINVAL"),
        ("seccomp", -errno.EPERM, "the filter: EPERM"),
        # The id of a thread that has a filter of its own.
        ("seccomp", 4712, "the filter: 4712"),
        ("get", 0, "no new privileges: 0"),
        (2, -errno.EAFNOSUPPORT, "sockets: EAFNOSUPPORT"),
        (2, 5, "sockets: 5"),
        # An answer of 0 is no proof of a refusal.
        (2, 0, "sockets: 0"),
        (3, -errno.EFAULT, "programs: EFAULT"),
        (4, -errno.EINVAL, "processes: EINVAL"),
        (5, -errno.EPERM, "threads: EPERM"),
        (5, -errno.EINVAL, "threads: EINVAL"),
    ],
)
def test_a_cage_that_does_not_close_is_an_error_of_its_own(architecture, what, answer, said):
    key = NUMBERS[architecture.machine][what] if isinstance(what, int) else what
    kernel = MadeUpKernel(architecture)
    kernel.changes = {key: answer}
    with pytest.raises(CageFailed) as caught:
        enclosure.close(kernel, architecture, PROCESS)
    assert caught.value.code == "cage-failed"
    assert caught.value.exit_status == 8
    assert f"({said})" in caught.value.message
    assert "--without-cage" in caught.value.remedy


def test_where_there_is_no_cage_engaging_says_so_and_asks_no_kernel(monkeypatch):
    nothing = Unsupported("this is a test")
    monkeypatch.setattr(enclosure, "judge_this_machine", lambda: nothing)
    monkeypatch.setattr(enclosure, "LibraryKernel", None)
    assert cage.available() == cage.engage() == nothing


def test_where_the_kernel_has_no_filters_nothing_is_changed(monkeypatch):
    kernel = MadeUpKernel(X86_64, seccomp=-errno.ENOSYS)
    monkeypatch.setattr(enclosure, "judge_this_machine", lambda: Supported(X86_64))
    monkeypatch.setattr(enclosure, "LibraryKernel", lambda: kernel)
    assert isinstance(cage.engage(), Unsupported)
    assert kernel.calls == [(kernel.seccomp, 1, 1, 0)]


def test_the_cage_is_closed_around_the_process_that_engages_it(monkeypatch):
    kernel = MadeUpKernel(AARCH64)
    monkeypatch.setattr(enclosure, "judge_this_machine", lambda: Supported(AARCH64))
    monkeypatch.setattr(enclosure, "LibraryKernel", lambda: kernel)
    monkeypatch.setattr(enclosure.os, "getpid", lambda: PROCESS)
    assert cage.engage() == Supported(AARCH64)
    assert filter_program(AARCH64, PROCESS) in kernel.addresses.values()


def test_asking_changes_nothing():
    before = [cage.available(), cage.available()]
    assert before[0] == before[1]
    assert isinstance(before[0], Supported | Unsupported)
