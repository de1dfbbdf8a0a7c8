"""The check of the wheels finds what it is there to find; and a folder of the same names harms nobody."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.metadata import Distribution, PathDistribution

import pytest
import wheels

_INFORMATION = "coldlever_shared-0.1.0.dist-info/RECORD"


def test_a_wheel_may_hold_its_package_and_its_dist_info():
    assert wheels.strays(["coldlever/shared/__init__.py", _INFORMATION], "shared") == []


@pytest.mark.parametrize(
    "name",
    [
        "coldlever/__init__.py",
        "coldlever/signer/__init__.py",
        "shared/__init__.py",
        "tests/__init__.py",
        "coldlever_signer-0.1.0.dist-info/RECORD",
        "coldlever_shared-0.1.0.data/purelib/click.py",
    ],
)
def test_any_other_name_in_a_wheel_is_a_stray(name):
    assert wheels.strays(["coldlever/shared/__init__.py", name], "shared") == [name]


def test_a_wheel_that_takes_the_whole_namespace_is_refused(tmp_path):
    for side in wheels.SIDES:
        with zipfile.ZipFile(tmp_path / f"coldlever_{side}-1-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"coldlever/{side}/__init__.py", "")
    wheels.main(["names", str(tmp_path)])
    with zipfile.ZipFile(tmp_path / "coldlever_signer-1-py3-none-any.whl", "a") as wheel:
        wheel.writestr("coldlever/__init__.py", "")
    with pytest.raises(SystemExit, match="signer's wheel takes names"):
        wheels.main(["names", str(tmp_path)])


def test_two_wheels_of_a_side_are_not_one(tmp_path):
    for version in (1, 2):
        (tmp_path / f"coldlever_shared-{version}-py3-none-any.whl").touch()
    with pytest.raises(SystemExit, match="2 wheels of shared"):
        wheels.wheel_of(tmp_path, "shared")


@pytest.fixture
def installed(tmp_path) -> Distribution:
    """A distribution of one file; the hash is that of its five bytes."""
    folder = tmp_path / "one-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Name: one\nVersion: 1\n")
    (folder / "RECORD").write_text(
        "one.py,sha256=LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ,5\none-1.dist-info/RECORD,,\n"
    )
    (tmp_path / "one.py").write_text("hello")
    return PathDistribution(folder)


def test_a_file_as_it_was_installed_is_not_replaced(installed):
    assert list(wheels.replaced(installed)) == []


def test_a_file_that_somebody_else_wrote_over_is_named(installed, tmp_path):
    (tmp_path / "one.py").write_text("hallo")
    assert list(wheels.replaced(installed)) == ["one.py"]


def test_a_file_that_is_gone_is_named(installed, tmp_path):
    (tmp_path / "one.py").unlink()
    assert list(wheels.replaced(installed)) == ["one.py"]


@pytest.mark.parametrize("side", ["signer", "broadcaster"])
def test_a_command_line_starts_where_folders_and_files_have_its_names(side, tmp_path):
    for name in ("shared", "signer", "broadcaster", "coldlever", f"coldlever/{side}"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit(77)")
    for name in ("click", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(77)")
    for option in ("--version", "--help"):
        done = subprocess.run(
            [sys.executable, "-P", "-m", f"coldlever.{side}", option],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout
