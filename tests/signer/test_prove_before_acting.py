# ruff: noqa: PLR0917 - a test's parameters are its fixtures
"""What can refuse a delivery does so before the passphrase; what fails later says what is recorded."""

import fcntl
import json
import os
import struct
import subprocess
import sys
import termios
from pathlib import Path
from types import SimpleNamespace

import pytest

from coldlever.shared import files
from coldlever.shared.cli import delivery, qr_draw
from coldlever.shared.errors import EnvironmentFault
from coldlever.shared.qr.play import Size
from coldlever.signer.cli import sign as sign_command
from coldlever.signer.ledger import Ledger


@pytest.fixture
def refused(cli, keystore, request_file, make_request, machine, state):
    """The code with which `sign` of a batch ends; without a passphrase, a record or a file."""

    def run(*arguments, status, count=30):
        nonces = range(machine.clock(), machine.clock() + count)
        path = request_file(*(make_request(nonce=nonce) for nonce in nonces))
        before = set(path.parent.iterdir())
        # There is neither a terminal nor a file to take the passphrase from.
        result = cli.json("sign", path, "--keystore", keystore, "--yes", *arguments, status=status)
        assert not state.exists()
        assert set(path.parent.iterdir()) == before
        return result["error"]

    return run


def test_a_batch_that_fits_no_still_picture_is_refused_before_the_passphrase(refused, tmp_path):
    for name in ("x.png", "x.svg"):
        assert refused("--qr-out", tmp_path / name, status=2)["code"] == "qr-out-still"


def test_an_animation_without_a_terminal_is_refused_before_the_passphrase(refused):
    assert refused("--qr", status=2)["code"] == "no-terminal"


def test_a_batch_too_large_for_a_text_code_is_refused_before_the_passphrase(refused, tmp_path):
    error = refused("--qr-out", tmp_path / "x.html", "--qr-format", "json", status=3)
    assert error["code"] == "qr-too-large"


def test_a_loop_too_long_for_a_picture_is_refused_before_the_passphrase(refused, tmp_path):
    options = ("--qr-out", tmp_path / "x.html", "--density", "low")
    assert refused(*options, status=3, count=900)["code"] == "qr-too-many"


def test_one_name_for_document_and_picture_is_refused_before_the_passphrase(refused, tmp_path):
    (tmp_path / "here").symlink_to(tmp_path)
    names = ("--out", tmp_path / "x.html", "--qr-out", tmp_path / "here" / "x.html", "--force")
    assert refused(*names, status=2)["code"] == "outputs-collide"


@pytest.mark.parametrize("option", ["--out", "--qr-out"])
def test_no_force_puts_a_payload_in_the_place_of_keystore_or_ledger(
    cli, keystore, passphrase_file, request_file, make_request, tmp_path, option
):
    mine = tmp_path / "key.html"
    mine.write_bytes(keystore.read_bytes())
    (tmp_path / "other.html").symlink_to(mine)
    for name in ("key.html", "other.html"):
        assert cli.refusal(
            "sign", request_file(make_request()), "--keystore", mine, "--passphrase-file",
            passphrase_file, "--yes", option, tmp_path / name, "--force", status=2,
        ) == "output-kept"  # fmt: skip
    assert mine.read_bytes() == keystore.read_bytes()
    ledger = tmp_path / "home" / ".local" / "state" / "coldlever" / "signer" / "ledger.sqlite3"
    ledger.parent.mkdir(parents=True)
    with Ledger.open(ledger):
        pass
    if option == "--out":
        assert cli.refusal(
            "sign", request_file(make_request()), "--keystore", mine, "--passphrase-file",
            passphrase_file, "--yes", "--out", ledger, "--force", status=2,
        ) == "output-kept"  # fmt: skip


def test_a_small_terminal_is_refused_before_the_passphrase(
    terminal, cli, keystore, request_file, make_request, tmp_path, machine
):
    path = request_file(make_request())
    window = terminal(
        "sign", path, "--keystore", keystore, "--yes", "--qr", "--assume-time", machine.clock(),
        "--out", "out.json",
    )  # fmt: skip
    fcntl.ioctl(window._master, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 80, 0, 0))
    window.expect("terminal-too-small")
    assert window.wait() == 8
    assert "Passphrase" not in window.seen
    assert not (tmp_path / "out.json").exists()
    assert cli.json("ledger", "show")["entries"] == []


@pytest.mark.parametrize("option", ["--out", "--qr-out"])
def test_a_full_disk_is_refused_with_its_numbers_before_the_passphrase(
    refused, tmp_path, monkeypatch, option
):
    real = os.statvfs
    full = SimpleNamespace(f_bavail=3, f_frsize=4096, f_blocks=100)
    monkeypatch.setattr(
        files.os, "statvfs", lambda place: full if place == tmp_path / "stick" else real(place)
    )
    (tmp_path / "stick").mkdir()
    error = refused(option, tmp_path / "stick" / "x.html", status=8)
    assert error["code"] == "disk-full"
    assert "12288 are free" in error["message"]
    assert "free bytes with a margin" in error["message"]


def test_a_state_folder_that_cannot_be_made_is_refused_before_the_passphrase(refused, tmp_path):
    (tmp_path / "file").write_text("")
    error = refused("--state-dir", tmp_path / "file" / "state", status=8)
    assert error["code"] == "state-folder"


def test_a_disk_without_room_for_the_ledger_is_refused_before_the_passphrase(refused, monkeypatch):
    monkeypatch.setattr(
        files.os, "statvfs", lambda _: SimpleNamespace(f_bavail=1, f_frsize=512, f_blocks=100)
    )
    assert refused(status=8)["code"] == "disk-full"


def test_a_disk_that_does_not_tell_its_size_is_written_to(
    sign, request_file, make_request, monkeypatch, tmp_path
):
    monkeypatch.setattr(
        files.os, "statvfs", lambda _: SimpleNamespace(f_bavail=0, f_frsize=0, f_blocks=0)
    )
    assert sign(request_file(make_request()), "--out", tmp_path / "o.json").exit_code == 0


def _sign(arguments, environment, folder, **more):
    command = [sys.executable, "-m", "coldlever.signer", "sign", *map(str, arguments)]
    return subprocess.Popen(
        command, env=environment, cwd=folder, stderr=subprocess.PIPE, text=True, **more
    )


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("how", ["abandoned", "closed"])
def test_a_stdout_that_nobody_reads_is_refused_before_the_passphrase(
    environment, keystore, request_file, make_request, tmp_path, machine, as_json, how
):
    path = request_file(make_request())
    arguments = [path, "--keystore", keystore, "--yes", "--assume-time", machine.clock()]
    reading, writing = os.pipe()
    os.close(reading)
    process = _sign(
        [*arguments, *(["--json"] if as_json else [])],
        environment,
        tmp_path,
        stdout=writing,
        stdin=subprocess.DEVNULL,
        preexec_fn=None if how == "abandoned" else lambda: os.close(1),
    )
    os.close(writing)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 8
    assert "output-closed" in told
    assert not (tmp_path / "home").exists()


def test_what_was_proven_is_delivered_in_every_form(
    sign, cli, request_file, make_request, machine, tmp_path
):
    nonces = range(machine.clock(), machine.clock() + 30)
    path = request_file(*(make_request(nonce=nonce) for nonce in nonces))
    out, loop = tmp_path / "out.json", tmp_path / "loop.gif"
    result = sign(path, "--out", out, "--qr-out", loop)
    assert result.exit_code == 0, result.stderr
    assert cli("qr", "read", loop).stdout == out.read_text()


def test_where_stderr_is_no_terminal_its_size_does_not_matter(
    sign, request_file, make_request, monkeypatch
):
    monkeypatch.setattr(qr_draw, "_terminal_size", lambda: Size(10, 10))
    result = sign(request_file(make_request()), "--qr", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["payload"]["kind"] == "coldlever/signed"


@pytest.mark.parametrize("count", [1, 3])
def test_a_delivery_that_fails_late_says_what_is_recorded_and_how_to_get_it(
    cli, keystore, passphrase_file, request_file, make_request, machine, tmp_path, monkeypatch, count
):  # fmt: skip
    nonces = range(machine.clock(), machine.clock() + count)
    path = request_file(*(make_request(nonce=nonce) for nonce in nonces))
    out = tmp_path / "out.json"
    arguments = (
        "sign", path, "--keystore", keystore, "--passphrase-file", passphrase_file, "--yes",
        "--out", out,
    )  # fmt: skip

    def pulled_out(*_, **__):
        raise EnvironmentFault("write-failed", "out.json: Input/output error", "choose another")

    with monkeypatch.context() as patched:
        patched.setattr(delivery, "write_document", pulled_out)
        error = cli.json(*arguments, status=8)["error"]
    assert error["code"] == "write-failed"
    assert "Input/output error; " in error["message"]
    assert str(nonces[0]) in error["message"]
    assert str(nonces[-1]) in error["message"]
    assert "recorded as spent" in error["message"]
    assert error["remedy"].startswith("choose another, then sign the same request again")
    assert [row["nonce"] for row in cli.json("ledger", "show")["entries"]] == list(nonces)
    again = cli.json(*arguments)
    assert all(one["alreadySigned"] for one in again["signed"])
    assert out.exists()


def test_a_picture_that_fails_late_names_the_document_that_is_there(
    cli, keystore, passphrase_file, request_file, make_request, tmp_path, monkeypatch
):
    def pulled_out(*_, **__):
        raise EnvironmentFault("write-failed", "x.png: Input/output error")

    monkeypatch.setattr(qr_draw, "write_document", pulled_out)
    out = tmp_path / "out.json"
    error = cli.json(
        "sign", request_file(make_request()), "--keystore", keystore, "--passphrase-file",
        passphrase_file, "--yes", "--out", out, "--qr-out", tmp_path / "x.png", status=8,
    )["error"]  # fmt: skip
    assert f"{out} had been written before" in error["message"]
    assert error["remedy"].startswith("sign the same request again")


def test_an_interrupted_delivery_says_what_is_recorded(
    cli, keystore, passphrase_file, request_file, make_request, monkeypatch
):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(sign_command, "hand_over", stopped)
    error = cli.json(
        "sign", request_file(make_request()), "--keystore", keystore, "--passphrase-file",
        passphrase_file, "--yes", status=130,
    )["error"]  # fmt: skip
    assert "is recorded as spent" in error["message"]


def test_an_error_that_stdout_cannot_take_is_told_on_stderr(
    environment, keystore, passphrase_file, request_file, make_request, tmp_path, machine
):
    arguments = [
        request_file(make_request()), "--keystore", keystore, "--passphrase-file", passphrase_file,
        "--yes", "--assume-time", machine.clock(), "--json",
    ]  # fmt: skip
    with Path("/dev/full").open("w") as full:
        process = _sign(arguments, environment, tmp_path, stdout=full)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 8
    assert "No space left on device" in told
    assert "is recorded as spent on this request" in told
    assert "sign the same request again" in told


def test_a_key_is_not_drawn_where_its_keystore_finds_no_room(
    cli, passphrase_file, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        files.os, "statvfs", lambda _: SimpleNamespace(f_bavail=1, f_frsize=512, f_blocks=100)
    )
    # Neither a terminal nor a file to take the passphrase from.
    for place in (("--out", tmp_path / "key.json"), ("--name", "cold"), ()):
        assert cli.refusal("key", "new", *place, status=8) == "disk-full"
    assert not (tmp_path / "key.json").exists()


def test_an_imported_key_whose_place_is_taken_is_refused_before_its_passphrase(
    cli, passphrase_file, tmp_path
):
    (tmp_path / "secret").write_text("07" * 32 + "\n")
    arguments = ("key", "import", "--private-key-file", tmp_path / "secret")
    cli.json(*arguments, "--passphrase-file", passphrase_file)
    assert cli.refusal(*arguments, status=2) == "output-exists"


def _key_new(environment, folder, passphrase_file, **more):
    return subprocess.run(
        [sys.executable, "-m", "coldlever.signer", "key", "new", "--out", "key.json",
         "--passphrase-file", str(passphrase_file), "--json"],
        env=environment, cwd=folder, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        **more,
    )  # fmt: skip


def test_no_key_is_made_where_stdout_is_closed(environment, passphrase_file, tmp_path):
    done = _key_new(environment, tmp_path, passphrase_file, preexec_fn=lambda: os.close(1))
    assert done.returncode == 8
    assert "output-closed" in done.stderr
    assert not (tmp_path / "key.json").exists()


def test_a_keystore_that_stdout_could_not_tell_of_is_named_on_stderr(
    environment, passphrase_file, tmp_path
):
    with Path("/dev/full").open("w") as full:
        done = _key_new(environment, tmp_path, passphrase_file, stdout=full)
    assert done.returncode == 8
    assert "stands complete in key.json" in done.stderr
    assert (tmp_path / "key.json").exists()


def test_a_ledger_is_not_merged_where_nobody_reads_the_count(environment, tmp_path):
    (tmp_path / "ledger.json").write_text("{}")
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "coldlever.signer", "ledger", "import", "ledger.json", "--json"],
        env=environment, cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    os.close(writing)
    assert done.returncode == 8
    assert "output-closed" in done.stderr
