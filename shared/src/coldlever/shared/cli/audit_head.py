"""A chain's head on the screen: one line, the same on both sides, for two people to compare."""

from __future__ import annotations

from coldlever.shared.audit import Head, head_text
from coldlever.shared.cli.console import say


def say_head(head: Head) -> None:
    """Print how far the audit chain reaches."""
    say(f"audit head  {head_text(head)}")
