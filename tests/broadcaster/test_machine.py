"""What the command line takes from its machine, and nothing past it."""

from __future__ import annotations

import ast
from pathlib import Path

from click.testing import CliRunner

from coldlever.broadcaster import cli as place
from coldlever.broadcaster.cli.machine import Machine

PACKAGE = Path(place.__file__).parents[1]


def test_the_state_folder_is_the_one_of_the_machines_environment(tmp_path):
    machine = Machine(environment={"XDG_STATE_HOME": str(tmp_path)})
    assert CliRunner().invoke(place.cli, ["history", "--json"], obj=machine).exit_code == 0
    assert (tmp_path / "coldlever" / "broadcaster" / "ledger.sqlite3").exists()


def test_without_a_home_the_state_folder_must_be_named():
    shown = CliRunner().invoke(place.cli, ["history", "--json"], obj=Machine(environment={}))
    assert shown.exit_code == 8
    assert '"no-home"' in shown.stdout


def test_the_clock_of_an_offline_check_is_the_machines(desk):
    file = desk.signed_file()
    assert desk.check(file, "--offline").document["ok"]
    desk.time += 3 * 86_400_000
    checks = desk.check(file, "--offline").document["checks"]
    assert {one["error"] for one in checks if one["ok"] is False} == {"nonce-window", "expired"}


def test_the_client_reads_no_clock_and_waits_for_nothing_by_itself():
    """The ledger only names the system's clock, as what it waits by when it is not told."""
    importing = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if "rehearsal" not in path.relative_to(PACKAGE).parts
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import) and "time" in [name.name for name in node.names]
    }
    assert importing == {"cli/machine.py", "ledger/memory.py", "ledger/store.py"}
