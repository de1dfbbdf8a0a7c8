"""Every code that a refusal or a warning can carry is documented, and no other is."""

import ast
import re
from pathlib import Path

import pytest

from coldlever.shared import errors

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "formats.md").read_text("utf-8")
ERRORS = (ROOT / "docs" / "errors.md").read_text("utf-8")
SIDES = ("shared", "signer", "broadcaster")
# What is called with a code as its first argument.
MAKERS = {"refusal", "Caution"} | {
    name for name, value in vars(errors).items() if isinstance(value, type)
}
CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def sources(side):
    return [path for path in sorted((ROOT / side).rglob("*.py")) if "build" not in path.parts]


def called(call):
    return getattr(call.func, "id", None) or getattr(call.func, "attr", None)


def codes(path):
    """Every text in the first argument of a call that makes a refusal or a warning."""
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(call, ast.Call) and call.args and called(call) in MAKERS:
            for part in ast.walk(call.args[0]):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


def section(heading):
    return TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def quoted(text):
    """Everything in the page's code font that has the form of a code."""
    return {word for word in re.findall(r"`([^`]+)`", text) if CODE.fullmatch(word)}


def in_tables(text):
    rows = re.findall(r"^\| (`[^|]*`) \|", text, re.MULTILINE)
    return {code for row in rows for code in quoted(row)}


@pytest.mark.sources
@pytest.mark.parametrize("side", SIDES)
def test_every_code_of_a_refusal_or_a_warning_is_documented(side):
    found = {code for path in sources(side) for code in codes(path)}
    known = quoted(section("Error codes")) | quoted(section("Warning codes")) | quoted(ERRORS)
    assert found
    assert found - known == set()


@pytest.mark.sources
@pytest.mark.parametrize("side", SIDES)
def test_every_code_is_in_kebab_case(side):
    for path in sources(side):
        for code in codes(path):
            assert CODE.fullmatch(code), f"{path.name}: {code}"


@pytest.mark.sources
@pytest.mark.parametrize("heading", ["Error codes", "Warning codes"])
def test_every_documented_code_exists(heading):
    text = "".join(path.read_text("utf-8") for side in SIDES for path in sources(side))
    listed = in_tables(section(heading))
    assert listed
    assert {code for code in listed if f'"{code}"' not in text} == set()


@pytest.mark.sources
def test_every_check_is_documented():
    text = (ROOT / "broadcaster/src/coldlever/broadcaster/check/checks.py").read_text("utf-8")
    steps = set(re.findall(r'\bCheck\("([a-z-]+)", ', text, re.MULTILINE))
    assert len(steps) >= 14
    assert steps - quoted(section("Check codes")) == set()


def test_every_exit_status_is_documented():
    numbers = set(re.findall(r"^\| (\d+) \|", section("Exit status"), re.MULTILINE))
    kinds = [value for value in vars(errors).values() if isinstance(value, type)]
    assert numbers == {"0"} | {str(kind.exit_status) for kind in kinds}
