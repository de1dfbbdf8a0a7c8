"""Secrets that others can read, state that others can change: refused, with the chmod to run."""

import os
import shlex
import subprocess

import pytest

from coldlever.shared.errors import RuleRefused
from coldlever.signer.permissions import Permissions, filesystem_of

ROOT_MOUNT = "36 35 98:0 / / rw,noatime master:1 - ext4 /dev/root rw,errors=continue\n"


@pytest.fixture
def said():
    return []


@pytest.fixture
def strict(said):
    return Permissions(accepted=False, caution=said.append)


def written(path, mode, text="a lantern over 7 quiet harbours\n"):
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700, 0o611])
def test_a_file_that_nobody_else_reads_is_taken(strict, said, tmp_path, mode):
    strict.require_private(written(tmp_path / "phrase", mode), "file")
    assert said == []


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o602, 0o666])
def test_a_file_that_others_read_or_change_is_refused_and_the_chmod_mends_it(
    strict, tmp_path, mode
):
    path = written(tmp_path / "a phrase; $HOME", mode)
    with pytest.raises(RuleRefused) as refusal:
        strict.require_private(path, "passphrase file")
    assert (refusal.value.code, refusal.value.exit_status) == ("too-open", 4)
    assert f"mode {mode:o}" in refusal.value.message
    subprocess.run(["sh", "-c", refusal.value.remedy], check=True)
    strict.require_private(path, "passphrase file")
    assert path.stat().st_mode & 0o700 == mode & 0o700


def test_a_name_that_begins_with_a_dash_is_no_option_of_chmod(strict, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "-R", 0o644)
    with pytest.raises(RuleRefused) as refusal:
        strict.require_private(type(tmp_path)("-R"), "file")
    assert shlex.split(refusal.value.remedy) == ["chmod", "go-rw", "./-R"]


def test_pipes_descriptors_and_what_is_not_there_are_left_alone(strict, said, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "pipe").chmod(0o666)
    for name in ("pipe", "missing", "."):
        strict.require_private(tmp_path / name, "file")
    strict.require_own_folder(tmp_path / "missing")
    assert said == []


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o1777])
def test_a_folder_that_others_change_is_refused_and_the_chmod_mends_it(strict, tmp_path, mode):
    folder = tmp_path / "state"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(RuleRefused) as refusal:
        strict.require_own_folder(folder)
    assert refusal.value.code == "too-open"
    subprocess.run(["sh", "-c", refusal.value.remedy], check=True)
    strict.require_own_folder(folder)


def test_a_folder_that_others_read_is_taken(strict, said, tmp_path):
    tmp_path.chmod(0o755)
    strict.require_own_folder(tmp_path)
    assert said == []


def test_a_link_is_refused_and_the_real_folder_named(strict, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "ledger").symlink_to(tmp_path / "real" / "ledger")
    with pytest.raises(RuleRefused) as refusal:
        strict.require_no_link(tmp_path / "ledger")
    assert refusal.value.code == "too-open"
    assert refusal.value.remedy.endswith(f"--state-dir {tmp_path / 'real'}")


def test_an_accepted_risk_is_still_told(said, tmp_path):
    lenient = Permissions(accepted=True, caution=said.append)
    lenient.require_private(written(tmp_path / "phrase", 0o644), "passphrase file")
    assert len(said) == 1
    assert "mode 644" in said[0]


@pytest.mark.parametrize("kind", ["vfat", "exfat", "msdos", "ntfs3", "fuseblk"])
def test_on_a_stick_without_permissions_there_is_a_caution_and_advice(said, tmp_path, kind):
    strict = Permissions(accepted=False, caution=said.append, filesystem=lambda _device: kind)
    strict.require_private(written(tmp_path / "phrase", 0o755), "file")
    assert len(said) == 1
    assert f"({kind})" in said[0]
    assert "copy it" in said[0]


def test_the_file_system_is_found_in_the_list_of_mounts(tmp_path):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(ROOT_MOUNT + "40 36 8:17 / /media/a\\040stick rw - vfat /dev/sdb1 rw\n")
    assert filesystem_of(os.makedev(8, 17), mounts) == "vfat"
    assert filesystem_of(os.makedev(98, 0), mounts) == "ext4"
    assert filesystem_of(os.makedev(8, 1), mounts) is None
    assert filesystem_of(os.makedev(8, 17), tmp_path / "missing") is None


@pytest.fixture
def signing(request_file, make_request, keystore, passphrase_file):
    path = request_file(make_request())
    return [
        "sign", path, "--keystore", keystore, "--passphrase-file", passphrase_file, "--yes",
    ]  # fmt: skip


def test_sign_refuses_before_anything_is_recorded(cli, signing, keystore, passphrase_file, state):
    for path in (keystore, passphrase_file):
        path.chmod(0o644)
        assert cli.refusal(*signing, status=4) == "too-open"
        path.chmod(0o600)
    assert not state.exists()
    assert cli(*signing).exit_code == 0


def test_sign_goes_on_where_the_risk_is_accepted(cli, signing, keystore):
    keystore.chmod(0o644)
    done = cli(*signing, "--accept-risk", "too-open")
    assert done.exit_code == 0
    assert "keystore can be read or changed by other users" in done.stderr
    assert cli(*signing, "--accept-risk", "everything").exit_code == 2


@pytest.mark.parametrize(
    "words",
    [["key", "list"], ["key", "new", "--name", "a"], ["ledger", "show"], ["ledger", "export"]],
)
@pytest.mark.parametrize("part", ["", "keys"])
def test_a_state_folder_that_others_change_is_refused(cli, state, words, part):
    (state / "keys").mkdir(parents=True)
    (state / part).chmod(0o777)
    assert cli.refusal(*words, status=4) == "too-open"


def test_a_ledger_that_is_a_link_is_refused(cli, signing, state, tmp_path):
    state.mkdir(parents=True)
    (state / "ledger.sqlite3").symlink_to(tmp_path / "elsewhere.sqlite3")
    assert cli.refusal(*signing, status=4) == "too-open"
    assert not (tmp_path / "elsewhere.sqlite3").exists()


def test_secrets_to_import_are_looked_at_too(cli, tmp_path):
    secret = written(tmp_path / "secret", 0o644, "11" * 32)
    words = ("key", "import", "--private-key-file", secret)
    assert cli.refusal(*words, status=4) == "too-open"
