"""The project as a visitor finds it: documents, requirements and commands agree."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)
SIDES = ("signer", "broadcaster")
LOCKS = sorted(path.stem for path in (ROOT / "requirements").glob("*.txt"))


def _lock(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text()


def _names(lines: list[str]) -> set[str]:
    found = (re.match(r"[A-Za-z0-9-]+", line) for line in lines)
    return {match[0].lower() for match in found if match}


@pytest.mark.parametrize("side", SIDES)
def test_requirements_name_the_same_packages_as_the_distributions(side):
    wanted: set[str] = set()
    for package in ("shared", side):
        project = tomllib.loads((ROOT / package / "pyproject.toml").read_text())["project"]
        linux = [d for d in project["dependencies"] if "sys_platform != 'linux'" not in d]
        wanted |= _names(linux) - {"coldlever-shared"}
    listed = _names((ROOT / "requirements" / f"{side}.in").read_text().splitlines())
    assert listed == wanted


def test_every_recipe_installs_from_a_complete_lock_without_resolving():
    """Resolved at installation, a newer release of anything could break it."""
    scripts = (ROOT / "tools").rglob("*.sh")
    places = [ROOT / "Makefile", *DOCUMENTS, *scripts]
    recipes = [
        (place.name, line)
        for place in places
        for line in place.read_text().replace("\\\n", " ").splitlines()
        if re.search(r"\bpip\S*( --\S+)* (install|download)\b", line)
    ]
    assert len(recipes) >= 6
    for place, line in recipes:
        assert "--no-deps" in line, (place, line)


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_exactly_what_its_requirements_need(name):
    """The same release of everything in every set, and each set a part of `dev`.

    Those apart have an environment of their own.
    """
    pins = dict(re.findall(r"^([a-z0-9._-]+)==(\S+) ", _lock(name), re.MULTILINE))
    whole = dict(re.findall(r"^([a-z0-9._-]+)==(\S+) ", _lock("dev"), re.MULTILINE))
    assert pins
    if name not in ("lock", "clients"):
        assert pins.items() <= whole.items()


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_a_hash_and_no_address(name):
    text = _lock(name)
    assert "://" not in text
    assert "--find-links" not in text
    assert "--index-url" not in text
    entries = [line for line in text.splitlines() if re.match(r"[a-z]", line)]
    assert entries
    assert all(re.match(r"[a-z0-9._-]+==\S+ \\$", line) for line in entries)


def test_the_signer_never_gets_a_network_library():
    text = (ROOT / "requirements" / "signer.txt").read_text()
    for name in ("requests", "urllib3", "flask", "sqlalchemy", "websocket-client"):
        assert f"\n{name}==" not in text


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#]+)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("side", SIDES)
def test_the_readme_lists_every_command(side):
    done = subprocess.run(
        [sys.executable, "-m", f"coldlever.{side}", "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    section = done.stdout.split("Commands:\n")[1].split("\n\n")[0]
    commands = re.findall(r"^  ([a-z]+) ", section, re.MULTILINE)
    readme = (ROOT / "README.md").read_text()
    line = re.search(rf"`coldlever-{side}`: (.*?)\n\n", readme, re.DOTALL)
    assert line is not None
    for command in commands:
        assert f"`{command}" in line[1], command


@pytest.mark.sources
def test_the_page_of_errors_is_what_the_code_says():
    from error_table import PAGE, page

    assert PAGE.read_text() == page(), "run: python tools/error_table.py"
