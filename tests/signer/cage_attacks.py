"""Ways out of a caged process, one function each; run as a script in a child process.

    python cage_attacks.py ATTACK [--caged] [--user] [ARGUMENT]

Prints what the attack came to: ``out`` and what it got, or the name of the error that stopped it.
"""

import ctypes
import encodings.idna  # noqa: F401 - what is loaded late may be unreadable for another user
import errno
import fcntl
import mmap
import multiprocessing
import multiprocessing.popen_fork
import multiprocessing.popen_spawn_posix
import os
import pty
import queue
import socket
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path

NOBODY = 65534
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long
INTEL = os.uname().machine == "x86_64"
NUMBERS = (
    {"socket": 41, "execve": 59, "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311,
     "clone": 56, "vfork": 58, "fork": 57, "kill": 62, "tkill": 200, "seccomp": 317}
    if INTEL
    else {"socket": 198, "execve": 221, "ptrace": 117, "process_vm_readv": 270,
          "process_vm_writev": 271, "clone": 220, "kill": 129, "tkill": 130, "seccomp": 277}
) | {"pidfd_open": 434, "pidfd_getfd": 438, "pidfd_send_signal": 424, "io_uring_setup": 425,
     "clone3": 435}  # fmt: skip
SIGCHLD = 17


def checked(answer):
    """What libc returned, or its error raised."""
    if answer == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer


def raw(name, *arguments):
    number = NUMBERS[name] if isinstance(name, str) else name
    wide = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return checked(LIBC.syscall(ctypes.c_long(number), *wide))


def in_child(fork):
    """Fork in some way; the child ends at once."""
    child = fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return "a child"


def send(port):
    socket.create_connection(("127.0.0.1", int(port)), 5).sendall(b"the key")


def multiprocessing_spawn(port):
    child = multiprocessing.get_context("spawn").Process(target=send, args=(port,))
    child.start()
    child.join()
    return f"exit status {child.exitcode}"


def multiprocessing_fork(port):
    child = multiprocessing.get_context("fork").Process(target=send, args=(port,))
    child.start()
    child.join()
    return f"exit status {child.exitcode}"


def tcp(port):
    send(port)
    return "sent"


def udp(port):
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"the key", ("127.0.0.1", int(port)))


def older_socket(port, connected):
    """A connected socket that was there before, through sockets' own calls."""
    return connected.send(b"the key")


def unix_socket():
    return socket.socket(socket.AF_UNIX)


def socket_pair():
    return socket.socketpair()


def netlink():
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)


def libc_socket():
    return checked(LIBC.socket(socket.AF_INET, socket.SOCK_STREAM, 0))


def raw_socket_call():
    return raw("socket", socket.AF_INET, socket.SOCK_STREAM, 0)


def subprocess_run():
    return subprocess.run(["true"], check=True)


def os_system():
    return of_the_shell(os.system("exit 7"))


def libc_system():
    return of_the_shell(LIBC.system(b"exit 7"))


def of_the_shell(status):
    """Where no child can be made glibc says that the shell could not be run, and no errno."""
    if os.waitstatus_to_exitcode(status) != 7:
        raise OSError(errno.EPERM, "the shell did not run")
    return "the shell's answer"


def os_fork():
    return in_child(os.fork)


def libc_fork():
    return in_child(lambda: checked(LIBC.fork()))


def raw_fork():
    if not INTEL:
        return raw_clone()
    return in_child(lambda: raw("fork"))


def raw_clone():
    return in_child(lambda: raw("clone", SIGCHLD, 0, 0, 0, 0))


def clone_with_upper_bits():
    """Flags of a thread in the half that the kernel cuts off."""
    return in_child(lambda: raw("clone", 0x3D0F00 << 32 | SIGCHLD, 0, 0, 0, 0))


def raw_vfork():
    """A real vfork would let the child return on the parent's stack: its flags through clone."""
    return in_child(lambda: raw("clone", 0x4000 | SIGCHLD, 0, 0, 0, 0))


def clone3_call():
    """The kernel reads flags and exit signal from memory; a fork where it is carried out."""
    arguments = struct.pack("11Q", 0, 0, 0, 0, SIGCHLD, 0, 0, 0, 0, 0, 0)
    return in_child(lambda: raw("clone3", ctypes.c_char_p(arguments), len(arguments)))


def os_forkpty():
    return in_child(lambda: os.forkpty()[0])


def pty_spawn():
    return pty.spawn("true")


def posix_spawn():
    return os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)


def execve():
    os.execv("/bin/echo", ["echo", "out as another program"])


def raw_execve():
    words = (ctypes.c_char_p * 3)(b"echo", b"out as another program", None)
    raw("execve", ctypes.c_char_p(b"/bin/echo"), words, (ctypes.c_char_p * 1)(None))


def exec_from_memory():
    os.write(memory := os.memfd_create("echo"), Path("/bin/echo").read_bytes())
    os.execve(memory, ["echo", "out as another program"], {})


def ptrace(victim):
    """PTRACE_SEIZE."""
    return raw("ptrace", 0x4206, int(victim), 0, 0)


def read_memory(victim):
    return across(victim, "process_vm_readv")


def write_memory(victim):
    return across(victim, "process_vm_writev")


def across(victim, call):
    """One byte at the top of the victim's stack, where its own file name stands."""
    maps = Path(f"/proc/{victim}/maps").read_text().splitlines()
    top = next(int(line.split("-")[1].split()[0], 16) for line in maps if "[stack]" in line)
    own = ctypes.create_string_buffer(b"x")
    here = (ctypes.c_ulong * 2)(ctypes.addressof(own), 1)
    there = (ctypes.c_ulong * 2)(top - 16, 1)
    return raw(call, int(victim), here, 1, there, 1, 0)


def pidfd_open(victim):
    return raw("pidfd_open", int(victim), 0)


def pidfd_getfd(victim, handle):
    """The handle was opened before the cage was closed."""
    return raw("pidfd_getfd", int(handle), 1, 0)


def pidfd_signal(victim, handle):
    return raw("pidfd_send_signal", int(handle), 0, 0, 0)


def signal_another(victim):
    os.kill(int(victim), 0)


def signal_the_group():
    os.kill(0, 0)


def signal_a_thread_of_another(victim):
    return raw("tkill", int(victim), 0)


def io_uring():
    parameters = ctypes.create_string_buffer(120)
    return raw("io_uring_setup", 1, parameters)


def type_into_the_terminal():
    """TIOCSTI, on the terminal that controls this process."""
    terminal = os.open("/dev/tty", os.O_RDWR)
    fcntl.ioctl(terminal, 0x5412, b"x")


def type_with_upper_bits():
    """The same command, with bits that the kernel cuts off."""
    terminal = os.open("/dev/tty", os.O_RDWR)
    letter = ctypes.c_char_p(b"x")
    number = 16 if INTEL else 29
    return raw(number, terminal, 1 << 32 | 0x5412, letter)


def x32_socket():
    return raw(0x4000_0000 | 41, socket.AF_INET, socket.SOCK_STREAM, 0)


def int80_socket():
    """The table of i386, entered through its own gate: socket is 359 there."""
    code = bytes.fromhex(
        "53"  # push rbx
        "b867010000bb02000000b90100000031d2"  # eax 359, ebx AF_INET, ecx SOCK_STREAM, edx 0
        "cd80"  # int 0x80
        "5bc3"  # pop rbx, ret
    )
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    answer = ctypes.CFUNCTYPE(ctypes.c_int)(address)()
    if answer < 0:
        raise OSError(-answer, os.strerror(-answer))
    return answer


def lift_the_filter():
    """PR_SET_SECCOMP to SECCOMP_MODE_DISABLED, and PR_SET_NO_NEW_PRIVS to 0."""
    LIBC.prctl(22, 0, 0, 0, 0)
    LIBC.prctl(38, 0, 0, 0, 0)
    return raw_socket_call()


def allow_everything_on_top():
    """A second filter that allows all; the strictest answer of all filters counts."""
    checked(LIBC.prctl(38, 1, 0, 0, 0))
    allow = struct.pack("=HBBI", 0x06, 0, 0, 0x7FFF0000)
    program = ctypes.create_string_buffer(allow)
    header = struct.pack("HP", 1, ctypes.addressof(program))
    raw("seccomp", 1, 0, ctypes.c_char_p(header))
    return raw_socket_call()


def become_traced():
    """PTRACE_TRACEME: the parent would hold this process."""
    return raw("ptrace", 0, 0, 0, 0)


def share_memory():
    """System V shared memory, by a key that others know."""
    memory = checked(LIBC.shmget(0x5EC2E7, 4096, 0o1600))
    LIBC.shmctl(memory, 0, None)
    return memory


def message_queue():
    opened = checked(LIBC.mq_open(b"/coldlever-test", os.O_RDWR | os.O_CREAT, 0o600, None))
    LIBC.mq_unlink(b"/coldlever-test")
    return opened


def own_namespaces():
    return checked(LIBC.unshare(0x10000000))


def older_thread(go, outcomes):
    """A thread that already ran when the cage was closed."""
    go.set()
    outcome = outcomes.get()
    if isinstance(outcome, OSError):
        raise outcome
    return outcome


def start_thread():
    go, outcomes = threading.Event(), queue.Queue()

    def attack():
        go.wait()
        try:
            outcomes.put(raw_socket_call())
        except OSError as error:
            outcomes.put(error)

    threading.Thread(target=attack).start()
    return [go, outcomes]


def take_a_terminal():
    _master, slave = pty.openpty()
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    return []


# What was there before the cage: further arguments of the attack.
BEFORE = {
    "older_thread": start_thread,
    "older_socket": lambda port: [socket.create_connection(("127.0.0.1", int(port)))],
    "pidfd_getfd": lambda victim: [raw("pidfd_open", int(victim), 0)],
    "pidfd_signal": lambda victim: [raw("pidfd_open", int(victim), 0)],
    "type_into_the_terminal": take_a_terminal,
    "type_with_upper_bits": take_a_terminal,
}


def become_user():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def main(name, *words):
    arguments = [word for word in words if not word.startswith("--")]
    from coldlever.signer import cage

    if "--user" in words:
        become_user()
    before = BEFORE.get(name, lambda *_arguments: [])(*arguments)
    if "--caged" in words:
        assert isinstance(cage.engage(), cage.Supported)
    try:
        outcome = f"out: {globals()[name](*arguments, *before)}"
    except OSError as error:
        outcome = errno.errorcode[error.errno]
    print(outcome, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
