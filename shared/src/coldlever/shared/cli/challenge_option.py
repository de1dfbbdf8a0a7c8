"""``--challenge``: draw four words, or answer the four words that the other side has drawn.

The option's value may be left out, and a FILE may follow it. Click's own optional values
(``is_flag=False, flag_value=…``) take whatever follows for the value: ``--challenge a.json`` would
swallow the file. So a value that stands apart counts only where it can hardly be a file: letters
and spaces, with at least one space. It is joined to the option before click looks at it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from coldlever.shared.message.check_words import Challenge, draw_challenge, parse_challenge

_NAME = "--challenge"
_DRAW = "draw"
_PHRASE = re.compile(r"\s*[A-Za-z]+(?:\s+[A-Za-z]+)+\s*")

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Asked:
    """What ``--challenge`` asks for.

    Args:
        told: the challenge of the other side; None to draw one.
    """

    told: Challenge | None


class ChallengeCommand(click.Command):
    """A command with `challenge_option`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Join the option and its value, so that nothing else is taken for it."""
        valued = {
            name
            for param in self.params
            if isinstance(param, click.Option) and not param.is_flag and not param.count
            for name in (*param.opts, *param.secondary_opts)
        }
        return super().parse_args(ctx, list(_joined(args, valued - {_NAME})))


class _AskedParameter(click.ParamType[Asked]):
    name = "words"

    def convert(self, value: Any, _param: Any, _ctx: Any) -> Asked:
        if isinstance(value, Asked):
            return value
        return Asked(None if value == _DRAW else parse_challenge(str(value)))


def challenge_option(command: F) -> F:
    """Add ``--challenge`` as the parameter ``asked``; for a `ChallengeCommand` only."""
    option = click.option(
        _NAME,
        "asked",
        type=_AskedParameter(),
        metavar='["W1 W2 W3 W4"]',
        help="Draw four words for the other side to type, and show the answer; with the words "
        "that the other side has drawn, show the answer to them.",
    )
    return option(command)


def take_challenge(asked: Asked | None, entropy: Callable[[int], bytes]) -> Challenge | None:
    """The challenge of this run. Call it when the document has been read, never before.

    Args:
        asked: the option, None when it was not given.
        entropy: gives that many random bytes.
    """
    if asked is None:
        return None
    return draw_challenge(entropy) if asked.told is None else asked.told


def _joined(args: Sequence[str], valued: Collection[str]) -> Iterator[str]:
    left = list(args)
    while left:
        arg = left.pop(0)
        if arg == "--":
            yield from (arg, *left)
            return
        if arg == _NAME:
            has_value = bool(left) and _PHRASE.fullmatch(left[0]) is not None
            yield f"{_NAME}={left.pop(0) if has_value else _DRAW}"
            continue
        yield arg
        if arg in valued and left:
            yield left.pop(0)
