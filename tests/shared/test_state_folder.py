"""Where state lives."""

from pathlib import Path

import pytest

from coldlever.shared.cli.state_folder import make_folder, state_folder


@pytest.mark.parametrize(
    ("option", "environment", "folder"),
    [
        ("/somewhere", {"XDG_STATE_HOME": "/x", "HOME": "/h"}, "/somewhere"),
        ("here", {}, "here"),
        (None, {"XDG_STATE_HOME": "/x", "HOME": "/h"}, "/x/coldlever/signer"),
        (None, {"HOME": "/h"}, "/h/.local/state/coldlever/signer"),
        (None, {"XDG_STATE_HOME": "", "HOME": "/h"}, "/h/.local/state/coldlever/signer"),
        (
            None,
            {"XDG_STATE_HOME": "not/absolute", "HOME": "/h"},
            "/h/.local/state/coldlever/signer",
        ),
    ],
)
def test_the_option_goes_before_xdg_and_xdg_before_home(option, environment, folder):
    assert state_folder("signer", option, environment) == Path(folder)


@pytest.mark.parametrize("environment", [{}, {"HOME": ""}, {"HOME": "relative"}])
def test_without_a_home_the_option_is_asked_for(environment, refusal):
    error = refusal(state_folder, "signer", None, environment)
    assert (error.code, error.exit_status) == ("no-home", 8)
    assert error.remedy == "use --state-dir"


def test_a_folder_is_made_for_its_owner_alone(tmp_path):
    folder = tmp_path / "a" / "b"
    assert make_folder(folder) == folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert make_folder(folder) == folder


def test_a_file_in_the_way_is_an_environment_fault(tmp_path, refusal):
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        error = refusal(make_folder, folder)
        assert (error.code, error.exit_status) == ("state-folder", 8)
        assert str(folder) in error.message
