"""How a command over several payloads ends: with the most worrying outcome."""

from __future__ import annotations

from collections.abc import Iterable

from coldlever.shared.errors import (
    EnvironmentFault,
    ExchangeRefused,
    InternalFault,
    Interrupted,
    OutcomeUnknown,
    RuleRefused,
)

_WORST_FIRST = (
    Interrupted.exit_status,
    InternalFault.exit_status,
    OutcomeUnknown.exit_status,
    EnvironmentFault.exit_status,
    ExchangeRefused.exit_status,
    RuleRefused.exit_status,
    0,
)


def worst_of(statuses: Iterable[int]) -> int:
    """The exit status of all of them together; 0 when there are none."""
    return min(statuses, key=_WORST_FIRST.index, default=0)
