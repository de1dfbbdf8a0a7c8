"""Reading with a bound, and writing all or nothing."""

import errno
import os
import resource
import signal
import stat
import tempfile
import warnings
from pathlib import Path

import pytest

from coldlever.shared.errors import EnvironmentFault
from coldlever.shared.files import read_bounded, require_writable, write_exclusive

WITHOUT_LINKS = [errno.EPERM, errno.ENOTSUP, errno.ENOSYS]


def failing(number):
    def fail(*arguments, **options):
        raise OSError(number, os.strerror(number))

    return fail


@pytest.fixture(params=["with links", "without links"])
def path(request, tmp_path, monkeypatch):
    """A free name, on a file system with and without hard links."""
    if request.param == "without links":
        monkeypatch.setattr(os, "link", failing(errno.EPERM))
    return tmp_path / "out.json"


def names(folder):
    return [path.name for path in folder.iterdir()]


def in_a_child(call, *, is_root=True):
    """Run ``call`` in a process of its own, without root's rights on demand.

    Returns:
        The code of its refusal.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # 3.12: of forks beside threads
        child = os.fork()
    if child == 0:
        code = "no refusal"
        try:
            if not is_root and os.getuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            call()
        except EnvironmentFault as error:
            code = error.code
        finally:
            os.write(writing, code.encode())
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        return stream.read().decode()


def test_a_file_is_read_up_to_its_bound(tmp_path, refusal):
    path = tmp_path / "in.json"
    path.write_bytes(b"12345")
    assert read_bounded(path, 5) == b"12345"
    error = refusal(read_bounded, path, 4)
    assert error.code == "file-too-large"
    assert "larger than 4 bytes" in error.message


@pytest.mark.parametrize("name", ["missing\x1b", ".", "missing/below"])
def test_an_unreadable_file_is_refused_by_its_escaped_name(name, tmp_path, refusal):
    error = refusal(read_bounded, tmp_path / name, 5)
    assert (error.code, error.exit_status) == ("file-unreadable", 3)
    assert "\x1b" not in error.message


def test_an_endless_file_is_not_read_to_its_end(refusal):
    assert refusal(read_bounded, Path("/dev/zero"), 1_000).code == "file-too-large"


def test_a_new_file_is_complete_and_for_its_owner_alone(path):
    write_exclusive(path, b"content")
    assert path.read_bytes() == b"content"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(path.parent) == [path.name]
    assert path.stat().st_nlink == 1


def test_an_existing_file_stays_as_it_is(path, refusal):
    path.write_bytes(b"old")
    error = refusal(write_exclusive, path, b"new")
    assert (error.code, error.exit_status) == ("output-exists", 2)
    assert "--force" in error.remedy
    assert path.read_bytes() == b"old"
    assert names(path.parent) == [path.name]


def test_a_link_that_leads_nowhere_is_an_existing_file(path, refusal):
    path.symlink_to(path.parent / "elsewhere")
    assert refusal(write_exclusive, path, b"new").code == "output-exists"
    assert refusal(require_writable, path, force=False).code == "output-exists"
    assert not (path.parent / "elsewhere").exists()


def test_force_replaces_the_file_and_its_mode(path):
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_exclusive(path, b"new", force=True)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(path.parent) == [path.name]


def test_force_replaces_a_link_and_not_what_it_leads_to(path):
    target = path.parent / "target"
    target.write_bytes(b"precious")
    path.symlink_to(target)
    write_exclusive(path, b"new", force=True)
    assert target.read_bytes() == b"precious"
    assert not path.is_symlink()


def test_the_longest_name_of_the_file_system_can_be_written(tmp_path):
    path = tmp_path / ("n" * 255)
    write_exclusive(path, b"content")
    assert path.read_bytes() == b"content"


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_full_disk_leaves_nothing_behind(number, force, path, monkeypatch, refusal):
    monkeypatch.setattr(os, "fsync", failing(number))
    error = refusal(write_exclusive, path, b"content", force=force)
    assert (error.code, error.exit_status) == ("write-failed", 8)
    assert os.strerror(number) in error.message
    assert names(path.parent) == []


def test_a_failed_replacement_keeps_the_old_file(path, monkeypatch, refusal):
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))
    assert refusal(write_exclusive, path, b"new", force=True).code == "write-failed"
    assert path.read_bytes() == b"old"
    assert names(path.parent) == [path.name]


def fsync_of_folders(number):
    original = os.fsync

    def fsync(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            failing(number)()
        original(descriptor)

    return fsync


def test_a_folder_that_cannot_be_synced_takes_the_new_file_with_it(path, monkeypatch, refusal):
    monkeypatch.setattr(os, "fsync", fsync_of_folders(errno.EIO))
    assert refusal(write_exclusive, path, b"content").code == "write-failed"
    assert names(path.parent) == []


def test_a_folder_that_cannot_be_synced_keeps_a_replacement(path, monkeypatch, refusal):
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", fsync_of_folders(errno.EIO))
    assert refusal(write_exclusive, path, b"new", force=True).code == "write-failed"
    assert path.read_bytes() == b"new"


def test_a_file_system_without_fsync_of_folders_is_good_enough(path, monkeypatch):
    monkeypatch.setattr(os, "fsync", fsync_of_folders(errno.EINVAL))
    write_exclusive(path, b"content")
    assert path.read_bytes() == b"content"


@pytest.mark.parametrize("number", WITHOUT_LINKS)
def test_every_way_to_say_no_links_is_understood(number, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", failing(number))
    write_exclusive(tmp_path / "out", b"content")
    assert (tmp_path / "out").read_bytes() == b"content"


def test_another_failure_to_link_is_a_failure(tmp_path, monkeypatch, refusal):
    monkeypatch.setattr(os, "link", failing(errno.EIO))
    assert refusal(write_exclusive, tmp_path / "out", b"content").code == "write-failed"
    assert names(tmp_path) == []


@pytest.mark.parametrize("stop", [OSError(errno.EIO, "I/O error"), KeyboardInterrupt()])
def test_without_links_a_failed_rename_gives_the_name_back(stop, tmp_path, monkeypatch):
    def stopped(*arguments):
        raise stop

    monkeypatch.setattr(os, "link", failing(errno.EPERM))
    monkeypatch.setattr(Path, "replace", stopped)
    with pytest.raises((EnvironmentFault, KeyboardInterrupt)):
        write_exclusive(tmp_path / "out", b"content")
    assert names(tmp_path) == []


def test_an_interrupt_while_writing_leaves_nothing_behind(path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        write_exclusive(path, b"content")
    assert names(path.parent) == []


def test_a_file_larger_than_the_system_allows_leaves_nothing_behind(path):
    def write():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        write_exclusive(path, b"x" * 5_000)

    assert in_a_child(write) == "write-failed"
    assert names(path.parent) == []


def test_a_missing_folder_is_found_before_the_work_is_done(tmp_path, refusal):
    for path in (tmp_path / "missing" / "out", tmp_path / "file" / "out"):
        (tmp_path / "file").touch()
        error = refusal(require_writable, path, force=False)
        assert (error.code, error.exit_status) == ("output-folder", 8)
        assert refusal(write_exclusive, path, b"content").code == "write-failed"


def test_a_folder_in_the_place_of_the_file_is_wrong_usage(tmp_path, refusal):
    assert refusal(require_writable, tmp_path, force=True).code == "output-is-folder"
    assert refusal(require_writable, tmp_path, force=False).code == "output-exists"
    assert refusal(write_exclusive, tmp_path, b"content", force=True).code == "write-failed"


@pytest.fixture
def open_folder():
    """A folder that everybody may enter, unlike `tmp_path`."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("mode", [0o555, 0o000, 0o666])
def test_a_folder_that_forbids_writing_is_found_by_both(mode, open_folder):
    folder = open_folder / "closed"
    folder.mkdir()
    folder.chmod(mode)
    try:
        out = folder / "out"
        for call, code in (
            (lambda: require_writable(out, force=False), "output-folder"),
            (lambda: write_exclusive(out, b"content"), "write-failed"),
        ):
            assert in_a_child(call, is_root=False) == code
    finally:
        folder.chmod(0o755)
    assert names(folder) == []


def test_a_writable_place_passes_and_is_left_as_it_was(tmp_path):
    require_writable(tmp_path / "out", force=False)
    assert names(tmp_path) == []
    (tmp_path / "out").write_bytes(b"content")
    require_writable(tmp_path / "out", force=True)
    assert (tmp_path / "out").read_bytes() == b"content"
