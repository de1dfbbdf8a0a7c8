"""The tests run the code of this checkout, or the built wheels where there is no source; nothing else."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SIDES = ("shared", "signer", "broadcaster")


def home(side: str) -> Path:
    """Where the code has to come from; only tools/check_built.sh takes the sources away."""
    source = ROOT / side / "src"
    assert source.is_dir() != bool(os.environ.get("COLDLEVER_TEST_WHEELS")), source
    return source if source.is_dir() else Path(sysconfig.get_path("purelib"))


@pytest.mark.parametrize("side", SIDES)
def test_the_tests_run_this_code(side):
    module = importlib.import_module(f"coldlever.{side}")
    assert Path(module.__file__).is_relative_to(home(side))


@pytest.mark.parametrize("side", SIDES)
def test_children_run_the_same_code(side, tmp_path):
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"import coldlever.{side} as side; print(side.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.strip()).is_relative_to(home(side))
