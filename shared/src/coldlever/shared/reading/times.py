"""Times and durations in words. Times are ms since the epoch, shown in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from coldlever.shared.errors import UsageRefused
from coldlever.shared.printable import quoted
from coldlever.shared.reading.fields import SAFE_INTEGER_MAX

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OFFSET = "+00:00"
_DURATION = re.compile(r"([1-9][0-9]{0,6})(s|m|h|d)")
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def moment(ms: int) -> str:
    """``2026-11-22 10:00:00.000 UTC``; a time beyond the calendar is shown as its number."""
    try:
        at = _EPOCH + timedelta(milliseconds=ms)
    except OverflowError:
        return f"{ms} ms, beyond the year 9999"
    return f"{at.isoformat(' ', 'milliseconds').removesuffix(_OFFSET)} UTC"


def span(ms: int) -> str:
    """A duration in its one or two largest units, such as ``1 h 5 min``."""
    if ms < _UNIT_MS["s"]:
        return f"{ms} ms"
    seconds = ms // 1_000
    for size, name, lower_size, lower_name in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if seconds >= size:
            rest = seconds % size // lower_size
            whole = f"{seconds // size} {name}"
            return f"{whole} {rest} {lower_name}" if rest else whole
    return f"{seconds} s"


def parse_duration(text: str) -> int:
    """Milliseconds of ``90s``, ``30m``, ``1h`` or ``2d``.

    Raises:
        UsageRefused: ``bad-duration``.
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise UsageRefused(
            "bad-duration",
            f"found {quoted(text, limit=40)}, expected a duration such as 90s, 30m, 1h or 2d",
        )
    return int(match[1]) * _UNIT_MS[match[2]]


def parse_moment(text: str) -> int:
    """Milliseconds since the epoch, of digits (ms) or of an ISO 8601 time with its zone.

    Between the epoch and 2^53-1, as nonces are.

    Raises:
        UsageRefused: ``bad-time``.
    """
    ms = int(text) if re.fullmatch(r"[0-9]{1,16}", text) else _parse_iso(text)
    if ms is None or not 0 <= ms <= SAFE_INTEGER_MAX:
        raise UsageRefused(
            "bad-time",
            f"found {quoted(text, limit=40)}, expected ms since the epoch or a time with its "
            "zone such as 2026-11-22T10:00:00Z",
        )
    return ms


def _parse_iso(text: str) -> int | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if at.tzinfo is None else (at - _EPOCH) // timedelta(milliseconds=1)
