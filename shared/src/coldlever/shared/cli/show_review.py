"""Reviews on the terminal: one renderer for both sides of the gap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from coldlever.shared.cli.console import say
from coldlever.shared.message import Review
from coldlever.shared.message.check_words import Challenge
from coldlever.shared.message.lines import (
    CautionLine,
    EntryLine,
    FactLine,
    Line,
    TotalLine,
    WordsLine,
    review_lines,
)


class _Style(TypedDict, total=False):
    fg: str
    bold: bool


_STYLES: dict[type[Line], _Style] = {
    FactLine: {},
    EntryLine: {},
    WordsLine: {"bold": True},
    TotalLine: {"bold": True},
    CautionLine: {"fg": "yellow"},
}


def show_reviews(reviews: Sequence[Review], challenge: Challenge | None = None) -> None:
    """One request as a list of facts, several as a table; then the words to compare.

    Args:
        reviews: at least one.
        challenge: drawn or typed, or None.
    """
    for line in review_lines(reviews, challenge):
        say(line.text, **_STYLES[type(line)])


def show_statement(text: bytes) -> None:
    """The very lines that an approval, a rejection or a proposal signs.

    Args:
        text: ASCII lines.
    """
    say("What you sign, word by word:", bold=True)
    for line in text.decode("ascii").splitlines():
        say(f"  {line}")
