"""What a signer does goes on in the cage; and a cage that cannot close says so, in real processes."""

import json
import os
import pty
import select
import subprocess
import sys
import textwrap

import pytest

from coldlever.signer import cage

NOBODY = 65534
PHRASE = "a lantern over 7 quiet harbours"
SUPPORT = cage.available()

pytestmark = pytest.mark.skipif(
    isinstance(SUPPORT, cage.Unsupported),
    reason=f"no cage here: {getattr(SUPPORT, 'reason', None)}",
)

# Runs before the program; at the end it notes whether the cage held.
CAGED_FROM_THE_START = """
import atexit, os
from coldlever.signer import cage

assert isinstance(cage.engage(), cage.Supported)

def look():
    import ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    with open(os.environ["CAGE_NOTE"], "a") as note:
        note.write(f"{libc.socket(1, 1, 0)} {ctypes.get_errno()}\\n")

atexit.register(look)
"""


@pytest.fixture
def run_caged(run_process, tmp_path):
    """Runs a command of the signer in the cage, and makes sure that it was in there."""

    def run(*arguments, **more):
        (tmp_path / "note").unlink(missing_ok=True)
        extra = {"CAGE_NOTE": str(tmp_path / "note")}
        done = run_process(*arguments, head=CAGED_FROM_THE_START, extra=extra, **more)
        assert done.returncode == 0, done.stderr.decode()
        assert (tmp_path / "note").read_text() == "-1 1\n"
        return done.stdout

    return run


@pytest.fixture
def run_script(environment, tmp_path):
    """Runs a script that begins in the cage; returns what it printed."""

    def run(script, engage=True, user=False):
        head = (
            "from coldlever.signer import cage\n"
            + (DROP if user else "")
            + (ENGAGE if engage else "")
        )
        done = subprocess.run(
            [sys.executable, "-c", head + textwrap.dedent(script)],
            env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    return run


ENGAGE = "assert isinstance(cage.engage(), cage.Supported)\n"
DROP = (
    # All that is needed later: this user may not be able to read the interpreter's files.
    "import os, sqlite3, tempfile, concurrent.futures.thread, shutil, random, ctypes, fcntl\n"
    "import hashlib, signal, threading, resource\n"
    f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
)


@pytest.fixture
def request_path(request_file, make_request):
    return request_file(make_request())


@pytest.fixture
def signing(keystore, passphrase_file, request_path, machine):
    """The words of a command line that signs into a file."""

    def words(out):
        return (
            "sign", request_path, "--keystore", keystore, "--passphrase-file", passphrase_file,
            "--yes", "--out", out, "--state-dir", "state", "--assume-time", machine.clock(),
        )  # fmt: skip

    return words


def test_signing_in_the_cage_gives_the_same_bytes_as_outside(
    run_caged, run_process, signing, tmp_path
):
    run_caged(*signing("caged.json"))
    # Signing is deterministic, and the same request may be signed again.
    assert run_process(*signing("free.json")).returncode == 0
    caged, free = ((tmp_path / name).read_bytes() for name in ("caged.json", "free.json"))
    assert caged == free
    assert json.loads(run_caged("verify", "caged.json", "--json"))["signer"]


def test_every_kind_of_work_is_done_in_the_cage(run_caged, signing, request_path, tmp_path):
    run_caged("inspect", request_path)
    with request_path.open("rb") as file:
        run_caged("inspect", "-", stdin=file)
    run_caged(*signing("out.json"))
    run_caged("ledger", "show", "--state-dir", "state", "--json")
    run_caged("qr", "show", "out.json", "--qr-out", "out.png")
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    assert b"sign" in run_caged("--help")


def test_a_keystore_is_made_and_opened_in_the_cage(run_script):
    script = f"""
    from coldlever.signer.key.keystore import parse_keystore, seal
    data = seal(bytes([9] * 32), {PHRASE!r}, 4096)
    print(parse_keystore(data, "k").open({PHRASE!r}).address)
    """
    inside, outside = (run_script(script, engage=one) for one in (True, False))
    assert inside == outside
    assert inside[0].startswith("0x")


@pytest.mark.parametrize("user", [False, True], ids=["same", "user"])
def test_databases_locks_files_threads_and_signals_to_itself_work(run_script, user):
    if user and os.getuid() != 0:
        pytest.skip("only root can become another user")
    script = """
    import concurrent.futures, fcntl, hashlib, os, shutil, signal, sqlite3, tempfile, threading
    place = tempfile.mkdtemp(dir="/tmp")
    os.chdir(place)
    with sqlite3.connect("ledger", timeout=1) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE rows (nonce INTEGER)")
        database.execute("INSERT INTO rows VALUES (7)")
    with sqlite3.connect("ledger") as other:
        print("rows", *other.execute("SELECT nonce FROM rows").fetchone())
    with open("file", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        fcntl.lockf(file, fcntl.LOCK_EX)
        file.write("text")
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(".", os.O_DIRECTORY)
    os.fsync(folder)
    os.link("file", "linked")
    os.replace("linked", "moved")
    shutil.copyfile("moved", "copied")
    print("file", open("copied").read())
    print("random", len(os.urandom(32)))
    print("scrypt", len(hashlib.scrypt(b"p", salt=b"s", n=1 << 14, r=8, p=1)))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        print("threads", sum(pool.map(lambda one: threading.get_ident() > 0, range(100))))
    for send in (
        lambda: signal.raise_signal(signal.SIGINT),
        lambda: os.kill(os.getpid(), signal.SIGINT),
        lambda: signal.pthread_kill(threading.get_ident(), signal.SIGINT),
    ):
        try:
            send()
            signal.sigtimedwait([signal.SIGTERM], 1)
        except KeyboardInterrupt:
            print("interrupted")
    import resource
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from coldlever.signer.isolation import seal_memory
    print("sealed", seal_memory())
    shutil.rmtree(place)
    """
    if user:
        script = script.replace(
            "from coldlever.signer.isolation import seal_memory", "seal_memory = bool"
        )
        script = script.replace("seal_memory()", "True")
    assert " ".join(run_script(script, user=user)) == (
        "rows 7 file text random 32 scrypt 64 threads 100 interrupted interrupted interrupted"
        " sealed True"
    )


def test_a_person_at_a_terminal_is_heard_in_the_cage(environment):
    script = """
    import fcntl, os, termios
    from coldlever.signer import cage
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    assert isinstance(cage.engage(), cage.Supported)
    import click, time
    termios.tcflush(0, termios.TCIFLUSH)
    hidden = click.prompt("Secret", hide_input=True)
    click.confirm("Sure", abort=True)
    print("columns", os.get_terminal_size().columns, "heard", len(hidden))
    try:
        print("Wait")
        time.sleep(30)
    except KeyboardInterrupt:
        print("stopped by hand")
    """
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        env=environment, stdin=slave, stdout=slave, stderr=slave,
    )  # fmt: skip
    os.close(slave)
    seen = talk(master, [("Secret: ", b"seven77\n"), ("[y/N]: ", b"y\n"), ("Wait", b"\x03")])
    assert process.wait(timeout=30) == 0, seen
    os.close(master)
    assert "heard 7" in seen
    assert "seven77" not in seen
    assert "stopped by hand" in seen


def talk(terminal, turns):
    """Answer each prompt as it appears; returns all that the terminal showed until it was closed."""
    seen, begin = "", 0
    while select.select([terminal], [], [], 20)[0]:
        try:
            seen += os.read(terminal, 4096).decode()
        except OSError:  # the other end is closed
            break
        if turns and turns[0][0] in seen[begin:]:
            begin = len(seen)
            os.write(terminal, turns.pop(0)[1])
    return seen


def test_a_second_cage_does_no_harm(run_script):
    printed = run_script("""
        import pathlib, threading
        cage.engage()
        cage.engage()
        threading.Thread(target=print, args=("thread",)).start()
        status = pathlib.Path("/proc/self/status").read_text()
        print(*[line for line in status.splitlines() if line.startswith(("Sec", "NoNew"))])
        """)
    assert printed[0] == "thread"
    assert printed[1:5] == ["NoNewPrivs:", "1", "Seccomp:", "2"]


def test_a_thread_that_closes_the_cage_closes_it_for_the_whole_process(run_script):
    printed = run_script(
        """
        import socket, threading
        threading.Thread(target=lambda: print(type(cage.engage()).__name__)).start()
        for thread in threading.enumerate()[1:]:
            thread.join()
        try:
            socket.socket()
        except PermissionError as error:
            print(error.errno)
        """,
        engage=False,
    )
    assert printed == ["Supported", "1"]


# A filter of somebody else's, put in place before ours: refuses seccomp(2) with a chosen error.
FOREIGN = """
import ctypes, os, struct, threading
from coldlever.signer.cage.syscalls import ARCHITECTURES
number = ARCHITECTURES[os.uname().machine].number("seccomp")
libc = ctypes.CDLL(None, use_errno=True)
def foreign(answer):
    code = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, answer), (0x06, 0, 0, 0x7FFF0000)]
    packed = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in code))
    header = ctypes.create_string_buffer(struct.pack("HP", 4, ctypes.addressof(packed)))
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.prctl(22, 2, header) == 0
def outcome():
    try:
        return type(cage.engage()).__name__
    except cage.CageFailed as error:
        return error.message
"""


def test_a_kernel_without_filters_is_no_failure(run_script):
    script = FOREIGN + "foreign(0x00050000 | 38)\nprint(outcome(), cage.available().reason)"
    assert " ".join(run_script(script, engage=False)) == (
        "Unsupported this kernel has no seccomp filters"
    )


def test_a_container_that_forbids_filters_is_a_failure(run_script):
    script = FOREIGN + "foreign(0x00050000 | 1)\nprint(type(cage.available()).__name__, outcome())"
    assert " ".join(run_script(script, engage=False)) == (
        "Supported the cage around the signer could not be closed (the filter: EPERM)"
    )


def test_a_filter_that_is_taken_and_does_nothing_is_a_failure(run_script):
    script = FOREIGN + "foreign(0x00050000)\nprint(outcome())"
    # Pretended success: the question already shows nothing, the tries afterwards do.
    assert " ".join(run_script(script, engage=False)) == (
        "the cage around the signer could not be closed (sockets: EINVAL)"
    )


def test_a_thread_that_cannot_be_taken_in_is_a_failure(run_script):
    script = FOREIGN + textwrap.dedent("""
        ready, done = threading.Event(), threading.Event()
        def other():
            foreign(0x7FFF0000)
            ready.set()
            done.wait()
        thread = threading.Thread(target=other)
        thread.start()
        ready.wait()
        print(outcome().replace(str(thread.native_id), "its id"))
        done.set()
        """)
    assert " ".join(run_script(script, engage=False)) == (
        "the cage around the signer could not be closed (the filter: its id)"
    )
