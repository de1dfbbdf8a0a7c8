"""How many changes a day: over any 24 hours of nonces, and of the times of recording."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from coldlever.shared.errors import RuleRefused

DAY_MS = 86_400_000


def daily_problem(
    limit: int | None,
    nonces: Iterable[int],
    recorded: Iterable[int | None],
    added: Sequence[int],
    now: int | None,
) -> RuleRefused | None:
    """``policy-refused`` when new changes make more than the limit in any 24 hours; else None.

    Args:
        limit: how many a day, or None.
        nonces: of the changes that are recorded, those to be added not among them.
        recorded: when they were, ms since the epoch; None where no clock was.
        added: nonces of the new changes.
        now: when they are recorded; None without a clock, and only nonces are counted.
    """
    if limit is None or not added:
        return None
    counts = [most_in_a_day(nonces, added)]
    if now is not None:
        times = [time for time in recorded if time is not None]
        counts.append(most_in_a_day(times, [now] * len(added)))
    if max(counts) <= limit:
        return None
    return RuleRefused(
        "policy-refused",
        f"it would be change {max(counts)} within 24 hours, and the policy allows {limit}",
        "wait, or have the policy changed",
    )


def most_in_a_day(known: Iterable[int], added: Iterable[int]) -> int:
    """The highest number of times within 24 hours, of those stretches that hold an added one.

    What was too many before a policy came does not stand against changes of today.
    """
    ordered = sorted([*((time, 0) for time in known), *((time, 1) for time in added)])
    first = new = most = 0
    for last, (time, is_added) in enumerate(ordered):
        new += is_added
        while time - ordered[first][0] >= DAY_MS:
            new -= ordered[first][1]
            first += 1
        most = max(most, last - first + 1 if new else 0)
    return most
