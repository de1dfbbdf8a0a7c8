"""A module has one noun and a length that can be read; one word means one thing."""

from __future__ import annotations

import ast
import re

import pytest

from tests.rules.syntax import ROOT, SIDES, identifiers, product

pytestmark = pytest.mark.sources

_SHELVES = {"util", "utils", "helper", "helpers", "common", "misc", "tools", "stuff", "base"}
_LINES = 300
# A little longer, because cutting them would part one story. None may pass _LINES_AT_MOST.
_LINES_AT_MOST = 350
_LONGER = {
    "broadcaster/ledger/store.py": "the steps of a row, in the order in which they are taken",
    "shared/files.py": "reading and writing files: every promise about them in one place",
    "signer/ledger/store.py": "one file format: reading, locking, recording, and its repair",
    "signer/cli/key.py": "four small commands about one thing",
}
# One word for one thing: the word that is not used in a name, and the one that is. The word of the
# JSON documents, `warnings`, stays in texts.
_GLOSSARY = {"warning": "caution", "warnings": "cautions"}
# Not ours to name: the standard library's module.
_FOREIGN_WORD = {"shared/qr/scan/stills.py"}


def wrong_words(tree: ast.AST) -> set[str]:
    """The glossary's other words, as parts of a name: ``_leverage_warnings``."""
    parts = (part for name in identifiers(tree) for part in _words(name))
    return {part for part in parts if part in _GLOSSARY}


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+", name)]


def test_no_module_is_a_shelf():
    folders_and_modules = {
        part for path in product() for part in path.removesuffix(".py").split("/")
    }
    assert {"keystore", "review"} <= folders_and_modules
    assert folders_and_modules & _SHELVES == set()


def test_a_module_has_300_lines_at_most():
    sizes = {}
    for path in product():
        side = path.split("/")[0]
        text = (ROOT / side / "src" / "coldlever" / path).read_text("utf-8")
        sizes[path] = text.count("\n")
    longer = {path: n for path, n in sizes.items() if n > _LINES}
    assert {path: n for path, n in longer.items() if path not in _LONGER} == {}
    assert _LONGER.keys() == longer.keys(), "an exception that nobody needs any more"
    assert {path: n for path, n in sizes.items() if n > _LINES_AT_MOST} == {}


@pytest.mark.parametrize("side", SIDES)
def test_every_public_module_says_what_it_is_for(side):
    for path, tree in product().items():
        if path.startswith(side + "/"):
            docstring = ast.get_docstring(tree)
            assert docstring, path


def test_one_word_means_one_thing():
    excused = _FOREIGN_WORD
    found = {path: wrong_words(tree) for path, tree in product().items() if path not in excused}
    assert {path: words for path, words in found.items() if words} == {}


@pytest.mark.parametrize(
    "code",
    ["warning = 1", "def _all_warnings(): ...", "class LeverageWarning: ...", "f(warning=1)"],
)
def test_another_word_for_the_same_thing_is_seen(code):
    assert wrong_words(ast.parse(code))


@pytest.mark.parametrize("code", ["wire['warnings'] = cautions", "import warnings", "warned = 1"])
def test_words_of_documents_and_of_others_are_left_alone(code):
    assert not wrong_words(ast.parse(code))
