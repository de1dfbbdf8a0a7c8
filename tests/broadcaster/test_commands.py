"""What all commands share: help, JSON on failures, completion; and `rehearse`."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys

import click
import pytest
import requests
from click.testing import CliRunner

from coldlever.broadcaster import __version__
from coldlever.broadcaster.cli import _COMMANDS, cli
from coldlever.broadcaster.cli.request_log import RequestLog
from coldlever.broadcaster.rehearsal import RehearsalServer
from coldlever.broadcaster.venue.client import Answer, ExchangeApi, NoAnswer


def run(*arguments: str):
    return CliRunner().invoke(cli, list(arguments))


@pytest.mark.parametrize("name", list(_COMMANDS))
def test_every_command_explains_itself(name):
    shown = run(name, "--help")
    assert shown.exit_code == 0
    assert "Usage:" in shown.stdout
    command = cli.get_command(click.Context(cli), name)
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help or name == "history", option.name


@pytest.mark.parametrize("name", list(_COMMANDS))
def test_the_summary_shown_without_importing_is_the_commands_own(name):
    command = cli.get_command(click.Context(cli), name)
    assert command.short_help == _COMMANDS[name].summary
    assert command.name == name


@pytest.mark.parametrize("name", [name for name in _COMMANDS if name != "completion"])
def test_every_command_takes_json(name):
    command = cli.get_command(click.Context(cli), name)
    if isinstance(command, click.Group):
        commands = [command.get_command(click.Context(command), one) for one in command.commands]
    else:
        commands = [command]
    for each in commands:
        assert "as_json" in [parameter.name for parameter in each.params]


def test_the_group_lists_all_commands_and_the_exit_statuses():
    shown = run("--help").stdout
    for name in _COMMANDS:
        assert name in shown
    assert "Exit status" in shown
    assert __version__ in run("--version").stdout


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("post", "--json"), 2),
        (("post", "/nonexistent", "--json"), 3),
        (("check", "--nonsense", "--json"), 2),
        (("nonsense", "--json"), 2),
        (("draft", "--json"), 2),
        (("post", "x", "--api-url", "http://example.com", "--json"), 3),
        (("market", "--api-url", "http://example.com", "--json"), 2),
        (("market", "--api-url", "http://127.0.0.1:9", "--json"), 8),
        (("resolve", "--close", "--json"), 2),
        (("rehearse", "--port", "70000", "--json"), 2),
        (("rehearse", "--position", "0x" + "11" * 20, "BTC", "1", "--json"), 3),
        (("check", "x", "--signer", "0x1", "--json"), 3),
    ],
)
def test_a_failure_is_one_json_document_on_stdout(tmp_path, monkeypatch, arguments, status):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    shown = run(*arguments)
    assert shown.exit_code == status
    error = json.loads(shown.stdout)["error"]
    assert error["exitStatus"] == status
    assert error["code"]
    assert error["message"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_program(shell):
    shown = run("completion", shell)
    assert shown.exit_code == 0
    assert "_COLDLEVER_BROADCASTER_COMPLETE" in shown.stdout


def test_completion_knows_shells_alone():
    assert run("completion", "csh").exit_code == 2


@pytest.mark.slow
def test_completion_offers_commands(tmp_path):
    shown = subprocess.run(
        [sys.executable, "-m", "coldlever.broadcaster"],
        env={
            **os.environ,
            "_COLDLEVER_BROADCASTER_COMPLETE": "bash_complete",
            "COMP_WORDS": "coldlever-broadcaster re",
            "COMP_CWORD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert "plain,resolve" in shown.stdout
    assert "plain,rehearse" in shown.stdout


@pytest.mark.slow
@pytest.mark.parametrize("as_json", [True, False])
def test_rehearse_serves_until_it_is_interrupted(key_of, as_json):
    user, agent, sub, vault = (key_of(n).address.lower for n in (1, 2, 3, 4))
    arguments = ["rehearse", "--port", "0", "--account", user, "--agent", user, agent]
    arguments += ["--vault", user, vault, "--sub-account", user, sub]
    arguments += ["--position", user, "BTC", "-0.01", "--fault", "502", "1"]
    arguments += ["--json"] if as_json else []
    with subprocess.Popen(
        [sys.executable, "-m", "coldlever.broadcaster", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            if as_json:
                url = json.loads("".join(process.stdout.readline() for _ in range(4)))["url"]
            else:
                url = process.stdout.readline().strip()
            with requests.Session() as session:
                for who, role in ((user, "user"), (agent, "agent"), (vault, "vault")):
                    asked = {"type": "userRole", "user": who}
                    answer = session.post(url + "/info", json=asked, timeout=5)
                    assert answer.json()["role"] == role
                    assert answer.headers["X-Coldlever-Rehearsal"] == "testnet"
                assert session.post(url + "/exchange", json={}, timeout=5).status_code == 502
        finally:
            process.send_signal(signal.SIGINT)
            stderr = process.communicate(timeout=10)[1]
    assert process.returncode == 0
    assert "Traceback" not in stderr


@pytest.mark.slow
def test_rehearse_is_quiet_and_outlives_its_terminal(tmp_path):
    """Its stderr is closed, a closing terminal signals it, its stdout is read no more."""
    log = tmp_path / "requests.log"
    command = [sys.executable, "-m", "coldlever.broadcaster", "rehearse", "--port", "0"]
    with subprocess.Popen(
        ["/bin/sh", "-c", 'exec "$@" 2>&-', "sh", *command, "--log", str(log)],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            url = process.stdout.readline().strip()
            process.stdout.close()
            status = {"type": "exchangeStatus"}
            assert requests.post(url + "/info", json=status, timeout=5).status_code == 200
            process.send_signal(signal.SIGHUP)
            assert requests.post(url + "/info", json={}, timeout=5).status_code == 422
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=10)
    assert process.returncode == 0
    lines = [line.split(" UTC ")[1] for line in log.read_text().splitlines()]
    assert lines == ["POST /info 200 OK", "POST /info 422 UNPROCESSABLE ENTITY"]
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_log_that_cannot_be_written_any_more_ends_and_harms_nobody(tmp_path):
    log = RequestLog(tmp_path / "log", lambda: 0)
    log.write("one")
    os.close(log._descriptor)
    log.write("two")
    log.write("three")
    assert (tmp_path / "log").read_text() == "1970-01-01 00:00:00.000 UTC one\n"


def test_rehearse_refuses_a_log_that_cannot_be_written(tmp_path):
    shown = run("rehearse", "--port", "0", "--log", str(tmp_path / "gone" / "log"), "--json")
    assert json.loads(shown.stdout)["error"]["code"] == "log-unwritable"


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("--latency", "-1s", "bad-duration"),
        ("--latency", "2h", "bad-duration"),
        ("--latency", "300", "bad-duration"),
        ("--clock-shift", "soon", "bad-duration"),
        ("--clock-shift", "900d", "rehearsal-clock"),
    ],
)
def test_rehearse_refuses_times_it_cannot_play(option, value, code):
    shown = run("rehearse", "--port", "0", option, value, "--json")
    assert json.loads(shown.stdout)["error"]["code"] == code


def test_rehearse_takes_latency_clock_and_rate_limit_from_its_options(monkeypatch):
    served = []

    def note(_exchange, _port, **options):
        served.append((_exchange.now() - _exchange.machine_now(), options))
        raise OSError(errno.EADDRINUSE, "taken")

    monkeypatch.setattr("coldlever.broadcaster.cli.rehearse.RehearsalServer", note)
    run("rehearse", "--latency", "300ms", "--clock-shift", "-90s", "--no-rate-limit")
    run("rehearse", "--latency", "2s", "--clock-shift", "+90s")
    (first, options), (second, other) = served
    assert abs(first + 90_000) < 1_000
    assert abs(second - 90_000) < 1_000
    assert (options["latency_s"], options["weight_limit"], options["log"]) == (0.3, None, None)
    assert (other["latency_s"], other["weight_limit"]) == (2.0, 1200)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_rehearse_arranges_the_scene_it_is_told(key_of, monkeypatch, options):
    scenes = []
    monkeypatch.setattr(RehearsalServer, "serve_forever", lambda one: scenes.append(one.exchange))
    user, agent, sub, vault = (key_of(n).address for n in (1, 2, 3, 4))
    shown = run(
        *("rehearse", "--port", "0", "--network", "mainnet", "--account", user.lower),
        *("--agent", user.lower, agent.lower, "--vault", user.lower, vault.lower),
        *("--sub-account", user.lower, sub.lower, "--position", user.lower, "BTC", "-0.01"),
        *("--fault", "429", "2", *options),
    )
    assert shown.exit_code == 0, shown.stderr
    (scene,) = scenes
    assert str(scene.position(user, "BTC").szi) == "-0.01"
    assert scene.setting(vault, "BTC") == scene.setting(sub, "BTC")
    assert scene.faults.take("/exchange").count == 2
    if options:
        assert json.loads(shown.stdout)["network"] == "mainnet"
    else:
        assert shown.stdout.startswith("http://127.0.0.1:")
        assert "no real money" in shown.stderr


@pytest.mark.parametrize("network", ["mainnet", "testnet", None])
def test_without_an_api_url_it_is_the_exchange_itself(monkeypatch, network):
    asked = []

    def note(api, *_arguments):
        asked.append(api.venue.url)
        return NoAnswer("connection-lost", "no network here")

    monkeypatch.setattr(ExchangeApi, "_send", note)
    options = [] if network is None else ["--network", network]
    shown = run("market", *options, "--json")
    assert json.loads(shown.stdout)["error"]["code"] == "connection-lost"
    host = "api.hyperliquid-testnet.xyz" if network == "testnet" else "api.hyperliquid.xyz"
    assert set(asked) == {f"https://{host}"}


def test_a_local_server_that_names_no_network_needs_it_said(monkeypatch):
    monkeypatch.setattr(ExchangeApi, "_send", lambda *_: Answer(200, b"{}", None))
    shown = run("market", "--api-url", "http://127.0.0.1:9", "--json")
    assert json.loads(shown.stdout)["error"]["code"] == "network-missing"


def test_rehearse_tells_of_a_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        shown = run("rehearse", "--port", str(taken.getsockname()[1]), "--json")
    assert shown.exit_code == 8
    assert json.loads(shown.stdout)["error"]["code"] == "port-taken"


@pytest.mark.parametrize("kind", ["nonsense", "502 "])
def test_rehearse_knows_its_faults(kind):
    assert run("rehearse", "--fault", kind, "1").exit_code == 2
    assert run("rehearse", "--fault", "502", "0", "--json").exit_code == 3


def test_the_package_runs_as_a_module(monkeypatch, capsys):
    import runpy

    monkeypatch.setattr(sys, "argv", ["coldlever-broadcaster", "--version"])
    with pytest.raises(SystemExit) as end:
        runpy.run_module("coldlever.broadcaster", run_name="__main__", alter_sys=True)
    assert end.value.code == 0
    assert __version__ in capsys.readouterr().out


def test_rehearse_passes_on_what_else_the_system_says_about_its_port(monkeypatch):
    def refuse(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("coldlever.broadcaster.cli.rehearse.RehearsalServer", refuse)
    shown = run("rehearse", "--port", "80", "--json")
    assert shown.exit_code == 8
    assert json.loads(shown.stdout)["error"]["code"] == "system-error"
