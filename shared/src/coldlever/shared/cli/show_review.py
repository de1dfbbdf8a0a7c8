"""Reviews on the terminal: the same words on both sides of the gap."""

from __future__ import annotations

from collections.abc import Sequence

from coldlever.shared.action import Signable
from coldlever.shared.cli.console import say
from coldlever.shared.message import Review
from coldlever.shared.message.review import batch_words, render_batch, render_review

_CAUTION_MARK = "! "


def show_review(one: Review) -> None:
    """One request as a list of facts."""
    _show(render_review(one))


def show_reviews(reviews: Sequence[Review], signables: Sequence[Signable]) -> None:
    """One request as a list of facts, several as a table with check words for the whole."""
    if len(reviews) == 1:
        show_review(reviews[0])
    else:
        _show(render_batch(reviews, batch_words(signables)))


def _show(lines: Sequence[str]) -> None:
    """Print lines; cautions and check words stand out."""
    for line in lines:
        is_caution = line.lstrip().startswith(_CAUTION_MARK)
        say(line, fg="yellow" if is_caution else None, bold="Check words" in line)
