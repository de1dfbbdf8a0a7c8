"""Places, keys and ways to run the signer that its tests share."""

import contextlib
import fcntl
import json
import os
import pty
import select
import subprocess
import sys
import termios
import time
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from coldlever.shared.action.address import parse_address
from coldlever.signer.cage.support import Supported
from coldlever.signer.cage.syscalls import X86_64
from coldlever.signer.cli import commands
from coldlever.signer.cli.machine import Machine
from coldlever.signer.key.keystore import seal
from tests.signer.team import PHRASE, SECRET, Team

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT.parent / "shared" / "vectors"
OWN = ROOT / "tests" / "vectors"

# Shortly after the nonces of tests/vectors/actions.json, before their expiries.
NOW = 1_795_000_100_000
LIGHT_WORK = 1 << 12


@pytest.fixture(scope="session")
def reference():
    """The reference vectors beside the checkout."""
    if REFERENCE.is_dir():
        return REFERENCE
    if os.environ.get("CI"):
        pytest.fail("reference vectors not present, and CI must not go without them")
    pytest.skip("reference vectors not present")


@pytest.fixture(scope="session")
def own_vectors():
    return json.loads((OWN / "actions.json").read_text())


@pytest.fixture(autouse=True)
def private_files():
    """What the tests write nobody else can read, as the signer wants its files."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def private_copy(name, folder):
    """A test vector that nobody else on the machine can read."""
    path = folder / name
    path.write_bytes((OWN / name).read_bytes())
    path.chmod(0o600)
    return path


@pytest.fixture
def keystore(tmp_path_factory):
    """A keystore file made for the tests, in a folder where the ledger's head may lie."""
    return private_copy("keystore.json", tmp_path_factory.mktemp("key"))


@pytest.fixture
def passphrase_file(tmp_path_factory):
    """The passphrase of `keystore`."""
    return private_copy("keystore.passphrase", tmp_path_factory.mktemp("phrase"))


@pytest.fixture(scope="session")
def owner(own_vectors):
    """The address of the key in `keystore`."""
    return parse_address(own_vectors["signer"])


@pytest.fixture
def machine(tmp_path):
    return Machine(
        clock=lambda: NOW,
        environment={"HOME": str(tmp_path / "home")},
        work_factor=LIGHT_WORK,
        seal_memory=lambda: True,
        engage_cage=lambda: Supported(X86_64),
    )


@pytest.fixture
def state(machine):
    return machine.state(None)


def signer_command(head="", switches=()):
    """The words that start this checkout's signer, with the switches it wants.

    Args:
        head: what the process does before.
        switches: more of the interpreter's.
    """
    paths = os.environ["PYTHONPATH"].split(os.pathsep)
    script = f"import sys\nsys.path[:0] = {paths!r}\n{head}\n"
    script += "from coldlever.signer.__main__ import main\nmain()"
    return [sys.executable, "-P", "-E", "-s", *switches, "-c", script]


class CommandLine:
    """Runs the command line in this process, with a machine of the test's own."""

    def __init__(self, machine):
        self.machine = machine

    def __call__(self, *arguments, stdin=None, **changes):
        result = CliRunner().invoke(
            commands,
            [str(argument) for argument in arguments],
            input=stdin,
            obj=replace(self.machine, **changes),
            prog_name="coldlever-signer",
        )
        assert isinstance(result.exception, SystemExit | None), result.exception
        assert "internal-error" not in result.output, result.output
        return result

    def json(self, *arguments, status=0, **more):
        """Run with --json and return the one document on stdout."""
        result = self(*arguments, "--json", **more)
        assert result.exit_code == status, result.output
        return json.loads(result.stdout)

    def refusal(self, *arguments, status, **more):
        """The code of the error that the run must end with."""
        document = self.json(*arguments, status=status, **more)
        assert document["error"]["exitStatus"] == status
        return document["error"]["code"]


@pytest.fixture
def cli(machine):
    return CommandLine(machine)


@pytest.fixture
def request_file(tmp_path):
    """Writes requests to a file and returns its path."""

    def write(*requests, name="request.json", batch=False):
        path = tmp_path / name
        value = list(requests) if batch or len(requests) > 1 else requests[0]
        path.write_text(json.dumps(value))
        return path

    return write


def a_request(**changes):
    """A full request that may be signed at `NOW`."""
    request = {
        "network": "mainnet",
        "action": {"type": "updateLeverage", "asset": 0, "isCross": True, "leverage": 10},
        "nonce": NOW,
        "expiresAfter": NOW + 3_600_000,
        "vaultAddress": None,
    }
    return request | changes


@pytest.fixture
def make_request():
    return a_request


@pytest.fixture
def answers(cli):
    """A person at the prompts of `sign`; returns what they were asked."""

    def give(*lines):
        left = list(lines)
        asked = []

        def ask(prompt):
            asked.append(prompt)
            return left.pop(0)

        cli.machine = replace(cli.machine, ask=ask)
        return asked

    return give


@pytest.fixture
def sign(cli, keystore, passphrase_file):
    """`sign` with the test keystore and --yes."""

    def run(*arguments, **more):
        return cli(
            "sign", *arguments, "--keystore", keystore, "--passphrase-file", passphrase_file,
            "--yes", **more,
        )  # fmt: skip

    return run


@pytest.fixture
def sign_json(cli, keystore, passphrase_file):
    """`sign --json` with the test keystore and --yes; returns the document."""

    def run(*arguments, **more):
        return cli.json(
            "sign", *arguments, "--keystore", keystore, "--passphrase-file", passphrase_file,
            "--yes", **more,
        )  # fmt: skip

    return run


@pytest.fixture
def make_keystore(tmp_path):
    """Writes a light keystore of a given key and returns its path."""

    def write(secret, passphrase="a lantern over 7 quiet harbours", name=None, folder=None):
        path = (folder or tmp_path) / (name or f"{secret.hex()[:12]}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(seal(secret, passphrase, LIGHT_WORK))
        return path

    return write


@pytest.fixture
def environment(tmp_path):
    """The environment of a real signer process."""
    # Coverage is measured in children too, when it is.
    measured = {k: v for k, v in os.environ.items() if k.startswith("COVERAGE_")}
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "PYTHONPATH": os.environ["PYTHONPATH"],
        "LANG": "C.UTF-8",
        **measured,
    }


@pytest.fixture
def signer_words():
    """See `signer_command`."""
    return signer_command


@pytest.fixture
def run_process(environment, tmp_path):
    """Runs the signer as a process of its own."""

    def run(*arguments, head="", switches=(), **more):
        return subprocess.run(
            [*signer_command(head, switches), *map(str, arguments)],
            env=environment | more.pop("extra", {}),
            cwd=tmp_path,
            capture_output=True,
            timeout=60,
            check=False,
            **more,
        )

    return run


class Terminal:
    """A signer process with a pseudo-terminal in front of it, and a person who types."""

    def __init__(self, arguments, environment, folder, document=None):
        self._master, slave = pty.openpty()

        def take_terminal():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self._process = subprocess.Popen(
            [*signer_command(), *map(str, arguments)],
            env=environment,
            cwd=folder,
            stdin=slave if document is None else subprocess.PIPE,
            stdout=slave,
            stderr=slave,
            preexec_fn=take_terminal,  # noqa: PLW1509 - no threads here
        )
        os.close(slave)
        if document is not None:
            with self._process.stdin as pipe:
                pipe.write(document)
        self.seen = ""
        self._read_to = 0

    def expect(self, text, seconds=30):
        """Wait until ``text`` appears after what was expected before."""
        deadline = time.monotonic() + seconds
        while text not in self.seen[self._read_to :]:
            if not self._read(deadline - time.monotonic()):
                pytest.fail(f"{text!r} did not appear; the terminal shows:\n{self.seen}")
        self._read_to = self.seen.index(text, self._read_to) + len(text)

    def type(self, line):
        os.write(self._master, (line + "\n").encode())

    def press(self, key):
        os.write(self._master, key.encode())

    def interrupt(self):
        """Press Ctrl-C, and again when nothing happens.

        A signal that arrives between Python's last look and the start of a blocking read takes
        effect only after that read.
        """
        for _ in range(10):
            os.write(self._master, b"\x03")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=1)
                return

    def wait(self, seconds=30):
        """The exit status."""
        deadline = time.monotonic() + seconds
        while self._read(max(0.0, deadline - time.monotonic())):
            pass
        return self._process.wait(timeout=seconds)

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._master)

    def _read(self, seconds):
        if seconds <= 0 or not select.select([self._master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:
            # Linux reports the closed other end of a terminal this way.
            return False
        self.seen += data.decode()
        return bool(data)


@pytest.fixture
def terminal(environment, tmp_path):
    """Starts signer processes at a pseudo-terminal."""
    opened = []

    def start(*arguments, document=None, **extra):
        settings = environment | {"TERM": "xterm"} | extra
        opened.append(Terminal(arguments, settings, tmp_path, document))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


@pytest.fixture
def team(cli, tmp_path, make_keystore):
    keystore = make_keystore(SECRET, PHRASE, folder=tmp_path / "key")
    folder = tmp_path / "team"
    folder.mkdir()
    return Team(cli, folder, keystore)
