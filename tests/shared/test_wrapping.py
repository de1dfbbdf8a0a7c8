"""Long lines on a narrow terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldlever.shared.cli.wrapping import columns_of, wrapped

_FACT = "  Margin used   420.0 USD before, 840.00 USD after (as drafted, not signed) and some more"


def test_a_value_stays_beside_its_label():
    first, second = wrapped(_FACT, 80).split("\n")
    assert first.endswith("(as drafted, not signed) and")
    assert second == " " * 16 + "some more"


def test_a_sentence_goes_on_a_little_deeper():
    lines = wrapped("  ! " + "word " * 30, 60).split("\n")
    assert lines[0].startswith("  ! word")
    assert all(line.startswith("    word") for line in lines[1:])


def test_what_is_to_be_copied_and_long_words_stay_in_one_piece():
    command = "`coldlever-signer sign request.json --keystore main --out signed.json`"
    assert command in wrapped(f"remedy: repeat it with {command}, please", 60)
    address = "0x" + "ab" * 32
    assert address in wrapped(f"the hash is {address} and nothing else at all", 50)


def test_a_hash_that_does_not_fit_beside_its_label_stands_whole_below_it():
    digest = "0x" + "ab" * 32
    assert wrapped(f"  Action hash  {digest}", 80) == f"  Action hash\n    {digest}"


@pytest.mark.parametrize("columns", [0, 10, 39])
def test_a_terminal_that_is_too_narrow_is_left_to_itself(columns):
    assert wrapped(_FACT, columns) == _FACT


@given(st.text(alphabet="ab `\n", max_size=300), st.integers(40, 90))
def test_no_word_is_lost_or_changed(text, columns):
    assert wrapped(text, columns).split() == text.split()


@given(st.lists(st.text(alphabet="abc", min_size=1, max_size=12), max_size=60), st.integers(40, 90))
def test_no_line_is_wider_than_the_terminal(words, columns):
    assert all(len(line) <= columns for line in wrapped(" ".join(words), columns).split("\n"))


def test_what_is_no_terminal_has_no_width(tmp_path):
    assert columns_of(None) is None
    with (tmp_path / "file").open("w") as stream:
        assert columns_of(stream) is None
