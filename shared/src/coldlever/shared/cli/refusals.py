"""Whatever stopped a command line, as one of our refusals."""

from __future__ import annotations

import traceback
from pathlib import Path

import click

from coldlever.shared.errors import (
    ColdleverError,
    EnvironmentFault,
    InternalFault,
    Interrupted,
    UsageRefused,
)
from coldlever.shared.printable import printable


def refusal_of(error: BaseException) -> ColdleverError:
    """Give an exception a code, a sentence and an exit status; our own have them already."""
    match error:
        case ColdleverError():
            return error
        case click.ClickException():
            return UsageRefused("usage", _escape_lines(error.format_message()))
        case click.Abort() | KeyboardInterrupt():
            return Interrupted("interrupted", "interrupted")
        case OSError():
            reason = printable(error.strerror or str(error))
            subject = f"{printable(str(error.filename))}: " if error.filename else ""
            return EnvironmentFault("system-error", f"{subject}{reason}")
    return _defect(error)


def _escape_lines(text: str) -> str:
    """Escape what click quotes in Python's way, which lets letters of every script through.

    Lines stay lines, and a backslash is not doubled: click has escaped some characters already.
    """
    return "".join(
        character if character in "\\\n\t" else printable(character) for character in text
    )


def _defect(error: BaseException) -> InternalFault:
    """The message of a foreign exception stays out: it could hold a secret."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno}"
    return InternalFault(
        "internal-error",
        f"a defect in coldlever ({type(error).__name__} at {place}); nothing more was done",
        "please report it with the command you ran, without keys or passphrases",
    )
