"""The units and the container file: read by the programs that will read them, where those are there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from coldlever.broadcaster.cli import cli

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
pytestmark = pytest.mark.sources


def test_hadolint_finds_nothing_in_the_container_file():
    program = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [program, DEPLOY / "Containerfile"], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.fixture
def analyze():
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")

    def run(*arguments):
        done = subprocess.run(
            ["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60
        )
        return done.stdout + done.stderr

    return run


def test_systemd_reads_the_units(analyze):
    said = analyze("verify", "--man=no", "--recursive-errors=no", *map(str, UNITS)).splitlines()
    # The program is not installed here.
    assert [line for line in said if "is not executable: No such file" not in line] == []


def test_the_service_is_shut_in(analyze):
    said = analyze(
        "security", "--offline=true", str(DEPLOY / "systemd" / "coldlever-resolve.service")
    )
    (level,) = re.findall(r"exposure level for \S+: ([0-9.]+)", said)
    assert float(level) < 2


def test_what_they_start_are_commands_and_options_that_exist():
    text = "".join(path.read_text() for path in UNITS).replace("\\\n", " ")
    lines = re.findall(r"ExecStart=\S+/coldlever-broadcaster (.*)", text)
    lines.append(
        " ".join(re.findall(r'"(.*?)"', (DEPLOY / "Containerfile").read_text().split("\nCMD")[1]))
    )
    assert len(lines) == 3
    for line in lines:
        first, *words = line.split()
        command = cli.get_command(None, first)
        if hasattr(command, "commands"):
            command = command.commands[words.pop(0)]
        known = {name for one in command.params for name in one.opts}
        assert {word for word in words if word.startswith("--")} <= known


def test_no_secret_stands_in_them():
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            assert not re.search(r"://[^/\s]*:[^/\s]*@|PGPASSWORD", path.read_text()), path
