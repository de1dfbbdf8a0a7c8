"""Times and durations in words."""

import pytest

from coldlever.shared.reading.fields import SAFE_INTEGER_MAX
from coldlever.shared.reading.times import moment, parse_duration, parse_moment, span


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "1970-01-01 00:00:00.000 UTC"),
        (1_795_340_000_007, "2026-11-22 09:33:20.007 UTC"),
        (253_402_300_799_999, "9999-12-31 23:59:59.999 UTC"),
        (253_402_300_800_000, "253402300800000 ms, beyond the year 9999"),
        (SAFE_INTEGER_MAX, f"{SAFE_INTEGER_MAX} ms, beyond the year 9999"),
        (2**64, f"{2**64} ms, beyond the year 9999"),
    ],
)
def test_a_moment_is_written_in_utc(ms, words):
    assert moment(ms) == words


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "0 ms"), (999, "999 ms"), (1_000, "1 s"), (59_999, "59 s"), (60_000, "1 min"),
        (61_000, "1 min 1 s"), (3_599_999, "59 min 59 s"), (3_600_000, "1 h"),
        (3_660_000, "1 h 1 min"), (86_399_999, "23 h 59 min"), (86_400_000, "1 d"),
        (2 * 86_400_000 + 3_600_000, "2 d 1 h"), (SAFE_INTEGER_MAX, "104249991 d 8 h"),
    ],
)  # fmt: skip
def test_a_span_has_its_one_or_two_largest_units(ms, words):
    assert span(ms) == words


@pytest.mark.parametrize(
    ("text", "ms"),
    [("1s", 1_000), ("90s", 90_000), ("30m", 1_800_000), ("1h", 3_600_000), ("2d", 172_800_000),
     ("9999999d", 863_999_913_600_000)],
)  # fmt: skip
def test_durations_are_a_number_and_a_unit(text, ms):
    assert parse_duration(text) == ms


@pytest.mark.parametrize(
    "text",
    ["", "1", "h", "0h", "01h", "-1h", "1.5h", "1 h", "1H", "1w", "1h30m", "10000000s", "1h\n", "\u0661h"],
)  # fmt: skip
def test_other_durations_are_wrong_usage(text, refusal):
    error = refusal(parse_duration, text)
    assert (error.code, error.exit_status) == ("bad-duration", 2)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("0", 0),
        ("1795340000000", 1_795_340_000_000),
        (str(SAFE_INTEGER_MAX), SAFE_INTEGER_MAX),
        ("1970-01-01T00:00:00Z", 0),
        ("2026-11-22T09:33:20.007Z", 1_795_340_000_007),
        ("2026-11-22T10:33:20+01:00", 1_795_340_000_000),
        ("2026-11-22 09:33:20.0079+00:00", 1_795_340_000_007),
    ],
)
def test_a_moment_is_digits_or_a_time_with_its_zone(text, ms):
    assert parse_moment(text) == ms


@pytest.mark.parametrize(
    "text",
    ["", "now", "-1", "1e3", "2026-11-22T10:00:00", "2026-11-22", "1969-12-31T23:59:59.999Z",
     "2026-02-30T00:00:00Z", str(SAFE_INTEGER_MAX + 1), "9" * 16, "9" * 17, "10:00Z", "\u0661"],
)  # fmt: skip
def test_other_moments_are_wrong_usage(text, refusal):
    error = refusal(parse_moment, text)
    assert (error.code, error.exit_status) == ("bad-time", 2)
    assert error.message.isprintable()
