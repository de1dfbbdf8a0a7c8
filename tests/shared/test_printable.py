"""Foreign text on the screen."""

import json

import pytest

from coldlever.shared.printable import printable, quoted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text ~!", "plain text ~!"),
        ("", ""),
        ("\x1b[31m", "\\u{001b}[31m"),
        ("a\nb\tc\r", "a\\u{000a}b\\u{0009}c\\u{000d}"),
        ("\x7f\x9b", "\\u{007f}\\u{009b}"),
        ("\u202eevil", "\\u{202e}evil"),
        ("\u0430pple", "\\u{0430}pple"),
        ("\U0001f600", "\\u{1f600}"),
        ("\udc80", "\\u{dc80}"),
        ("\\", "\\\\"),
        ("\\u{001b}", "\\\\u{001b}"),
    ],
)
def test_everything_but_printable_ascii_is_shown_as_its_code_point(text, shown):
    assert printable(text) == shown


def test_long_text_is_cut_and_the_rest_counted():
    assert printable("a" * 10, limit=10) == "a" * 10
    assert printable("a" * 13, limit=10) == "a" * 10 + "... (3 more characters)"


def test_quotes_cannot_be_ended_from_inside():
    assert quoted('x" (signed)') == '"x\\u{0022} (signed)"'


def test_the_count_of_what_was_cut_stands_outside_the_quotes():
    assert quoted("a" * 13, limit=10) == '"' + "a" * 10 + '"... (3 more characters)'
    assert quoted("aa... (3 more characters)") == '"aa... (3 more characters)"'


def test_only_the_first_of_several_spaces_stays_a_space():
    assert quoted("a b  c    d") == '"a b \\u{0020}c \\u{0020}\\u{0020}\\u{0020}d"'


def test_a_backslash_before_spaces_stays_doubled():
    assert quoted("\\  ") == '"\\\\ \\u{0020}"'


def test_naughty_strings_become_one_line_of_printable_ascii(reference_vectors):
    strings = json.loads((reference_vectors / "naughty" / "blns.json").read_text("utf-8"))
    assert len(strings) > 500
    for text in strings:
        for shown in (printable(text), quoted(text)):
            assert shown.isascii()
            assert shown.isprintable()
