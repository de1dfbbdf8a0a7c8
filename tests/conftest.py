"""Fixtures of all tests."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_trace import impossible
from postgresql import programs

ROOT = Path(__file__).resolve().parents[1]
# Children run this checkout's code too, not what another one has installed. Where there is no source
# (tools/check_built.sh) both run the wheels.
os.environ["PYTHONPATH"] = os.pathsep.join(
    str(ROOT / side / "src") for side in ("shared", "signer", "broadcaster")
)


# A shell starts its background jobs with SIGINT ignored, and so does everything they start: without
# this, tests of interruption would wait for ever there.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres_programs() -> Path:
    """The folder of PostgreSQL's programs; skips where there are none."""
    found = programs()
    if found is None and os.environ.get("CI"):
        pytest.fail("PostgreSQL is not installed, and CI must not skip it")
    if found is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return found


@pytest.fixture(scope="session")
def reference_vectors() -> Path:
    """Test data of independent origin; it lies beside the checkout, not in it."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "vectors"
    if folder.is_dir():
        return folder
    if os.environ.get("CI") and not os.environ.get("COLDLEVER_WITHOUT_REFERENCE"):
        pytest.fail("reference vectors not present, and CI must not skip them")
    pytest.skip("reference vectors not present")


@pytest.fixture(autouse=True)
def possible_traces(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every broadcaster's ledger that a test leaves behind replays through the table of fates.

    A test that damages or invents a ledger says so with the marker ``invented_ledger``. The
    signer's tests leave ledgers of the same name, damaged ones too, and none of the broadcaster's.
    """
    is_invented = request.node.get_closest_marker("invented_ledger") is not None
    is_signers = ROOT / "tests" / "signer" in request.path.parents
    if "tmp_path" not in request.fixturenames or is_invented or is_signers:
        yield
        return
    folder = request.getfixturevalue("tmp_path")
    yield
    ledgers = sorted(folder.rglob("ledger.sqlite3"))
    found = [f"{path}: {problem}" for path in ledgers for problem in impossible(path)]
    assert not found, "\n".join(found)
