"""Asking a person whether a payload that is open may land after those that are to be posted."""

from __future__ import annotations

from collections.abc import Iterable

from coldlever.broadcaster.check import Blocked, Cleared
from coldlever.broadcaster.cli.machine import Machine
from coldlever.shared.cli.console import say


def ask_after_open(machine: Machine, checked: Iterable[Blocked | Cleared]) -> frozenset[int]:
    """Let a person say that open payloads may land late.

    Args:
        machine: whom it belongs to.
        checked: the payloads of the run.

    Returns:
        The nonces that were typed; none where nobody is asked, or something else was typed.
    """
    nonces = _waited_for(checked)
    if not nonces or not machine.is_attended():
        return frozenset()
    named = " ".join(str(nonce) for nonce in nonces)
    say()
    say(
        "An earlier payload for the same market is open. It may land after this one, and undo it.",
        fg="red",
        bold=True,
    )
    typed = machine.ask(f"If it may land late, type its nonce: after {named}")
    return frozenset(nonces) if " ".join(typed.split()) == f"after {named}" else frozenset()


def _waited_for(checked: Iterable[Blocked | Cleared]) -> list[int]:
    """The nonces of open payloads that are all that holds some of these up."""
    nonces: dict[int, None] = {}
    for one in checked:
        failures = [finding.error for finding in one.report.findings if finding.ok is not True]
        if failures == ["older-open"]:
            nonces |= dict.fromkeys(one.report.facts.open_before)
    return sorted(nonces)
