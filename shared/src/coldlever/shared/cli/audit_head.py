"""A chain's head and its events on the screen: the same on both sides."""

from __future__ import annotations

from coldlever.shared.audit import Head, Kind, Linked, head_text
from coldlever.shared.cli.console import say
from coldlever.shared.reading import moment

_LOUD = (Kind.REFUSED, Kind.REJECTED)


def say_head(head: Head) -> None:
    """Print how far the audit chain reaches, for two people to compare."""
    say(f"audit head  {head_text(head)}")


def say_event(one: Linked) -> None:
    """Print one event: what and when, what it is about, and who did it."""
    event = one.event
    when = "without a clock" if event.at is None else moment(event.at)
    code = "" if event.code is None else f" [{event.code}]"
    colour = "yellow" if event.kind in _LOUD else None
    say(f"{one.position}  {when}  {event.kind.value}{code}", fg=colour, bold=True)
    say(f"    {event.says}")
    if event.nonce is not None:
        network = "" if event.network is None else f"{event.network.value} "
        say(f"    {network}{event.signer or 'nobody named'} nonce {event.nonce}")
    policy = "" if event.policy is None else f"policy {event.policy.version}"
    people = " under ".join(part for part in (event.who or "", policy) if part)
    if people:
        say(f"    {people}")
