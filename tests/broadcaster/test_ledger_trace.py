"""Recorded ledgers replay through the table of fates, and what no run can have written is noticed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from ledger_trace import impossible, model_table

from coldlever.broadcaster.fate import Event, NonceState, after

ROOT = Path(__file__).resolve().parents[2]


def spoil(desk, statement: str) -> Path:
    path = desk.state / "ledger.sqlite3"
    with closing(sqlite3.connect(path)) as ledger, ledger:
        assert ledger.execute(statement).rowcount == 1
    return path


def test_the_models_table_is_read_whole_from_its_page():
    assert model_table() == {
        (state, event): after(state, event) for state in NonceState for event in Event
    }


def test_the_ledger_of_a_lost_answer_a_duplicate_and_an_end_is_possible(desk):
    desk.exchange.inject("lose-answer")
    desk.post(desk.signed_file())
    desk.exchange.inject("drop", count=99)
    desk.post("--retry-for", "0", desk.signed_file(name="second.json"))
    desk.time += 7_200_000
    desk.resolve()
    path = desk.state / "ledger.sqlite3"
    with closing(sqlite3.connect(path)) as ledger:
        states = ledger.execute("SELECT state FROM posts ORDER BY nonce").fetchall()
    assert states == [("spent",), ("lapsed",)]
    assert impossible(path) == []


@pytest.mark.invented_ledger
@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE posts SET state = 'dead'", "dead now, and spent-accepted by the last answer"),
        ("UPDATE posts SET attempts = 2", "2 attempts, recorded: [1]"),
        ("DELETE FROM attempts", "1 attempts, recorded: []"),
        ("DELETE FROM posts", "attempts without a payload"),
        ("UPDATE attempts SET state_before = 'spent'", "attempt 1 began as spent"),
        ("UPDATE attempts SET state_before = 'open'", "attempt 1 began as open, after unsent"),
        ("UPDATE attempts SET event = 'end-passed'", "attempt 1 was answered with end-passed"),
        ("UPDATE attempts SET event = 'duplicate'", "spent-accepted now, and spent by"),
        ("UPDATE attempts SET event = NULL", "spent-accepted now, and open by the last answer"),
        ("UPDATE attempts SET event = 'good'", "not what was written"),
        ("UPDATE posts SET state = 'great'", "not what was written"),
    ],
)
def test_what_no_run_can_have_written_is_noticed(desk, statement, problem):
    assert desk.post(desk.signed_file()).document["status"] == "confirmed"
    found = impossible(spoil(desk, statement))
    assert any(problem in one for one in found), found


@pytest.mark.invented_ledger
def test_a_file_that_is_no_database_is_noticed_and_another_programmes_is_left_alone(tmp_path):
    broken, foreign = tmp_path / "broken", tmp_path / "foreign"
    broken.write_bytes(b"no database" * 500)
    assert impossible(broken) == ["not what was written: file is not a database"]
    with closing(sqlite3.connect(foreign)) as ledger, ledger:
        ledger.execute("CREATE TABLE posts (nonce)")
    assert impossible(foreign) == []


LEAVES_ONE = """
import sqlite3
from contextlib import closing

def test_that_leaves_a_ledger(tmp_path):
    with closing(sqlite3.connect({path!r})) as source:
        with closing(sqlite3.connect(tmp_path / "ledger.sqlite3")) as target:
            source.backup(target)
    assert (tmp_path / "ledger.sqlite3").exists()
"""


@pytest.mark.slow
@pytest.mark.unmeasured
@pytest.mark.invented_ledger
@pytest.mark.parametrize("is_spoilt", [False, True])
def test_a_test_that_leaves_an_impossible_ledger_fails(desk, is_spoilt):
    desk.post(desk.signed_file())
    path = desk.state / "ledger.sqlite3"
    if is_spoilt:
        spoil(desk, "UPDATE posts SET state = 'dead'")
    test = desk.folder / "test_other.py"
    test.write_text(LEAVES_ONE.format(path=str(path)))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest"),
            *("-p", "no:cacheprovider", "--basetemp", str(desk.folder / "inner")),
            *("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), str(test)),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{os.environ['PYTHONPATH']}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == (1 if is_spoilt else 0), done.stdout + done.stderr
    assert ("dead now, and spent-accepted by the last answer" in done.stdout) is is_spoilt
