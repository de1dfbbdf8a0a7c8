"""Numbers of the system calls that the cage knows by name, for x86-64 and 64-bit ARM.

Each group says what its calls would let a process do. A pair is (x86-64, aarch64); None where the
architecture has no such call.

Source: the kernel's tables, arch/x86/entry/syscalls/syscall_64.tbl and, for aarch64,
include/uapi/asm-generic/unistd.h.
"""

from __future__ import annotations

from typing import NamedTuple

# Nothing above is in the tables; both architectures count alike from 424 on. 450 is
# set_mempolicy_home_node, of Linux 5.17.
NEWEST = 450

_Numbers = dict[str, tuple[int, int | None]]

# Every network, D-Bus and whatever else listens on this machine.
SOCKETS: _Numbers = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "shutdown": (48, 210),
    "getsockname": (51, 204),
    "getpeername": (52, 205),
    "getsockopt": (55, 209),
    "setsockopt": (54, 208),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    "recvfrom": (45, 207),
    "recvmsg": (47, 212),
    "recvmmsg": (299, 243),
}
# Another program, or a second process with a copy of the key.
PROGRAMS: _Numbers = {
    "execve": (59, 221),
    "execveat": (322, 281),
    "uselib": (134, None),
    "fork": (57, None),
    "vfork": (58, None),
}
# Into other processes, their memory, descriptors and namespaces. `tkill` names no process that
# could be compared; libc raises signals through `tgkill`.
PROCESSES: _Numbers = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "kcmp": (312, 272),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    "tkill": (200, 130),
    "setns": (308, 268),
    "unshare": (272, 97),
    "personality": (135, 92),
}
# Work that the kernel does later, where no filter looks.
DEFERRED: _Numbers = {
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_setup": (206, 0),
    "io_destroy": (207, 1),
    "io_submit": (209, 2),
    "io_cancel": (210, 3),
    "io_getevents": (208, 4),
    "io_pgetevents": (333, 292),
}
# Memory and queues that other processes share by a key or a name.
EXCHANGES: _Numbers = {
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "semget": (64, 190),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "semctl": (66, 191),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmdt": (67, 197),
    "shmctl": (31, 195),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "mq_timedsend": (242, 182),
    "mq_timedreceive": (243, 183),
    "mq_notify": (244, 184),
    "mq_getsetattr": (245, 185),
}
# Parts of the kernel that a signer has no business with, most of them root's.
KERNEL: _Numbers = {
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "open_by_handle_at": (304, 265),
    "syslog": (103, 116),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "vhangup": (153, 58),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "mknod": (133, None),
    "mknodat": (259, 33),
}
# What lies where in the file system.
MOUNTS: _Numbers = {
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
}
REFUSED: _Numbers = SOCKETS | PROGRAMS | PROCESSES | DEFERRED | EXCHANGES | KERNEL | MOUNTS
# Refused or not by their arguments.
EXAMINED: _Numbers = {
    "clone": (56, 220),
    "ioctl": (16, 29),
    "kill": (62, 129),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "prlimit64": (302, 261),
}
# Needed to build the cage itself, and to answer `clone3`.
OWN: _Numbers = {"clone3": (435, 435), "prctl": (157, 167), "seccomp": (317, 277)}

_ALL = REFUSED | EXAMINED | OWN


class Architecture(NamedTuple):
    """One table of system calls.

    Args:
        machine: as uname(2) calls it.
        audit: AUDIT_ARCH_* of linux/audit.h, as the kernel tells it to a filter.
        column: the architecture's place in the pairs above.
    """

    machine: str
    audit: int
    column: int

    def number(self, name: str) -> int:
        """The number of a call that this architecture has."""
        number = _ALL[name][self.column]
        assert number is not None, f"{self.machine} has no {name}"
        return number

    def numbers(self, group: _Numbers) -> dict[int, str]:
        """Number to name of those calls of a group that this architecture has."""
        return {
            number: name
            for name, pair in group.items()
            if (number := pair[self.column]) is not None
        }


X86_64 = Architecture("x86_64", 0xC000_003E, 0)
AARCH64 = Architecture("aarch64", 0xC000_00B7, 1)
ARCHITECTURES = {known.machine: known for known in (X86_64, AARCH64)}
