import shutil
import subprocess
import sys

import click
import pytest

from coldlever.signer import __version__
from coldlever.signer.cli import _COMMANDS, commands
from coldlever.signer.cli.machine import Machine
from coldlever.signer.key.kdf import DEFAULT_SCRYPT_N


def every_command(group, path=()):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))


ALL = dict(every_command(commands))
LEAVES = {path: one for path, one in ALL.items() if not isinstance(one, click.Group)}


def test_the_commands_are_those_of_the_design():
    assert {" ".join(path) for path in LEAVES} >= {
        "key new", "key import", "key list", "key show", "inspect", "sign", "verify",
        "ledger show", "ledger export", "ledger import", "completion",
    }  # fmt: skip


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_takes_json_and_explains_each_option(path):
    options = [one for one in LEAVES[path].params if isinstance(one, click.Option)]
    assert "as_json" in [option.name for option in options]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_a_help_text(cli, path):
    result = cli(*path, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: coldlever-signer {' '.join(path)}")
    assert result.stdout == cli(*path, "-h").stdout


@pytest.mark.parametrize("name", _COMMANDS)
def test_the_overview_says_what_the_command_says_of_itself(name):
    assert ALL[(name,)].help.splitlines()[0] == _COMMANDS[name].summary


@pytest.mark.parametrize("name", list(_COMMANDS))
def test_each_top_command_shows_examples(cli, name):
    assert "Examples:" in cli(name, "--help").stdout


def test_help_and_version(cli):
    overview = cli("--help").stdout
    for lazy in _COMMANDS.values():
        assert lazy.summary in overview
    assert "A first ceremony" in overview
    assert cli("--version").stdout == f"coldlever-signer, version {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [[], ["no-such-command"], ["sign", "--no-such-option"], ["key", "burn"], ["key", "show", "a", "b"],
     ["inspect", "f", "--network", "devnet"], ["completion", "tcsh"]],
)  # fmt: skip
def test_wrong_usage_is_exit_status_two(cli, arguments):
    assert cli(*arguments).exit_code == 2
    if arguments:
        assert cli.refusal(*arguments, status=2) == "usage"


def test_errors_inside_nested_groups_reach_the_one_funnel(cli):
    result = cli("key", "show", "absent.json")
    assert result.exit_code == 3
    assert result.stderr.startswith("error [file-unreadable]: absent.json: ")
    assert cli.refusal("ledger", "import", "absent.json", status=3) == "file-unreadable"


def test_the_clock_of_the_machine_is_in_milliseconds():
    assert 1_600_000_000_000 < Machine().clock() < 10_000_000_000_000


def test_new_keystores_get_the_full_work_factor():
    assert Machine().work_factor == DEFAULT_SCRYPT_N == 1 << 18


@pytest.mark.unmeasured
def test_help_and_inspect_do_not_load_what_they_do_not_need(
    run_process, request_file, make_request
):
    for arguments in (["--help"], ["inspect", request_file(make_request())]):
        done = run_process(*arguments, switches=["-X", "importtime"])
        assert done.returncode == 0
        loaded = {line.rpartition(b"|")[2].strip() for line in done.stderr.splitlines()}
        assert not loaded & {b"eth_account", b"sqlite3", b"requests"}
        # ctypes is the cage's.
        assert (b"ctypes" in loaded) == (b"coincurve" in loaded) == (arguments != ["--help"])


MEASURING = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, capture_output=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_memory_stays_below_sixty_megabytes_without_an_unlock(
    environment, request_file, make_request, signer_words
):
    path = request_file(*(make_request(nonce=nonce) for nonce in range(1_000)))
    # A small process starts the signer: a child's peak begins at the size of its parent.
    done = subprocess.run(
        [sys.executable, "-c", MEASURING, *signer_words(), "inspect", str(path)],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(done.stdout) < 60 * 1024


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_names_the_program(cli, shell):
    script = cli("completion", shell).stdout
    assert "coldlever-signer" in script
    assert cli.json("completion", shell) == {"shell": shell, "script": script.removesuffix("\n")}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_is_printed_without_starting_a_program(run_process, shell):
    done = run_process("completion", shell)
    assert done.returncode == 0, done.stderr
    assert b"_COLDLEVER_SIGNER_COMPLETE" in done.stdout
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("words", "expected"),
    [("coldlever-signer ", "inspect"), ("coldlever-signer key ", "import"),
     ("coldlever-signer sign --pass", "--passphrase-file")],
)  # fmt: skip
def test_the_shell_gets_its_completions(run_process, words, expected):
    extra = {
        "_COLDLEVER_SIGNER_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    done = run_process(extra=extra)
    assert f"plain,{expected}" in done.stdout.decode().splitlines()


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash not present")
def test_bash_takes_the_script(run_process, tmp_path):
    script = tmp_path / "completion.bash"
    script.write_bytes(run_process("completion", "bash").stdout)
    done = subprocess.run(
        ["bash", "-c", f"source {script} && complete -p coldlever-signer"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "_coldlever_signer_completion" in done.stdout


def test_a_closed_pipe_is_no_traceback(
    environment, request_file, make_request, tmp_path, signer_words
):
    path = request_file(*(make_request(nonce=nonce) for nonce in range(900)))
    with subprocess.Popen(
        [*signer_words(), "inspect", str(path), "--json"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path,
    ) as process:  # fmt: skip
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 8
