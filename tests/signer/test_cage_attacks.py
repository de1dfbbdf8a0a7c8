"""Every attack gets out of a process without a cage, and not out of one with it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from coldlever.signer import cage

SCRIPT = Path(__file__).with_name("cage_attacks.py")
INTEL = os.uname().machine == "x86_64"
NOBODY = 65534
SUPPORT = cage.available()

pytestmark = [
    pytest.mark.skipif(
        isinstance(SUPPORT, cage.Unsupported),
        reason=f"no cage here: {getattr(SUPPORT, 'reason', None)}",
    ),
]
PLAIN = [
    "unix_socket", "socket_pair", "netlink", "libc_socket", "raw_socket_call",
    "subprocess_run", "os_system", "libc_system", "os_fork", "libc_fork", "raw_fork", "raw_clone",
    "clone_with_upper_bits", "raw_vfork", "os_forkpty", "pty_spawn", "posix_spawn",
    "execve", "raw_execve", "exec_from_memory", "signal_the_group", "io_uring",
    "type_into_the_terminal", "type_with_upper_bits", "lift_the_filter", "allow_everything_on_top",
    "become_traced", "share_memory", "message_queue", "own_namespaces", "older_thread",
]  # fmt: skip
AGAINST_A_LISTENER = ["tcp", "udp", "older_socket", "multiprocessing_spawn", "multiprocessing_fork"]
AGAINST_A_PROCESS = [
    "ptrace", "read_memory", "write_memory", "pidfd_open", "pidfd_getfd", "pidfd_signal",
    "signal_another", "signal_a_thread_of_another",
]  # fmt: skip
OTHER_TABLES = ["x32_socket", "int80_socket"]
USERS = ["root", "user"]


@pytest.fixture(params=USERS)
def user(request):
    """Whose process attacks: root's, or an ordinary user's."""
    if request.param == "root" and os.getuid() != 0:
        pytest.skip("only root can attack as root")
    return request.param


@pytest.fixture
def attack(environment, user):
    """Runs an attack; returns what it came to, or the signal that ended it."""

    def run(name, *arguments, caged):
        words = [str(argument) for argument in arguments]
        words += ["--caged"] * caged + ["--user"] * (user == "user" and os.getuid() == 0)
        done = subprocess.run(
            [sys.executable, SCRIPT, name, *words],
            env=environment, cwd="/", capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        if done.returncode < 0:
            return f"signal {-done.returncode}"
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[-1]

    return run


@pytest.fixture
def attack_twice(attack):
    """The outcome without a cage and within one; skips what this machine refuses to everybody."""

    def run(name, *arguments):
        free = attack(name, *arguments, caged=False)
        if free == "EPERM":
            pytest.skip("this machine refuses it without a cage, too")
        return free, attack(name, *arguments, caged=True)

    return run


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        yield server


@pytest.fixture
def victim(user):
    """A process of the same user, from which nothing keeps an attacker but the cage."""
    other = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if user == "user" else {}
    process = subprocess.Popen(["sleep", "60"], **(other if os.getuid() == 0 else {}))
    yield process.pid
    process.kill()
    process.wait()


@pytest.mark.parametrize("name", PLAIN)
def test_it_is_stopped_by_the_cage(attack_twice, name):
    free, caged = attack_twice(name)
    assert caged == "EPERM"
    assert free.startswith("out") or (name.startswith("type_") and free == "EIO")


def closed_to_others(path):
    """Whether an ordinary user cannot come to a file, such as an interpreter below /root."""
    return any(not parent.stat().st_mode & 0o001 for parent in Path(path).resolve().parents)


@pytest.mark.parametrize("name", AGAINST_A_LISTENER)
def test_nothing_arrives_at_a_listener(attack, listener, user, name):
    if (name, user) == ("multiprocessing_spawn", "user") and closed_to_others(sys.executable):
        pytest.skip("an ordinary user cannot start this interpreter")
    port = listener.getsockname()[1]
    assert attack(name, port, caged=False).startswith("out")
    if name != "udp":
        assert received(listener) == b"the key"
    assert attack(name, port, caged=True) == "EPERM"
    listener.settimeout(0.2)
    if name == "older_socket":
        assert received(listener) == b""
    else:
        with pytest.raises(TimeoutError):
            listener.accept()


def received(listener):
    connection, _address = listener.accept()
    with connection:
        return connection.recv(64)


@pytest.mark.parametrize("name", AGAINST_A_PROCESS)
def test_another_process_is_out_of_reach(attack_twice, victim, name):
    free, caged = attack_twice(name, victim)
    assert free.startswith("out")
    assert caged == "EPERM"


def test_clone3_is_absent_and_not_refused_so_that_threads_start_another_way(attack):
    assert attack("clone3_call", caged=False) == "out: a child"
    assert attack("clone3_call", caged=True) == "ENOSYS"


@pytest.mark.skipif(not INTEL, reason="these tables are x86-64's")
@pytest.mark.parametrize("name", OTHER_TABLES)
def test_no_other_table_of_system_calls_leads_out(attack_twice, name):
    free, caged = attack_twice(name)
    if free.startswith("signal"):
        pytest.skip("this kernel has no gate for i386 programs")
    assert free == "ENOSYS" or free.startswith("out")
    assert caged == "EPERM"
