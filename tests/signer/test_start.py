"""The start of the signer: which switches, which variables, and what stays as it was."""

import json
import os
import signal
import site
import subprocess
import sys
from types import SimpleNamespace

import pytest

from coldlever.signer import start
from coldlever.signer.start import (
    NotRestarted,
    drop_choices,
    is_in_user_site,
    is_quick,
    missing_switches,
)

ALL_SET = SimpleNamespace(safe_path=True, ignore_environment=1, no_user_site=1)


@pytest.fixture
def run_plain(environment, tmp_path):
    """Runs `python -m coldlever.signer` as it is installed, in a folder that may be hostile."""

    def run(*arguments, switches=(), extra=None, **more):
        plain = {name: value for name, value in environment.items() if name != "PYTHONPATH"}
        return subprocess.run(
            [sys.executable, *switches, "-m", "coldlever.signer", *map(str, arguments)],
            env=plain | (extra or {}), cwd=tmp_path, capture_output=True, timeout=60, check=False,
            **more,
        )  # fmt: skip

    return run


@pytest.fixture
def request_path(request_file, make_request):
    return request_file(make_request())


@pytest.fixture
def restarts(monkeypatch):
    """What would be executed, with this interpreter as if it had been started without switches."""
    made = []
    monkeypatch.setattr(start.os, "execve", lambda *call: made.append(call))
    monkeypatch.setattr(start, "missing_switches", lambda *_, **__: ["-P", "-E", "-s"])
    monkeypatch.setattr(sys, "argv", ["coldlever-signer", "inspect", "a.json"])
    monkeypatch.setattr(
        sys, "orig_argv", ["python", "-X", "dev", "/bin/coldlever-signer", "inspect", "a.json"]
    )
    return made


def test_missing_switches_are_those_that_were_not_given():
    assert missing_switches(ALL_SET, in_user_site=False) == []
    bare = SimpleNamespace(safe_path=False, ignore_environment=0, no_user_site=0)
    assert missing_switches(bare, in_user_site=False) == ["-P", "-E", "-s"]
    assert missing_switches(bare, in_user_site=True) == ["-P", "-E"]


def test_it_starts_anew_with_everything_else_as_it_was(restarts):
    start.begin()
    [(program, words, environment)] = restarts
    assert program == sys.executable
    assert words == [
        sys.executable, "-P", "-E", "-s", "-X", "dev", "/bin/coldlever-signer", "inspect", "a.json",
    ]  # fmt: skip
    assert environment == {**os.environ, "COLDLEVER_SIGNER_RESTARTED": str(os.getpid())}


def test_it_does_not_start_a_third_time(restarts, monkeypatch):
    monkeypatch.setenv("COLDLEVER_SIGNER_RESTARTED", str(os.getpid()))
    with pytest.raises(NotRestarted, match="ignores -P -E -s"):
        start.begin()
    assert restarts == []


def test_another_processs_mark_does_not_count(restarts, monkeypatch):
    monkeypatch.setenv("COLDLEVER_SIGNER_RESTARTED", "1")
    start.begin()
    assert len(restarts) == 1


def test_with_the_switches_set_it_does_not_start_again(restarts, monkeypatch):
    monkeypatch.setattr(start, "missing_switches", lambda *_, **__: [])
    start.begin()
    assert restarts == []


@pytest.mark.parametrize(
    "arguments",
    [[], ["--help"], ["sign", "-h"], ["--version"], ["-V"], ["completion", "bash"]],
)
def test_help_version_and_completion_go_without(restarts, monkeypatch, arguments):
    monkeypatch.setattr(sys, "argv", ["coldlever-signer", *arguments])
    start.begin()
    assert restarts == []


def test_the_shell_that_completes_does_not_wait():
    assert is_quick(["inspect"], {"_COLDLEVER_SIGNER_COMPLETE": "bash_complete"})


@pytest.mark.parametrize("arguments", [["inspect", "--", "--help"], ["inspect", "completion"]])
def test_a_file_of_that_name_is_no_question_for_help(arguments):
    assert not is_quick(arguments, {})


def test_variables_that_choose_modules_are_dropped():
    environment = {"ECC_BACKEND_CLASS": "a", "ETH_HASH_BACKEND": "b", "HOME": "/h"}
    assert drop_choices(environment) == ["ECC_BACKEND_CLASS", "ETH_HASH_BACKEND"]
    assert environment == {"HOME": "/h"}


def test_they_are_named_once_and_the_work_goes_on(run_plain, request_file, make_request):
    done = run_plain(
        "inspect", request_file(make_request()), "--json",
        extra={"ECC_BACKEND_CLASS": "evil.Backend", "ETH_HASH_BACKEND": "evil"},
    )  # fmt: skip
    assert done.returncode == 0
    assert json.loads(done.stdout)["nonce"]
    [line] = [one for one in done.stderr.decode().splitlines() if "BACKEND" in one]
    assert line == (
        "warning: not used, because it would choose other code: ECC_BACKEND_CLASS, ETH_HASH_BACKEND"
    )


def test_that_nobody_listens_is_no_failure(run_plain):
    done = run_plain(
        "inspect",
        "missing.json",
        extra={"ETH_HASH_BACKEND": "evil"},
        preexec_fn=lambda: os.close(2),
    )
    assert done.returncode == 3


@pytest.mark.parametrize("switches", [[], ["-P"]])
def test_modules_beside_the_documents_and_in_variables_are_not_loaded(
    run_plain, request_file, make_request, tmp_path, switches
):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    trap = f"open({str(tmp_path / 'trapped')!r}, 'w').close()\nraise SystemExit(99)\n"
    for folder in (tmp_path, elsewhere):
        for name in ("click", "json", "coincurve", "msgpack", "sqlite3"):
            (folder / f"{name}.py").write_text(trap)
    done = run_plain(
        "inspect", request_file(make_request()), switches=switches,
        extra={"PYTHONPATH": str(elsewhere)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert not (tmp_path / "trapped").exists()


def test_descriptors_and_stdin_survive(run_plain, keystore, passphrase_file, machine, request_path):
    with passphrase_file.open("rb") as phrase, request_path.open("rb") as document:
        done = run_plain(
            "sign", "-", "--keystore", keystore, "--passphrase-file", f"fd:{phrase.fileno()}",
            "--yes", "--state-dir", "state", "--assume-time", machine.clock(),
            pass_fds=[phrase.fileno()], stdin=document,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["kind"] == "coldlever/signed"


def test_the_exit_status_is_the_commands_own(run_plain):
    assert run_plain("inspect", "missing.json").returncode == 3
    assert run_plain("inspect", "--nonsense").returncode == 2


def test_an_interruption_reaches_it(environment, tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "coldlever.signer", "inspect", "--scan", "-"],
        env=environment, cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        process.stdin.write(b"a line that is no code\n")
        process.stdin.flush()
        # It has read the line, so it is long past its second start.
        assert process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130


def test_an_interpreter_that_cannot_be_started_is_refused_in_json_too(
    environment, tmp_path, signer_words
):
    head = (
        "from coldlever.signer import start\n"
        "sys.executable = '/nowhere/python'\n"
        "start.missing_switches = lambda *_, **__: ['-P']"
    )
    done = subprocess.run(
        [*signer_words(head), "inspect", "a.json", "--json"],
        env=environment, cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 8
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "not-restarted"
    assert "/nowhere/python" in error["message"]


def test_an_installation_among_the_users_packages_is_recognised(monkeypatch, tmp_path):
    monkeypatch.setattr(site, "ENABLE_USER_SITE", True)
    monkeypatch.setattr(site, "USER_SITE", str(tmp_path))
    assert is_in_user_site() is False
    (tmp_path / "coldlever_signer-0.1.0.dist-info").mkdir()
    assert is_in_user_site() is True
    monkeypatch.setattr(site, "USER_SITE", str(tmp_path / "missing"))
    assert is_in_user_site() is False
    monkeypatch.setattr(site, "ENABLE_USER_SITE", False)
    assert is_in_user_site() is False


def test_nothing_is_imported_before_the_last_start():
    """The first interpreter loads what it has anyway, and this program's two first modules."""
    script = (
        "import sys; before = set(sys.modules)\n"
        "import coldlever.signer.__main__\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) <= {
        "__future__", "coldlever", "coldlever.signer", "coldlever.signer.__main__",
        "coldlever.signer.start",
    }  # fmt: skip
