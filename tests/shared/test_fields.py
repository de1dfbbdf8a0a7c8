"""From loose JSON to types."""

import pytest

from coldlever.shared.action.address import as_address, as_optional_address
from coldlever.shared.reading.fields import (
    SAFE_INTEGER_MAX,
    U32_MAX,
    Where,
    as_boolean,
    as_bytes,
    as_choice,
    as_integer,
    as_object,
    as_string,
    describe,
    elements,
)
from coldlever.shared.reading.strict_json import NotInteger

ADDRESS = "0x1719884eb866cb12b2287399b15f7db5e7d775ea"
NOT_INTEGERS = [NotInteger("10.0"), NotInteger("1e1"), NotInteger("-0"), "10", True, None, [10], {}]


def test_a_place_names_file_and_path():
    place = Where("a\x1bb").key("action").index(3).key("nonce")
    assert str(place) == "a\\u{001b}b: $.action[3].nonce"


def test_a_refusal_names_file_path_found_and_expected(where):
    error = where.key("nonce").refusal("wrong-type", "null", "an integer", "write one")
    assert error.code == "wrong-type"
    assert error.message == "file.json: $.nonce: found null, expected an integer"
    assert error.remedy == "write one"
    assert error.exit_status == 3


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (7, "the integer 7"),
        (NotInteger("1.50"), "the number 1.50"),
        (NotInteger("9" * 50), "the number " + "9" * 40 + "... (10 more characters)"),
        ("a\n", 'the string "a\\u{000a}"'),
        ("b" * 61, 'the string "' + "b" * 60 + '"... (1 more characters)'),
        ([1, 2], "an array of 2"),
        ({"a": 1}, "an object"),
    ],
)
def test_a_value_is_described_in_a_few_words(value, words):
    assert describe(value) == words


def test_an_object_has_the_required_keys_and_may_have_the_optional_ones(where):
    assert as_object({"a": 1}, where, ("a",), ("b",)) == {"a": 1}
    assert as_object({"b": 2, "a": 1}, where, ("a",), ("b",)) == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("value", "code", "found"),
    [
        ([], "wrong-type", "found an array of 0, expected an object"),
        ({}, "missing-key", 'found no key "a", expected "a"'),
        ({"a": 1, "c\x1b": 2}, "unknown-key", 'found the key "c\\u{001b}", expected only a, b'),
        ({"A": 1}, "unknown-key", 'found the key "A"'),
    ],
)
def test_another_object_is_refused(value, code, found, where, refusal):
    error = refusal(as_object, value, where, ("a",), ("b",))
    assert error.code == code
    assert found in error.message


def test_elements_come_with_their_places(where):
    assert [(value, place.path) for value, place in elements([7, 8], where.key("x"))] == [
        (7, "$.x[0]"),
        (8, "$.x[1]"),
    ]


def test_what_is_no_array_has_no_elements(where, refusal):
    assert refusal(lambda: list(elements({}, where))).code == "wrong-type"


@pytest.mark.parametrize("value", [0, 1, U32_MAX])
def test_integers_within_their_bounds_are_taken(value, where):
    assert as_integer(value, where, 0, U32_MAX) == value


@pytest.mark.parametrize("value", NOT_INTEGERS)
def test_what_only_looks_like_an_integer_is_none(value, where, refusal):
    error = refusal(as_integer, value, where, 0, U32_MAX)
    assert error.code == "wrong-type"
    assert "expected an integer from 0 to 4294967295" in error.message


@pytest.mark.parametrize("value", [-1, U32_MAX + 1, SAFE_INTEGER_MAX, 10**19])
def test_integers_out_of_bounds_are_refused(value, where, refusal):
    error = refusal(as_integer, value, where, 0, U32_MAX)
    assert error.code == "out-of-range"
    assert f"found the integer {value}" in error.message


def test_booleans_are_true_or_false(where, refusal):
    assert as_boolean(True, where) is True
    assert as_boolean(False, where) is False
    for value in (0, 1, "true", None):
        assert refusal(as_boolean, value, where).code == "wrong-type"


def test_strings_are_bounded(where, refusal):
    assert as_string("abc", where, 3) == "abc"
    assert refusal(as_string, "abcd", where, 3).code == "too-long"
    assert refusal(as_string, 3, where, 3).code == "wrong-type"


def test_a_choice_is_one_of_a_few_words(where, refusal):
    assert as_choice("a", where, ("a", "b")) == "a"
    assert refusal(as_choice, 1, where, ("a", "b")).code == "wrong-type"
    error = refusal(as_choice, "c", where, ("a", "b"))
    assert error.code == "unknown-value"
    assert 'found the string "c", expected "a" or "b"' in error.message


def test_an_address_is_refused_with_its_place(where, refusal):
    assert as_address(ADDRESS, where).lower == ADDRESS
    assert refusal(as_address, 5, where).code == "wrong-type"
    error = refusal(as_address, "0x12", where.key("signer"))
    assert error.code == "bad-address"
    assert error.message.startswith('file.json: $.signer: found "0x12"')


def test_null_is_no_address_where_none_is_needed(where):
    assert as_optional_address(None, where) is None
    assert as_optional_address(ADDRESS, where).lower == ADDRESS


def test_bytes_are_lower_case_digits_of_the_right_number(where, refusal):
    assert as_bytes("0x00ff", where, 2) == b"\x00\xff"
    for text in ("0x00FF", "00ff", "0x00f", "0x00", "0x00ff00", "0x00fg", "0X00ff", "0x00ff\n"):
        assert refusal(as_bytes, text, where, 2).code == "bad-hex"
    assert refusal(as_bytes, 255, where, 2).code == "wrong-type"
