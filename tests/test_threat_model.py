"""The threat model names tests; they are there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def names_below(folder):
    for path in folder.rglob("test_*.py"):
        for part in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(part, ast.FunctionDef) and part.name.startswith("test_"):
                yield part.name


def test_every_test_that_the_threat_model_names_exists():
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "threat-model.md").read_text("utf-8")))
    assert len(named) >= 20
    assert named - set(names_below(ROOT / "tests")) == set()
