"""What the house promises about its walls, beyond what import-linter can say."""

from __future__ import annotations

import ast
import importlib
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SIDES = ("shared", "signer", "broadcaster")
pytestmark = pytest.mark.sources


@pytest.mark.parametrize("side", SIDES)
def test_no_distribution_takes_the_whole_name(side):
    """With an `__init__.py` here, Python would look for the other two in this folder alone."""
    assert [path.name for path in (ROOT / side / "src").iterdir() if "." not in path.name] == [
        "coldlever"
    ]
    inside = (ROOT / side / "src" / "coldlever").iterdir()
    assert {path.name for path in inside} - {"__pycache__"} == {side}


@pytest.mark.parametrize("side", SIDES)
def test_a_distribution_packs_the_namespace_and_its_own_side_alone(side):
    """The bare name makes an editable install a path, which type checkers see as well."""
    text = (ROOT / side / "pyproject.toml").read_text()
    find = tomllib.loads(text)["tool"]["setuptools"]["packages"]["find"]
    assert find == {"where": ["src"], "include": ["coldlever", f"coldlever.{side}*"]}


@pytest.mark.parametrize("side", ["shared", "broadcaster"])
def test_the_online_machine_does_not_even_hold_a_class_for_secret_keys(side):
    names = {
        getattr(node, field)
        for path in (ROOT / side / "src").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for field in ("id", "attr", "name")
        if hasattr(node, field)
    }
    assert "recover" in names or side == "broadcaster"
    assert names & {"PrivateKey", "SigningKey", "sign_recoverable"} == set()


@pytest.mark.parametrize("side", SIDES)
def test_every_folder_says_in_one_sentence_what_belongs_in_it(side):
    for folder in {path.parent for path in (ROOT / side / "src").rglob("*.py")}:
        docstring = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8")))
        assert docstring, folder
        assert docstring.splitlines()[0].endswith("."), folder


def test_a_face_has_at_most_twelve_names():
    """And each of them is found, lazily or not."""
    for side in SIDES:
        for path in sorted((ROOT / side / "src" / "coldlever" / side).rglob("__init__.py")):
            name = ".".join(path.parent.relative_to(ROOT / side / "src").parts)
            face = getattr(importlib.import_module(name), "__all__", [])
            assert len(face) <= 12, name
            for one in face:
                assert getattr(importlib.import_module(name), one) is not None


def test_on_the_signer_only_the_machine_knows_the_clock_and_the_person():
    """So that a test, or another front end, can put something else in their places."""
    folder = ROOT / "signer" / "src" / "coldlever" / "signer"
    globals_of = {}
    for path in folder.rglob("*.py"):
        names = {
            alias.name
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        globals_of[str(path.relative_to(folder))] = names & {
            "time",
            "secrets",
            "random",
            "ask",
            "ask_secret",
        }
    machine = globals_of.pop("cli/machine.py")
    assert machine >= {"ask", "ask_secret"}
    assert {name: found for name, found in globals_of.items() if found} == {}
