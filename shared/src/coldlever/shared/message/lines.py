"""A review as lines that know what they are; how each kind looks is for who shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from coldlever.shared.message.caution import Caution
from coldlever.shared.message.check_words import (
    WITHOUT_SIGNER,
    Challenge,
    Subject,
    answer_words,
    check_words,
)
from coldlever.shared.message.review import Effect, Review

_WORDS_IN_A_ROW = 4
_WORDS_LABEL = "Check words"
_INDENT = "  "


@dataclass(frozen=True, slots=True)
class FactLine:
    """A label and its value; or, with an empty label, more of the value above."""

    label: str
    value: str
    width: int

    @property
    def text(self) -> str:
        """The line."""
        return f"{_INDENT}{self.label:<{self.width}}  {self.value}"


@dataclass(frozen=True, slots=True)
class WordsLine(FactLine):
    """Words to compare: check words, a challenge or its answer."""


@dataclass(frozen=True, slots=True)
class CautionLine:
    """Something not to be overlooked, of one request, of some or of all."""

    text: str


@dataclass(frozen=True, slots=True)
class EntryLine:
    """A line of one entry of a batch."""

    text: str


@dataclass(frozen=True, slots=True)
class TotalLine:
    """How many entries of a batch do the same kind of thing."""

    text: str


Line = FactLine | WordsLine | CautionLine | EntryLine | TotalLine


def review_lines(reviews: Sequence[Review], challenge: Challenge | None = None) -> list[Line]:
    """One request as a list of facts; several as totals, a table and what stands out in it.

    Args:
        reviews: at least one.
        challenge: what the other side, or this machine, has drawn; None to compare without.
    """
    body = _single(reviews[0]) if len(reviews) == 1 else _batch(reviews)
    return [*body, *_words(reviews, challenge)]


def subjects_of(reviews: Sequence[Review]) -> tuple[Subject, ...] | None:
    """What the words of all of them are of; None when one of them has no signer."""
    subjects = tuple(one.subject for one in reviews if one.subject is not None)
    return subjects if len(subjects) == len(reviews) else None


def _single(one: Review) -> Iterator[Line]:
    width = max(len(row.label) for row in one.rows)
    for row in one.rows:
        yield FactLine(row.label, row.value, width)
    for caution in one.cautions:
        yield CautionLine(f"{_INDENT}! {caution.text}")


def _batch(reviews: Sequence[Review]) -> Iterator[Line]:
    yield from _totals(reviews)
    shared = set(reviews[0].cautions).intersection(*(one.cautions for one in reviews))
    width = len(str(len(reviews)))
    for number, one in enumerate(reviews, start=1):
        yield from _entry(f"{_INDENT}{number:>{width}}. ", one, shared)
    yield from _repeated(reviews, shared)


def _totals(reviews: Sequence[Review]) -> Iterator[Line]:
    width = len(f"{len(reviews):,}")
    yield TotalLine(f"{_INDENT}{len(reviews):,} requests, going by the settings shown as before:")
    for effect in Effect:
        count = sum(effect in one.effects for one in reviews)
        if count:
            one_does, several_do = effect.value
            verb = one_does if count == 1 else several_do
            yield TotalLine(f"{_INDENT}{_INDENT}{count:>{width},} {verb}")


def _entry(start: str, one: Review, shared: set[Caution]) -> Iterator[Line]:
    indent = " " * len(start)
    yield EntryLine(start + one.summary)
    if one.kills is not None:
        yield EntryLine(f"{indent}kills {one.kills}")
    if one.was is not None:
        yield EntryLine(f"{indent}was {one.was}")
    if one.position is not None:
        yield EntryLine(f"{indent}position: {one.position}")
        yield EntryLine(f"{indent}margin used: {one.margin}")
        yield EntryLine(f"{indent}liquidation: {one.liquidation}")
    yield EntryLine(f"{indent}account: {one.account}")
    yield EntryLine(f"{indent}signer: {one.signer}")
    yield EntryLine(f"{indent}{one.network}, nonce {one.nonce}")
    yield EntryLine(f"{indent}expires {one.expires}")
    if one.note is not None:
        yield EntryLine(f"{indent}note {one.note}")
    for caution in one.cautions:
        if caution not in shared:
            yield CautionLine(f"{indent}! {caution.text}")


def _repeated(reviews: Sequence[Review], shared: set[Caution]) -> Iterator[Line]:
    """Every caution once more below the table, where entry 501 of 1,000 cannot hide it."""
    numbers: dict[Caution, list[int]] = {}
    for number, one in enumerate(reviews, start=1):
        for caution in one.cautions:
            numbers.setdefault(caution, []).append(number)
    for caution, found in numbers.items():
        of = "every request" if caution in shared else f"number {_ranges(found)}"
        yield CautionLine(f"{_INDENT}! in {of}: {caution.text}")


def _ranges(numbers: Sequence[int]) -> str:
    """``1 to 3, 7``, of ascending numbers."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    return ", ".join(" to ".join(str(number) for number in run) for run in runs)


def _words(reviews: Sequence[Review], challenge: Challenge | None) -> Iterator[Line]:
    subjects = subjects_of(reviews)
    width = len(_WORDS_LABEL)
    if len(reviews) > 1:
        yield TotalLine(f"{_INDENT}Of the whole batch of {len(reviews)}:")
    if subjects is None:
        yield FactLine(_WORDS_LABEL, f"none: {WITHOUT_SIGNER}", width)
        return
    words = check_words(subjects)
    for start in range(0, len(words), _WORDS_IN_A_ROW):
        label = "" if start else _WORDS_LABEL
        yield WordsLine(label, " ".join(words[start : start + _WORDS_IN_A_ROW]), width)
    if challenge is not None:
        yield WordsLine("Challenge", challenge.text, width)
        yield WordsLine("Answer", " ".join(answer_words(subjects, challenge)), width)
