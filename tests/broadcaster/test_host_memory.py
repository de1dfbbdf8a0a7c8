"""What a host remembers of shared ledgers is written by all of its processes, each in its turn."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from threading import Thread

import pytest

from coldlever.broadcaster.ledger import memory as module
from coldlever.broadcaster.ledger.memory import FILE_NAME, KEPT, HostMemory

URLS = [f"postgresql://desk@db/{number}" for number in range(20)]
WRITERS = 4
NOTES = KEPT // WRITERS
_WRITER = """
import sys
from pathlib import Path
from coldlever.broadcaster.ledger import memory
from coldlever.broadcaster.ledger.memory import HostMemory
memory.LOCK_WAIT_S = 60
folder, first, urls = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
sys.stdin.readline()
for url in urls:
    for number in range(first, first + %d):
        HostMemory(folder).note(url, (number, "testnet", "0x" + "1" * 40, number, "payload", 1))
"""


@pytest.fixture
def folder(tmp_path):
    known = {url: {"identity": "one", "attempts": []} for url in URLS}
    (tmp_path / FILE_NAME).write_text(json.dumps(known))
    return tmp_path


def remembered(folder):
    wire = json.loads((folder / FILE_NAME).read_text())
    return {url: sorted(one[0] for one in seen["attempts"]) for url, seen in wire.items()}


def attempt(number):
    return number, "testnet", "0x" + "1" * 40, number, "payload", 1


def test_processes_of_one_host_lose_nothing_of_what_each_has_noted(folder):
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER % NOTES, str(folder), str(n * NOTES), *URLS],
            stdin=subprocess.PIPE,
        )
        for n in range(WRITERS)
    ]
    for one in writers:
        one.stdin.write(b"go\n")
        one.stdin.flush()
    for one in writers:
        one.communicate(timeout=60)
    assert [one.returncode for one in writers] == [0] * WRITERS
    assert remembered(folder) == {url: list(range(KEPT)) for url in URLS}


def test_threads_of_one_run_lose_nothing_of_what_each_has_noted(folder, monkeypatch):
    # No run writes as densely as this.
    monkeypatch.setattr(module, "LOCK_WAIT_S", 60)
    memory = HostMemory(folder)

    def work(first):
        for url in URLS:
            for number in range(first, first + NOTES):
                memory.note(url, attempt(number))

    threads = [Thread(target=work, args=(n * NOTES,)) for n in range(WRITERS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert remembered(folder) == {url: list(range(KEPT)) for url in URLS}


def test_a_process_suspended_in_its_turn_does_not_keep_the_others_from_sending(folder, monkeypatch):
    monkeypatch.setattr(module, "LOCK_WAIT_S", 0.05)
    with (folder / FILE_NAME).with_suffix(".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        (folder / FILE_NAME).with_suffix(".part").write_text("half of wh")
        HostMemory(folder).note(URLS[0], attempt(7))
    assert remembered(folder)[URLS[0]] == [7]
    assert (folder / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_a_folder_that_takes_no_file_is_said(tmp_path):
    with pytest.raises(module.EnvironmentFault, match=r"shared-ledgers\.json") as caught:
        HostMemory(tmp_path / "missing").note(URLS[0], attempt(7))
    assert caught.value.code == "write-failed"
