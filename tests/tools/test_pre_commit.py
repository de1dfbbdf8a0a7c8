"""The hooks before a commit are what `make lint` runs, and need no network."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOOKS = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")


def test_the_hooks_run_the_commands_of_make_lint_in_its_order():
    recipe = (ROOT / "Makefile").read_text("utf-8").split("\nlint: ")[1].split("\n\n")[0]
    commands = re.findall(r"^\t\$\(BIN\)/(.+)$", recipe, re.MULTILINE)
    assert len(commands) == len(recipe.splitlines()) - 1 >= 4
    entries = re.findall(r"^ +entry: (.+)$", HOOKS, re.MULTILINE)
    assert entries == [f".venv/bin/{command}" for command in commands]


def test_every_hook_is_of_this_repository_and_of_this_machine():
    assert re.findall(r"^ *- repo: (.+)$", HOOKS, re.MULTILINE) == ["local"]
    count = HOOKS.count("- id: ")
    assert re.findall(r"^ +language: (.+)$", HOOKS, re.MULTILINE) == ["system"] * count
    assert HOOKS.count("pass_filenames: false") == count
