"""Three distributions share the namespace package `coldlever`, and none of them owns it."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SIDES = ("shared", "signer", "broadcaster")


@pytest.mark.parametrize("side", SIDES)
def test_no_distribution_takes_the_whole_name(side):
    """With an `__init__.py` here, Python would look for the other two in this folder alone."""
    assert [path.name for path in (ROOT / side / "src").iterdir() if "." not in path.name] == [
        "coldlever"
    ]
    inside = (ROOT / side / "src" / "coldlever").iterdir()
    assert {path.name for path in inside} - {"__pycache__"} == {side}


@pytest.mark.parametrize("side", SIDES)
def test_the_tests_run_this_checkout(side):
    module = importlib.import_module(f"coldlever.{side}")
    assert Path(module.__file__).is_relative_to(ROOT / side / "src")


@pytest.mark.parametrize("side", SIDES)
def test_a_distribution_packs_the_namespace_and_its_own_side_alone(side):
    """The bare name makes an editable install a path, which type checkers see as well."""
    text = (ROOT / side / "pyproject.toml").read_text()
    find = tomllib.loads(text)["tool"]["setuptools"]["packages"]["find"]
    assert find == {"where": ["src"], "include": ["coldlever", f"coldlever.{side}*"]}
