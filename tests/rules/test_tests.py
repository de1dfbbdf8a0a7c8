"""A test that can only fail by accident proves nothing: each asserts, or calls what does."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.rules.syntax import calls, suite

pytestmark = pytest.mark.sources

_EXPECTATIONS = {"pytest.raises", "pytest.fail", "pytest.warns"}
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[_Function]:
    """All functions, those inside others and in classes as well."""
    yield from (node for node in ast.walk(tree) if isinstance(node, _Function))


def asserts(function: ast.AST) -> bool:
    """Whether it has an assertion or an expectation of its own."""
    has_assertion = any(isinstance(node, ast.Assert) for node in ast.walk(function))
    return has_assertion or bool(set(calls(function)) & _EXPECTATIONS)


def asserting(trees: list[ast.Module]) -> set[str]:
    """The names of the functions and fixtures, not tests, that assert; a method is none of them."""
    found = {
        node.name
        for tree in trees
        for node in tree.body
        if isinstance(node, _Function) and not node.name.startswith("test_") and asserts(node)
    }
    return found | {
        node.name
        for tree in trees
        for node in tree.body
        if isinstance(node, _Function)
        and not node.name.startswith("test_")
        and set(calls(node)) & found
    }


def idle(tree: ast.Module, helpers: set[str]) -> list[str]:
    """The tests of a module that neither assert nor call a helper that does."""
    return [
        node.name
        for node in functions(tree)
        if node.name.startswith("test_") and not asserts(node) and not set(calls(node)) & helpers
    ]


def test_every_test_asserts():
    trees = suite()
    fixtures = asserting([tree for path, tree in trees.items() if path.endswith("conftest.py")])
    found = {path: idle(tree, fixtures | asserting([tree])) for path, tree in trees.items()}
    assert sum(len(list(functions(tree))) for tree in trees.values()) > 1000
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("code", "is_idle"),
    [
        ("def test_a(): run()", True),
        ("def test_a(): assert run()", False),
        ("def test_a():\n with pytest.raises(E): run()", False),
        ("def helper(): assert 1\ndef test_a(): helper()", False),
        ("def helper(): assert 1\ndef test_a(): thing.helper()", True),
        ("def deep(): assert 1\ndef helper(): deep()\ndef test_a(): helper()", False),
        ("class TestA:\n def test_a(self): run()", True),
    ],
)
def test_a_test_without_an_assertion_is_found(code, is_idle):
    tree = ast.parse(code)
    assert bool(idle(tree, asserting([tree]))) is is_idle
