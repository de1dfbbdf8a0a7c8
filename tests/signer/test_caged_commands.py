"""Every command that reads something from outside closes the cage before its first byte."""

import json
import textwrap
from pathlib import Path

import click
import cv2
import numpy as np
import pytest
from PIL import Image

from coldlever.shared.qr.draw.matrix import matrix_of
from coldlever.shared.qr.scan import Frame, video
from coldlever.signer import cage
from coldlever.signer.cli import commands

SUPPORT = cage.available()
needs_cage = pytest.mark.skipif(
    isinstance(SUPPORT, cage.Unsupported),
    reason=f"no cage here: {getattr(SUPPORT, 'reason', None)}",
)

# Notes for every file below OUTSIDE that is opened whether the process is in the cage by then.
SPY = """
import os, sys
def look(event, arguments):
    if event not in ("open", "sqlite3.connect"):
        return
    name = str(arguments[0]).removeprefix("file://").partition("?")[0]
    if not name.startswith(os.environ["OUTSIDE"]):
        return
    with open("/proc/self/status") as status:
        caged = "Seccomp:\\t2" in status.read()
    with open(os.environ["NOTE"], "a") as note:
        note.write(f"{'inside' if caged else 'outside'} {name}\\n")
sys.addaudithook(look)
"""


def leaves(group, words=()):
    """Every command below a group, with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        one = group.get_command(context, name)
        if isinstance(one, click.Group):
            yield from leaves(one, (*words, name))
        else:
            yield (*words, name), one


def test_every_command_but_completion_is_caged():
    caged = {
        words: option
        for words, one in leaves(commands)
        for option in one.params
        if option.name == "without_cage"
    }
    assert {words for words, _ in leaves(commands)} - set(caged) == {("completion",)}
    # It lowers safety, so that no variable may set it.
    assert {option.envvar for option in caged.values()} == {None}


@pytest.fixture
def outside(tmp_path):
    """Where the documents lie."""
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


@pytest.fixture
def run_spied(run_process, outside, tmp_path):
    """Runs a command; returns what it printed and which files it opened inside the cage."""

    def run(*arguments, **more):
        extra = {"OUTSIDE": str(outside), "NOTE": str(tmp_path / "note")}
        done = run_process(*arguments, head=SPY, extra=extra, **more)
        assert done.returncode == 0, done.stderr.decode()
        noted = [line.split() for line in (tmp_path / "note").read_text().splitlines()]
        (tmp_path / "note").unlink()
        assert [name for where, name in noted if where != "inside"] == []
        return done.stdout, {Path(name).name for _, name in noted}

    return run


@pytest.fixture
def documents(outside, make_request, keystore, passphrase_file):
    """A request, a keystore and its passphrase."""
    (outside / "request.json").write_text(json.dumps(make_request()))
    (outside / "key.json").write_bytes(keystore.read_bytes())
    (outside / "phrase").write_bytes(passphrase_file.read_bytes())
    for name in ("key.json", "phrase"):
        (outside / name).chmod(0o600)


@pytest.mark.usefixtures("documents")
@needs_cage
def test_documents_keystores_secrets_and_ledgers_are_read_inside(run_spied, outside, machine):
    state = ("--state-dir", outside / "state")
    _, opened = run_spied("inspect", outside / "request.json")
    assert opened == {"request.json"}
    # The second time there is a ledger to be read.
    for _ in range(2):
        _, opened = run_spied(
            "sign", outside / "request.json", "--keystore", outside / "key.json",
            "--passphrase-file", outside / "phrase", "--yes", "--force",
            "--out", outside / "signed.json", "--assume-time", machine.clock(), *state,
        )  # fmt: skip
    assert {"request.json", "key.json", "phrase", "ledger.sqlite3"} <= opened
    _, opened = run_spied("verify", outside / "signed.json")
    assert opened == {"signed.json"}
    _, opened = run_spied("key", "show", outside / "key.json", *state)
    assert opened == {"key.json"}
    _, opened = run_spied("ledger", "export", "--out", outside / "ledger.json", *state)
    assert "ledger.sqlite3" in opened
    _, opened = run_spied("ledger", "import", outside / "ledger.json", *state)
    assert {"ledger.json", "ledger.sqlite3"} <= opened
    _, opened = run_spied("qr", "show", outside / "signed.json", "--json")
    assert opened == {"signed.json"}


@pytest.fixture
def request_picture(make_request):
    """A photo of a request's code, in grey."""
    rows = [list(row) for row in matrix_of(json.dumps(make_request())).rows]
    grey = np.where(np.array(rows, dtype=bool), 0, 255).astype(np.uint8)
    return np.kron(grey, np.ones((6, 6), np.uint8))


@needs_cage
def test_pictures_are_unpacked_inside(run_spied, outside, request_picture, make_request):
    Image.fromarray(request_picture).save(outside / "photo.png")
    printed, opened = run_spied("qr", "read", outside / "photo.png")
    assert "photo.png" in opened
    assert json.loads(printed)["nonce"] == make_request()["nonce"]


@needs_cage
def test_videos_are_decoded_inside_threads_included(
    run_spied, outside, request_picture, make_request
):
    size = request_picture.shape[1], request_picture.shape[0]
    writer = cv2.VideoWriter(str(outside / "film.mp4"), cv2.VideoWriter_fourcc(*"mp4v"), 10, size)
    for _ in range(5):
        writer.write(cv2.cvtColor(request_picture, cv2.COLOR_GRAY2BGR))
    writer.release()
    printed, _ = run_spied("inspect", "--scan", outside / "film.mp4", "--json")
    assert json.loads(printed)["nonce"] == make_request()["nonce"]


def test_where_there_is_no_cage_one_line_says_so_and_the_work_goes_on(
    cli, request_file, make_request
):
    path = request_file(make_request())
    done = cli("inspect", path, engage_cage=lambda: cage.Unsupported("this is not Linux (plan9)"))
    assert done.exit_code == 0
    said = [line for line in done.stderr.splitlines() if "cage" in line]
    assert said == ["This machine has no cage: this is not Linux (plan9). Going on without."]


def fail():
    raise cage.CageFailed("cage-failed", "it could not be closed", "--without-cage goes on")


def test_a_cage_that_cannot_be_closed_ends_the_command_before_it_reads_anything(cli, tmp_path):
    missing = tmp_path / "missing.json"
    assert cli.refusal("inspect", missing, status=8, engage_cage=fail) == "cage-failed"
    assert cli.refusal("inspect", missing, status=3) == "file-unreadable"


def test_without_cage_goes_on_and_says_so(cli, request_file, make_request):
    done = cli("inspect", request_file(make_request()), "--without-cage", engage_cage=fail)
    assert done.exit_code == 0
    assert "the cage is left open" in done.stderr


@pytest.mark.parametrize("words", [["inspect"], ["sign", "--yes"], ["verify"], ["qr", "read"]])
def test_a_camera_is_opened_outside_and_looked_through_inside(cli, monkeypatch, words, machine):
    happened = []

    def frames(number, opened):
        happened.append(f"camera {number} opened")
        opened()
        happened.append("first picture")
        yield Frame("camera", ("no code of ours",))

    monkeypatch.setattr(video, "camera_frames", frames)
    cli(
        *words, "--camera", "3",
        engage_cage=lambda: happened.append("cage closed") or machine.engage_cage(),
    )  # fmt: skip
    assert happened == ["camera 3 opened", "cage closed", "first picture"]


@needs_cage
def test_a_filter_that_a_container_forbids_ends_the_real_program(run_process, tmp_path):
    head = textwrap.dedent("""
        from coldlever.signer import cage
        from coldlever.signer.cage import enclosure
        enclosure.LibraryKernel.call = lambda *_: -1
    """)
    done = run_process("inspect", tmp_path / "missing.json", "--json", head=head)
    assert done.returncode == 8
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "cage-failed"
    assert "--without-cage" in error["remedy"]
