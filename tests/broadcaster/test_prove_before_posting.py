"""Whether the outcome can be told is known before a row is written or a byte sent."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from coldlever.shared import files


@pytest.fixture
def disk_full(monkeypatch):
    """A disk that is full wherever somebody asks."""
    monkeypatch.setattr(
        files.os, "statvfs", lambda _: SimpleNamespace(f_bavail=1, f_frsize=4096, f_blocks=9)
    )


def untouched(desk):
    return desk.requests() == 0 and not any(desk.state.iterdir())


def test_a_receipt_without_room_is_refused_before_anything_is_recorded(desk, disk_full):
    shown = desk.post(desk.signed_file(), "--receipt", str(desk.folder / "receipt.json"))
    assert (shown.status, shown.error) == (8, "disk-full")
    assert "4096 are free" in shown.document["error"]["message"]
    assert untouched(desk)


def test_a_receipt_that_cannot_be_written_is_refused_before_anything_is_recorded(desk, monkeypatch):
    def read_only(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(files, "_write_synced", read_only)
    shown = desk.post(desk.signed_file(), "--receipt", str(desk.folder / "receipt.json"))
    assert (shown.status, shown.error) == (8, "write-failed")
    assert untouched(desk)
    assert [path.name for path in desk.folder.glob("receipt*")] == []


@pytest.mark.parametrize("command", ["post", "resolve"])
def test_a_stdout_that_nobody_reads_is_refused_before_anything_is_sent(desk, command):
    files_of = {"post": [desk.signed_file()], "resolve": []}[command]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "coldlever.broadcaster",
         *desk.arguments(command, *files_of, "--json")],
        stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        env={**os.environ, "HOME": str(desk.folder)},
    )  # fmt: skip
    os.close(writing)
    assert done.returncode == 8
    assert "output-closed" in done.stderr
    assert untouched(desk)


@pytest.mark.parametrize("command", ["draft", "market"])
def test_a_picture_that_cannot_be_made_leaves_no_document_behind(desk, command):
    wish = ("--coin", "BTC", "--leverage", "10", "--cross", "--account", desk.user.address.lower)
    options = wish if command == "draft" else ()
    out = desk.folder / "out.json"
    text = ("--note", "n" * 280) if command == "draft" else ()
    picture = ("--qr-out", str(desk.folder / "code.png"), "--density", "low")
    shown = desk.run(command, *options, *text, "--out", str(out), *picture, "--json")
    assert (shown.status, shown.error) == (2, "qr-out-still")
    assert not out.exists()
    assert json.loads(shown.stdout)["error"]["exitStatus"] == 2
