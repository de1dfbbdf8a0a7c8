import ctypes
import runpy
import socket
import subprocess
import sys
import textwrap
from types import SimpleNamespace

import pytest

from coldlever.signer import __main__ as entry_point
from coldlever.signer import isolation
from coldlever.signer.isolation import WayOutClosed, refuse_ways_out, seal_memory


@pytest.fixture
def run_isolated(environment, tmp_path):
    """Runs a script in a process whose isolation is engaged; returns what it printed."""

    def run(script):
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                "from coldlever.signer.isolation import engage; engage()\n" + script,
            ],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.parametrize(
    "event",
    [
        "socket.__new__", "socket.connect", "socket.bind", "socket.getaddrinfo",
        "socket.gethostbyname", "socket.sendto", "subprocess.Popen", "os.system", "os.exec",
        "os.fork", "os.forkpty", "os.posix_spawn", "urllib.Request", "http.client.connect",
        "webbrowser.open", "ftplib.connect", "smtplib.connect", "pty.spawn", "syslog.syslog",
    ],
)  # fmt: skip
def test_every_way_out_is_refused(event):
    with pytest.raises(WayOutClosed) as caught:
        refuse_ways_out(event, ())
    assert caught.value.code == "isolated"
    assert caught.value.exit_status == 8
    assert event in caught.value.message


@pytest.mark.parametrize("event", ["open", "import", "os.listdir", "sqlite3.connect", "os.rename"])
def test_ordinary_work_goes_on(event):
    assert refuse_ways_out(event, ("anything",)) is None


def test_the_refusal_is_no_oserror_that_network_code_would_swallow():
    assert not issubclass(WayOutClosed, OSError)


def test_sockets_lookups_and_programs_raise_in_a_real_process(run_isolated):
    printed = run_isolated(
        textwrap.dedent("""
        import os, socket, subprocess, urllib.request, asyncio
        attempts = {
            "socket": lambda: socket.socket(),
            "pair": lambda: socket.socketpair(),
            "lookup": lambda: socket.getaddrinfo("localhost", 80),
            "name": lambda: socket.gethostbyname("localhost"),
            "connection": lambda: socket.create_connection(("127.0.0.1", 9), 1),
            "url": lambda: urllib.request.urlopen("http://127.0.0.1:9/"),
            "popen": lambda: subprocess.run(["true"]),
            "shell": lambda: os.system("true"),
            "fork": lambda: os.fork(),
            "exec": lambda: os.execv("/bin/true", ["true"]),
            "spawn": lambda: os.posix_spawn("/bin/true", ["true"], {}),
            "loop": lambda: asyncio.new_event_loop(),
        }
        for name, attempt in attempts.items():
            try:
                attempt()
            except Exception as error:
                print(name, type(error).__name__)
            else:
                print(name, "GOT OUT")
        """)
    )
    lines = printed.splitlines()
    assert len(lines) == 12
    assert [line for line in lines if not line.endswith("WayOutClosed")] == []


def test_multiprocessing_carries_nothing_to_a_listener(run_isolated):
    """It starts its children through `_posixsubprocess.fork_exec`, which raises no audit event."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        printed = run_isolated(
            textwrap.dedent(f"""
            import multiprocessing
            send = (
                "import socket; "
                "socket.create_connection(('127.0.0.1', {listener.getsockname()[1]})).sendall(b'key')"
            )
            if __name__ == "__main__":
                for method in ("spawn", "forkserver", "fork"):
                    child = multiprocessing.get_context(method).Process(target=exec, args=(send,))
                    try:
                        child.start()
                        child.join()
                        print(method, "GOT OUT")
                    except Exception as error:
                        print(method, type(error).__name__)
            """)
        )
        assert printed.splitlines() == [
            "spawn WayOutClosed", "forkserver WayOutClosed", "fork WayOutClosed",
        ]  # fmt: skip
        with pytest.raises(TimeoutError):
            listener.accept()


def test_the_way_without_an_audit_event_is_closed_for_every_caller(run_isolated):
    printed = run_isolated(
        textwrap.dedent("""
        import _posixsubprocess, os, pty, subprocess
        from multiprocessing import util
        attempts = {
            "fork_exec": lambda: _posixsubprocess.fork_exec(),
            "spawnv": lambda: util.spawnv_passfds(b"/bin/true", [b"true"], []),
            "popen": lambda: subprocess.Popen(["true"]),
            "os.spawn": lambda: os.spawnv(os.P_WAIT, "/bin/true", ["true"]),
            "os.popen": lambda: os.popen("true"),
            "pty": lambda: pty.spawn("true"),
            "forkpty": lambda: os.forkpty(),
        }
        for name, attempt in attempts.items():
            try:
                attempt()
            except Exception as error:
                print(name, type(error).__name__, getattr(error, "code", None))
            else:
                print(name, "GOT OUT")
        """)
    )
    lines = printed.splitlines()
    assert len(lines) == 7
    assert [line for line in lines if not line.endswith("WayOutClosed isolated")] == []


def test_eth_account_loads_and_works_beneath_the_hook(run_isolated):
    printed = run_isolated(
        "from coldlever.signer.key.keystore import parse_keystore, seal\n"
        "data = seal(bytes([9] * 32), 'some phrase', 4096)\n"
        "print(parse_keystore(data, 'k').open('some phrase').address)"
    )
    assert printed.startswith("0x")


def test_files_are_private_and_no_core_is_left(run_isolated):
    printed = run_isolated(
        "import os, resource\n"
        "open('made', 'w').close()\n"
        "print(oct(os.stat('made').st_mode & 0o777), resource.getrlimit(resource.RLIMIT_CORE))"
    )
    assert printed == "0o600 (0, 0)\n"


def test_memory_is_sealed_on_linux(run_isolated):
    printed = run_isolated(
        "import ctypes\n"
        "from coldlever.signer.isolation import seal_memory\n"
        "prctl = ctypes.CDLL(None).prctl\n"
        "print(prctl(3, 0, 0, 0, 0), seal_memory(), prctl(3, 0, 0, 0, 0))"
    )
    assert printed == "1 True 0\n"


def test_sealing_reports_failure_instead_of_hiding_it(monkeypatch):
    assert seal_memory(lambda flag: flag) is True
    assert seal_memory(lambda _flag: -1) is False
    monkeypatch.setattr(sys, "platform", "darwin")
    assert seal_memory() is False


def test_sealing_asks_the_kernel(monkeypatch):
    asked = []
    kernel = SimpleNamespace(prctl=lambda *arguments: asked.append(arguments) or 0)
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: kernel)
    assert seal_memory() is True
    assert asked == [(4, 0, 0, 0, 0)]


def test_engaging_installs_the_hook_and_the_limits(monkeypatch):
    done = []
    monkeypatch.setattr(sys, "addaudithook", done.append)
    monkeypatch.setattr(isolation.os, "umask", lambda mask: done.append(oct(mask)))
    monkeypatch.setattr(isolation.resource, "setrlimit", lambda *limit: done.append(limit))
    process_starter = SimpleNamespace(fork_exec=None)
    monkeypatch.setattr(isolation, "_posixsubprocess", process_starter)
    isolation.engage()
    with pytest.raises(WayOutClosed, match=r"_posixsubprocess\.fork_exec"):
        process_starter.fork_exec(["true"], [b"/bin/true"], True)
    assert done == [refuse_ways_out, "0o77", (isolation.resource.RLIMIT_CORE, (0, 0))]


def test_the_entry_point_engages_before_it_runs_anything(monkeypatch):
    order = []
    monkeypatch.setattr(entry_point, "begin", lambda: order.append("begin"))
    monkeypatch.setattr(isolation, "engage", lambda: order.append("engage"))
    monkeypatch.setattr(
        "coldlever.signer.cli.commands.main", lambda prog_name: order.append(f"run {prog_name}")
    )
    entry_point.main()
    assert order == ["begin", "engage", "run coldlever-signer"]


def test_running_the_package_is_running_the_entry_point(monkeypatch, capsys):
    monkeypatch.setattr(isolation, "engage", lambda: None)
    monkeypatch.delitem(sys.modules, "coldlever.signer.__main__")
    monkeypatch.setattr(sys, "argv", ["signer", "--version"])
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("coldlever.signer", run_name="__main__")
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("coldlever-signer, version ")


def test_click_is_loaded_only_after_the_hook_is_in_place(environment, tmp_path):
    script = (
        "import sys, coldlever.signer.isolation as isolation\n"
        "isolation.engage = lambda: print('click' in sys.modules, 'coincurve' in sys.modules)\n"
        "from coldlever.signer.__main__ import main\n"
        "sys.argv = ['coldlever-signer', '--version']\n"
        "main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment, cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[0] == "False False"


def test_a_socket_inside_the_real_signer_process_raises(
    run_process, tmp_path, make_request, request_file
):
    # It strikes at the very end.
    head = textwrap.dedent(f"""
        import atexit

        def strike():
            import socket
            try:
                socket.socket()
                outcome = "GOT OUT"
            except Exception as error:
                outcome = getattr(error, "code", repr(error))
            with open({str(tmp_path / "outcome")!r}, "w") as file:
                file.write(outcome)

        atexit.register(strike)
        """)
    done = run_process("inspect", request_file(make_request()), head=head)
    assert done.returncode == 0
    assert (tmp_path / "outcome").read_text() == "isolated"


def test_keystores_open_where_cffi_is_not_installed(run_isolated):
    """Then their library asks `platform.architecture`, which would start file(1)."""
    script = """
    import sys
    sys.modules["cffi"] = None
    import eth_account, platform
    print(platform.architecture()[0], "Crypto.Util._raw_api" in sys.modules)
    """
    bits, loaded = run_isolated(textwrap.dedent(script)).split()
    assert bits in {"64bit", "32bit"}
    assert loaded == "True"
    with pytest.raises(PermissionError):
        refuse_ways_out("subprocess.Popen", ("file", ["file", "-b", "python"]))
