"""The picture of the rooms is what the imports say, and its way leads through files that exist."""

from __future__ import annotations

import ast
import re

import architecture
import pytest

_FILES = re.findall(r"`([a-z_/]+\.py)` \|$", architecture.PAGE.read_text("utf-8"), re.MULTILINE)


@pytest.mark.sources
def test_the_picture_is_what_the_imports_say():
    assert architecture.PAGE.read_text("utf-8") == architecture.page(), (
        "run: python tools/architecture.py"
    )


@pytest.mark.sources
def test_the_rooms_have_no_circle():
    arrows = architecture.collect()
    assert len(arrows) > 30
    assert [room for room in arrows if room in architecture.reachable(arrows, room)] == []


@pytest.mark.sources
def test_the_way_of_a_request_leads_through_files_that_exist():
    assert len(_FILES) > 15
    for name in _FILES:
        side = name.split("/")[0]
        assert (architecture.ROOT / side / "src" / "coldlever" / name).is_file(), name


def test_an_arrow_that_a_longer_way_says_is_left_out():
    arrows = {"a": {"b", "c"}, "b": {"c"}, "c": set()}
    assert architecture.reduced(arrows) == {"a": {"b"}, "b": {"c"}, "c": set()}


def test_a_circle_is_seen():
    arrows = {"a": {"b"}, "b": {"a"}}
    assert "a" in architecture.reachable(arrows, "a")


def test_what_is_imported_of_ours_is_found_wherever_it_stands():
    code = "import json\nimport coldlever.a.b\ndef f():\n from coldlever.c import d, e"
    assert list(architecture.imported(ast.parse(code))) == ["a.b", "c.d", "c.e"]
