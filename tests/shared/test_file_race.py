"""Several processes want the same name: one gets it, the others are told."""

import subprocess
import sys

import pytest

RACER = """
import os, sys, time
from pathlib import Path
from coldlever.shared.errors import UsageRefused
from coldlever.shared.files import write_exclusive
if {without_links}:
    def link(*arguments, **options):
        raise PermissionError(1, "no links here")
    os.link = link
path, flag, number = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
print("ready", flush=True)
while not flag.exists():
    pass
try:
    write_exclusive(path, number.encode() * 100_000)
except UsageRefused:
    sys.exit(2)
"""


@pytest.mark.slow
@pytest.mark.parametrize("without_links", [False, True])
def test_of_several_processes_one_wins_with_its_whole_content(without_links, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    program = RACER.format(without_links=without_links)
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", program, folder / "name", tmp_path / "go", str(number)],
            stdout=subprocess.PIPE,
        )
        for number in range(4)
    ]
    for racer in racers:
        assert racer.stdout.readline() == b"ready\n"
    (tmp_path / "go").touch()
    statuses = [racer.wait(timeout=30) for racer in racers]
    for racer in racers:
        racer.stdout.close()
    assert sorted(statuses) == [0, 2, 2, 2]
    winner = str(statuses.index(0)).encode()
    assert [path.name for path in folder.iterdir()] == ["name"]
    assert (folder / "name").read_bytes() == winner * 100_000
