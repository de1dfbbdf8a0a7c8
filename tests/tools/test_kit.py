"""The kit is as it is made, both implementations say what its index says, and so do random edits."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from compare_kit import cases, disagreements, read
from kit import ours, theirs
from kit.case import Kit, as_bytes
from kit.mutations import edits
from kit_mutations import play
from make_kit import INDEX, lying, make

from tests.interop.verifier import require_node

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def verifier():
    with theirs.Verifier(require_node()) as process:
        yield process


@pytest.fixture(scope="module")
def made():
    return make()


def test_the_files_are_what_the_generator_makes(made):
    there = lying()
    assert sorted(there) == sorted(made)
    assert [path for path in made if made[path] != there[path]] == []


def test_the_kit_is_small_and_has_hundreds_of_failures(made):
    assert sum(map(len, made.values())) < 2_000_000
    verdicts = Counter(case["verdict"] for case in cases())
    assert verdicts["refused"] > 1000
    assert verdicts["ok"] > 300


def test_our_own_verdicts_are_those_of_the_index():
    for case in cases():
        found = ours.judge(case["what"], read(case["file"]), case["given"], read)
        assert found["ok"] is (case["verdict"] == "ok"), (case, found)
        assert found.get("code") == case.get("code"), (case, found)
        if found["ok"]:
            assert {"ok": True, **case["found"]} == found, case


def test_the_verifier_in_javascript_says_what_the_index_says(verifier):
    left_out = Counter()
    assert list(disagreements(verifier, left_out)) == []
    # A reason that nothing is left out for any more is to be taken away.
    assert left_out.keys() == theirs.LACKS.keys()


def test_a_schema_refuses_no_good_file_and_most_of_what_it_can_see():
    told = Counter(
        (case["verdict"], case["schema"]["refuses"]) for case in cases() if case["schema"]
    )
    assert ("ok", True) not in told
    assert ("ok", None) not in told
    assert told["refused", True] > 400


def test_random_edits_find_no_disagreement(verifier):
    tally = play(verifier, 60, seed=7)
    assert [lines for _, lines in tally.wrong] == []
    assert tally.verdicts["ok"] > 3
    assert tally.verdicts["refused"] > 20


def test_the_same_seed_edits_the_same():
    files = {"a.json": b'{"nonce": 1}'}
    index = [{"file": "a.json", "what": "document", "verdict": "ok", "given": {}}]
    one, other, third = (
        [next(drawn) for _ in range(50)]
        for drawn in (edits(index, files, 1), edits(index, files, 1), edits(index, files, 2))
    )
    assert one == other
    assert one != third


@pytest.mark.parametrize(
    ("mine", "other"),
    [
        ({"ok": True}, {"ok": False}),
        ({"ok": False}, {"ok": True}),
        ({"ok": False}, {"crashed": "TypeError"}),
        ({"ok": True, "checkWords": "a"}, {"ok": True, "checkWords": "b"}),
        ({"ok": True, "approved": False}, {"ok": True, "approved": True}),
        ({"ok": True, "items": [dict.fromkeys(theirs._ITEM, "x")]}, {"ok": True, "items": []}),
    ],
)
def test_a_disagreement_is_seen(mine, other):
    assert theirs.differences(mine, other)
    assert theirs.differences(mine, mine) == []


def test_each_case_names_a_heading_that_is_there():
    pages = {name: (DOCS / name).read_text("utf-8") for name in ("formats.md", "qr-formats.md")}
    for case in cases():
        page = "qr-formats.md" if case["file"].startswith(("code/", "cbor/")) else "formats.md"
        assert re.search(rf"^##+ {re.escape(case['rule'])}$", pages[page], re.MULTILINE), case


def test_the_page_says_every_word_of_the_index():
    page = (DOCS / "test-kit.md").read_text("utf-8")
    words = {key for case in cases() for key in (*case, *case["given"], *case.get("found", {}))}
    words |= {case["what"] for case in cases()}
    assert {
        word for word in words if f"`{word}`" not in page and f"`{word}[]`" not in page
    } == set()


def test_the_example_of_the_page_runs_and_finds_what_a_lenient_reader_gets_wrong(tmp_path):
    page = (DOCS / "test-kit.md").read_text("utf-8")
    [code] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "run.py").write_text(code)
    kit = Path(__file__).resolve().parents[1] / "kit"
    done = subprocess.run(
        [sys.executable, "-I", str(tmp_path / "run.py"), str(kit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "json/twice-leverage.json: expected refused: a key twice" in done.stdout
    assert "json/number-leading-zero.json" not in done.stdout


def test_a_case_that_we_judge_otherwise_than_its_author_is_not_written(monkeypatch):
    def wrong(kit: Kit) -> None:
        kit.section("request", "Unsigned request")
        kit.ok("plain.json", {"network": "mainnet"}, "an author's mistake")

    monkeypatch.setattr("make_kit._AREAS", (wrong,))
    with pytest.raises(ValueError, match="an author's mistake"):
        make()


def test_a_file_of_the_kit_never_changes_once_it_is_there():
    kit = Kit()
    assert kit.put("a", as_bytes({"x": 1})) == kit.put("a", b'{"x": 1}\n')
    with pytest.raises(ValueError, match="other bytes"):
        kit.put("a", b"{}")
    assert json.loads(read(INDEX))["kind"] == "coldlever/kit"
