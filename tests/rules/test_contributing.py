"""CONTRIBUTING sends people to files and symbols that are there, and to every decision."""

from __future__ import annotations

import ast
import re

import pytest

from tests.rules.syntax import ROOT, product

_PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
_TASKS = re.findall(r"^\| (.+?) \| `([a-z_/]+\.py)` \| `(\w+)` \|$", _PAGE, re.MULTILINE)
_DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))


def _defined(tree: ast.Module) -> set[str]:
    found = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def test_ten_tasks_are_listed():
    assert len([task for task, _, _ in _TASKS if not task.startswith("…")]) >= 10
    rows = _PAGE.split("| task | open | look for |\n|---|---|---|\n")[1].split("\n\n")[0]
    assert len(rows.splitlines()) == len(_TASKS), "a row that is not of the form of the others"


@pytest.mark.sources
@pytest.mark.parametrize(("task", "path", "symbol"), _TASKS, ids=lambda one: one)
def test_a_task_begins_in_a_file_that_defines_its_symbol(task, path, symbol):
    modules = product()
    assert path in modules, task
    assert symbol in _defined(modules[path]), task


@pytest.mark.parametrize("decision", _DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_parts_and_is_linked(decision):
    text = decision.read_text("utf-8")
    number = int(decision.name[:4])
    assert text.startswith(f"# {number}. ")
    assert re.findall("^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert f"(docs/adr/{decision.name})" in _PAGE
    assert len(text.splitlines()) <= 60, "one page"


def test_decisions_are_numbered_without_a_gap():
    numbers = [int(path.name[:4]) for path in _DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 10
