"""Refusals, and what becomes of exceptions that are none."""

import click
import pytest

from coldlever.shared import errors
from coldlever.shared.cli.refusals import refusal_of
from coldlever.shared.errors import ColdleverError, InputRefused

STATUSES = {
    "UsageRefused": 2,
    "InputRefused": 3,
    "RuleRefused": 4,
    "PersonDeclined": 5,
    "ExchangeRefused": 6,
    "OutcomeUnknown": 7,
    "EnvironmentFault": 8,
    "Interrupted": 130,
    "InternalFault": 1,
}


@pytest.mark.parametrize(("name", "status"), STATUSES.items())
def test_every_class_has_its_exit_status(name, status):
    error = getattr(errors, name)("some-code", "A sentence.", "a remedy")
    assert error.exit_status == status
    assert str(error) == "A sentence."
    assert error.to_wire() == {
        "code": "some-code",
        "message": "A sentence.",
        "exitStatus": status,
        "remedy": "a remedy",
    }


def test_no_class_is_missing_here():
    classes = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert classes == {"ColdleverError", *STATUSES}


def test_without_a_remedy_there_is_no_such_key():
    assert "remedy" not in InputRefused("c", "m").to_wire()


def test_a_refusal_can_be_placed_and_stays_of_its_class():
    placed = InputRefused("some-code", "A sentence.", "a remedy").at("f.json: $.nonce")
    assert type(placed) is InputRefused
    assert placed.message == str(placed) == "f.json: $.nonce: A sentence."
    assert (placed.code, placed.remedy) == ("some-code", "a remedy")


def test_a_refusal_of_ours_stays_as_it_is():
    error = InputRefused("c", "m")
    assert refusal_of(error) is error


@pytest.mark.parametrize(
    ("error", "code", "status", "message"),
    [
        (click.UsageError("No such thing"), "usage", 2, "No such thing"),
        (click.ClickException("went wrong"), "usage", 2, "went wrong"),
        (click.Abort(), "interrupted", 130, "interrupted"),
        (KeyboardInterrupt(), "interrupted", 130, "interrupted"),
        (OSError(28, "No space left", "/a\x1b"), "system-error", 8, "/a\\u{001b}: No space left"),
        (OSError("odd\n"), "system-error", 8, "odd\\u{000a}"),
    ],
)
def test_a_foreign_exception_gets_a_code_and_a_status(error, code, status, message):
    found = refusal_of(error)
    assert isinstance(found, ColdleverError)
    assert (found.code, found.exit_status, found.message) == (code, status, message)


def test_a_defect_names_its_place_and_never_its_message():
    with pytest.raises(ValueError) as caught:
        int("hunter2")
    assert "hunter2" in str(caught.value)
    found = refusal_of(caught.value)
    assert (found.code, found.exit_status) == ("internal-error", 1)
    assert "ValueError at test_errors.py:" in found.message
    assert "hunter2" not in f"{found.to_wire()}"
