"""What a killed run left behind goes away at the next start, except for a key."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from coldlever.shared.files import Reserved, leftovers, write_exclusive
from coldlever.signer.key.leftovers import tidy

NAME = ".coldlever-0123456789abcdef.tmp"


def test_a_leftover_is_removed_and_nothing_else(tmp_path):
    (tmp_path / NAME).write_bytes(b"half a fi")
    others = [
        ".coldlever-0123456789abcde.tmp",
        ".coldlever-0123456789abcdeg.tmp",
        "coldlever-0123456789abcdef.tmp",
        ".coldlever-0123456789abcdef.tmp.json",
    ]
    for other in others:
        (tmp_path / other).touch()
    (tmp_path / NAME.replace("0", "a")).mkdir()
    (tmp_path / NAME.replace("0", "b")).symlink_to(tmp_path / others[0])
    os.mkfifo(tmp_path / NAME.replace("0", "c"))
    assert tidy(tmp_path) == ()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {*others, *(NAME.replace("0", letter) for letter in "abc")}


def test_a_file_that_is_being_written_is_left_alone(tmp_path):
    with Reserved.of(tmp_path / "head") as reserved:
        assert list(leftovers(tmp_path)) == []
        tidy(tmp_path)
        reserved.fill(b"done")
    assert (tmp_path / "head").read_bytes() == b"done"
    assert [path.name for path in tmp_path.iterdir()] == ["head"]


def test_a_writer_survives_that_its_new_file_is_taken_for_a_leftover(tmp_path, monkeypatch):
    create, removed = os.open, []

    def taken_away(path, flags, *rest, **more):
        descriptor = create(path, flags, *rest, **more)
        if flags & os.O_EXCL and not removed:
            removed.append(path)
            Path(path).unlink()
        return descriptor

    monkeypatch.setattr(os, "open", taken_away)
    write_exclusive(tmp_path / "out", b"whole")
    assert removed
    assert (tmp_path / "out").read_bytes() == b"whole"


def test_a_folder_that_does_not_exist_has_no_leftovers(tmp_path):
    assert tidy(tmp_path / "nowhere") == ()


KILLED = textwrap.dedent("""
    import os, signal, sys
    from coldlever.shared import files
    from coldlever.signer.__main__ import main

    kill = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
    if sys.argv.pop(1) == "before":
        files._take_name = kill
    else:
        take = files._take_name
        files._take_name = lambda *names: (take(*names), kill())
    main()
""")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_key_that_a_killed_key_new_left_is_named_and_kept(
    moment, cli, state, environment, passphrase_file
):
    done = subprocess.run(
        [sys.executable, "-c", KILLED, moment, "key", "new", "--name", "cold",
         "--passphrase-file", str(passphrase_file), "--state-dir", str(state)],
        env=environment, check=False, capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr
    (left,) = (state / "keys").glob(".coldlever-*.tmp")
    listed = cli("key", "list")
    if moment == "before":
        assert "left a keystore with the key of 0x" in listed.stderr
        assert str(left) in listed.stderr
        assert left.exists()
        left.rename(state / "keys" / "found.json")
    else:
        assert "left a keystore" not in listed.stderr
        assert not left.exists()
    assert len(cli.json("key", "list")["keys"]) == 1


def test_sign_removes_what_a_killed_sign_left(sign, request_file, make_request, state, tmp_path):
    (tmp_path / "out").mkdir()
    state.mkdir(parents=True)
    for folder in (state, tmp_path / "out"):
        (folder / NAME).write_bytes(b"half")
    result = sign(request_file(make_request()), "--out", tmp_path / "out" / "signed.json")
    assert result.exit_code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["signed.json"]
    assert not (state / NAME).exists()


def test_sign_removes_what_a_killed_sign_left_beside_the_keystore_and_the_picture(
    sign, keystore, request_file, make_request, tmp_path
):
    (tmp_path / "pictures").mkdir()
    for folder in (keystore.parent, tmp_path / "pictures"):
        (folder / NAME).write_bytes(b"half")
    result = sign(request_file(make_request()), "--qr-out", tmp_path / "pictures" / "signed.svg")
    assert result.exit_code == 0, result.output
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["signed.svg"]
    assert not (keystore.parent / NAME).exists()


STOPPED = textwrap.dedent("""
    import os, signal, sys
    from coldlever.shared import files
    from coldlever.shared.cli import console
    from coldlever.signer.__main__ import main

    number = int(sys.argv.pop(1))
    take, discard, write = files._take_name, files._discard, console.write_exclusive

    def stop(step):
        def stopped(*names):
            os.kill(os.getpid(), number)
            return step(*names)
        return stopped

    def write_exclusive(*arguments, **options):
        files._take_name = stop(take)
        if number != signal.SIGINT:
            files._discard = stop(discard)  # once more, while it cleans up
        write(*arguments, **options)

    console.write_exclusive = write_exclusive
    main()
""")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_sign_that_is_asked_to_stop_leaves_nothing_half_written(  # noqa: PLR0917 - fixtures
    number, machine, sign, keystore, request_file, make_request, environment, passphrase_file, *, tmp_path
):  # fmt: skip
    folder, state = tmp_path / "out", tmp_path / "state"
    folder.mkdir()
    request = request_file(make_request())
    done = subprocess.run(
        [sys.executable, "-c", STOPPED, str(int(number)), "sign", str(request),
         "--keystore", str(keystore), "--passphrase-file", str(passphrase_file), "--yes",
         "--assume-time", str(machine.clock()), "--out", str(folder / "signed.json"),
         "--state-dir", str(state)],
        env=environment, check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
    assert list(folder.iterdir()) == []
    assert not list(state.rglob("*.tmp"))
    result = sign(request, "--out", folder / "signed.json", "--state-dir", state)
    assert result.exit_code == 0
    assert "recorded as spent" in done.stderr
    assert "had been signed before" in result.stderr
