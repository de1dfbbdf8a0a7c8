"""The syntax trees of the product and of its tests, and what is looked for in them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SIDES = ("shared", "signer", "broadcaster")


def product() -> dict[str, ast.Module]:
    """Each module of the product by its path, such as ``signer/cli/sign.py``."""
    trees = {}
    for side in SIDES:
        home = ROOT / side / "src" / "coldlever"
        for path in sorted(home.rglob("*.py")):
            trees[path.relative_to(home).as_posix()] = ast.parse(path.read_text("utf-8"))
    return trees


def suite() -> dict[str, ast.Module]:
    """Each module below ``tests`` by its path."""
    home = ROOT / "tests"
    paths = (path for path in sorted(home.rglob("*.py")) if "node_modules" not in path.parts)
    return {path.relative_to(home).as_posix(): ast.parse(path.read_text("utf-8")) for path in paths}


def names(tree: ast.AST) -> Iterator[str]:
    """Each plain or dotted name that is used, as written: ``sys.exit``, ``time_ns``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            yield ast.unparse(node)


def calls(tree: ast.AST) -> Iterator[str]:
    """What is called, as written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def imports(tree: ast.AST) -> Iterator[str]:
    """Each module or name that is imported, in full: ``subprocess``, ``time.time_ns``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def identifiers(tree: ast.AST) -> Iterator[str]:
    """Each name that the code gives to something or uses; not the words of its texts."""
    for node in ast.walk(tree):
        for field in ("id", "attr", "arg", "name"):
            value = getattr(node, field, None)
            if isinstance(value, str) and not isinstance(node, ast.alias):
                yield value
