"""What people type: addresses, durations, times and the names of files."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from coldlever.shared.action.address import Address, parse_address
from coldlever.shared.action.time_rules import (
    NONCE_FUTURE_MS,
    NONCE_PAST_MS,
    expiry_problem,
    nonce_window_problem,
)
from coldlever.shared.errors import ColdleverError, InputRefused, UsageRefused
from coldlever.shared.files import read_bounded, require_writable, write_exclusive
from coldlever.shared.reading.fields import SAFE_INTEGER_MAX, Where, describe
from coldlever.shared.reading.times import moment, parse_duration, parse_moment, span
from tests.property.wires import JSON_VALUES, TIMES

MANY = settings(deadline=None, max_examples=200)
SOME = settings(deadline=None, max_examples=60)
DAY_MS = 86_400_000
LAST_MS = 253_402_300_799_999  # the end of the year 9999


def is_fit_to_show(error):
    shown = error.message + (error.remedy or "")
    return shown.isascii() and shown.isprintable()


def attempt(parse, text):
    """What was read, or None for a refusal, which must be fit to be shown."""
    try:
        return parse(text)
    except ColdleverError as error:
        refusal = error
    assert isinstance(refusal, InputRefused | UsageRefused)
    assert is_fit_to_show(refusal)
    return None


@given(text=st.text(max_size=60) | st.from_regex(r"0x[0-9a-fA-F]{39,41}", fullmatch=True))
@MANY
def test_any_text_is_an_address_or_refused(text):
    address = attempt(parse_address, text)
    assert address is None or address.lower == text.lower()


@given(raw=st.binary(min_size=20, max_size=20))
@MANY
def test_every_spelling_of_an_address_is_the_same_address(raw):
    address = Address(raw)
    for text in (address.lower, address.checksummed, "0x" + raw.hex().upper()):
        assert parse_address(text) == address


@given(text=st.text(max_size=30) | st.from_regex(r"[0-9]{1,8}[smhdw]?", fullmatch=True))
@MANY
def test_any_text_is_a_duration_or_refused(text):
    ms = attempt(parse_duration, text)
    assert ms is None or 0 < ms <= 9_999_999 * DAY_MS


@given(
    text=st.one_of(
        st.text(max_size=30),
        st.from_regex(r"[0-9]{1,17}", fullmatch=True),
        st.datetimes(timezones=st.timezones()).map(datetime.isoformat),
        st.datetimes().map(datetime.isoformat),
    )
)
@example("0001-01-01T00:00:00+23:59")
@example("9999-12-31T23:59:59-23:59")
@MANY
def test_any_text_is_a_time_or_refused(text):
    ms = attempt(parse_moment, text)
    assert ms is None or 0 <= ms <= SAFE_INTEGER_MAX


@given(ms=st.integers(0, LAST_MS))
@MANY
def test_a_time_that_is_shown_can_be_typed_again(ms):
    date, clock, zone = moment(ms).split(" ")
    assert zone == "UTC"
    assert parse_moment(f"{date}T{clock}Z") == parse_moment(str(ms)) == ms


@given(ms=st.integers(DAY_MS, LAST_MS - DAY_MS), minutes=st.integers(-1439, 1439))
@SOME
def test_a_time_in_any_zone_is_its_milliseconds(ms, minutes):
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    there = at.astimezone(timezone(timedelta(minutes=minutes)))
    assert parse_moment(there.isoformat()) == ms


@given(ms=st.integers(-SAFE_INTEGER_MAX, 2**64))
@SOME
def test_any_number_can_be_shown_as_a_time(ms):
    assert moment(ms).isascii()


@given(ms=st.integers(0, 2**64))
@SOME
def test_any_span_has_at_most_two_units(ms):
    assert len(span(ms).split(" ")) in {2, 4}


@given(nonce=TIMES, now=TIMES | st.integers(-3, 3))
@MANY
def test_the_window_of_nonces_is_open_at_both_ends(nonce, now):
    for offset in (-NONCE_PAST_MS, NONCE_FUTURE_MS):
        assert nonce_window_problem(now + offset, now).code == "nonce-window"
    assert nonce_window_problem(now - NONCE_PAST_MS + 1, now) is None
    assert nonce_window_problem(now + NONCE_FUTURE_MS - 1, now) is None
    is_inside = -NONCE_PAST_MS < nonce - now < NONCE_FUTURE_MS
    assert (nonce_window_problem(nonce, now) is None) is is_inside


@given(expiry=TIMES, now=TIMES, margin=st.integers(0, DAY_MS))
@MANY
def test_an_expiry_must_lie_beyond_now_and_the_margin(expiry, now, margin):
    assert (expiry_problem(expiry, now, margin) is None) is (expiry > now + margin)
    assert expiry_problem(now + margin, now, margin).code == "expired"
    assert expiry_problem(now + margin + 1, now, margin) is None
    assert expiry_problem(None, now, margin) is None


@given(value=JSON_VALUES, source=st.text(max_size=40))
@MANY
def test_whatever_is_found_is_told_on_one_printable_line(value, source):
    error = Where(source).key("nonce").refusal("wrong-type", describe(value), "an integer")
    assert is_fit_to_show(error)


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=60)


@given(name=NAMES.filter(lambda name: name not in {".", ".."}), data=st.binary(max_size=100))
@SOME
def test_a_file_of_any_name_is_written_once_and_read_back(name, data):
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        require_writable(path, force=False)
        write_exclusive(path, data)
        assert read_bounded(path, 100) == data
        assert [one.name for one in Path(folder).iterdir()] == [name]
        assert attempt(lambda other: write_exclusive(path, other), b"other") is None
        assert read_bounded(path, 100) == data
