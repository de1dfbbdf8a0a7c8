"""The three leverage actions."""

import pytest

from coldlever.shared.action.actions import (
    TopUpIsolatedOnlyMargin,
    UpdateIsolatedMargin,
    UpdateLeverage,
    parse_action,
)
from coldlever.shared.reading.fields import SAFE_INTEGER_MAX, U32_MAX, Where
from coldlever.shared.reading.strict_json import NotInteger

LEVERAGE = {"type": "updateLeverage", "asset": 3, "isCross": False, "leverage": 7}
MARGIN = {"type": "updateIsolatedMargin", "asset": 3, "isBuy": True, "ntli": -1_000_000}
TOP_UP = {"type": "topUpIsolatedOnlyMargin", "asset": 3, "leverage": "2.5"}
PARSED = [
    (LEVERAGE, UpdateLeverage(3, is_cross=False, leverage=7)),
    (MARGIN, UpdateIsolatedMargin(3, is_buy=True, ntli=-1_000_000)),
    (TOP_UP, TopUpIsolatedOnlyMargin(3, "2.5")),
]


@pytest.mark.parametrize(("wire", "action"), PARSED)
def test_an_action_is_read_with_its_keys_in_any_order(wire, action, where):
    assert parse_action(wire, where) == action
    assert parse_action(dict(reversed(wire.items())), where) == action


@pytest.mark.parametrize(("wire", "action"), PARSED)
def test_an_action_is_written_in_hash_order(wire, action):
    assert list(action.to_wire().items()) == list(wire.items())


@pytest.mark.parametrize(
    ("value", "code", "place"),
    [
        (None, "wrong-type", "$"),
        ([LEVERAGE], "wrong-type", "$"),
        ({}, "missing-key", "$"),
        ({"type": "order"}, "unknown-value", "$.type"),
        ({"type": "UpdateLeverage"}, "unknown-value", "$.type"),
        ({"type": 1}, "wrong-type", "$.type"),
        ({**LEVERAGE, "vault": None}, "unknown-key", "$"),
        ({**MARGIN, "leverage": 1}, "unknown-key", "$"),
        ({"type": "updateLeverage", "asset": 1, "isCross": True}, "missing-key", "$"),
    ],
)
def test_what_is_no_leverage_action_is_refused(value, code, place, where, refusal):
    error = refusal(parse_action, value, where)
    assert error.code == code
    assert error.message.startswith(f"file.json: {place}: found ")


@pytest.mark.parametrize(
    ("wire", "key", "values", "code"),
    [
        (LEVERAGE, "asset", [-1, U32_MAX + 1], "out-of-range"),
        (LEVERAGE, "asset", ["3", NotInteger("3.0"), True, None], "wrong-type"),
        (LEVERAGE, "leverage", [0, -5, U32_MAX + 1], "out-of-range"),
        (LEVERAGE, "leverage", ["10", NotInteger("10.0"), NotInteger("1e1"), True], "wrong-type"),
        (LEVERAGE, "isCross", [0, 1, "true", None], "wrong-type"),
        (MARGIN, "isBuy", [0, 1, "true", None], "wrong-type"),
        (MARGIN, "ntli", [0, SAFE_INTEGER_MAX + 1, -SAFE_INTEGER_MAX - 1], "out-of-range"),
        (MARGIN, "ntli", [NotInteger("-0"), "1"], "wrong-type"),
        (TOP_UP, "leverage", [5, NotInteger("2.5"), None], "wrong-type"),
        (TOP_UP, "leverage", ["1" * 20], "too-long"),
    ],
)  # fmt: skip
def test_values_out_of_their_bounds_are_refused_by_path(wire, key, values, code, refusal):
    for value in values:
        error = refusal(parse_action, {**wire, key: value}, Where("file.json"))
        assert (error.code, value) == (code, value)
        assert f"$.{key}: found " in error.message


@pytest.mark.parametrize(
    "text",
    ["", "0", "0.0", "00", "05", "10.0", "2.50", ".5", "5.", "1e1", "-1", "+1", " 1", "1 ", "1,5",
     "0x1", "Infinity", "\u0661", "1.123456789", "12345678901", "2.5\n"],
)  # fmt: skip
def test_a_decimal_not_in_its_shortest_form_is_refused(text, where, refusal):
    assert refusal(parse_action, {**TOP_UP, "leverage": text}, where).code == "bad-decimal"


@pytest.mark.parametrize("text", ["1", "10", "0.5", "2.5", "0.00000001", "9999999999.99999999"])
def test_a_decimal_in_its_shortest_form_is_kept_as_it_is(text, where):
    assert parse_action({**TOP_UP, "leverage": text}, where).leverage == text


@pytest.mark.parametrize("ntli", [1, -1, SAFE_INTEGER_MAX, -SAFE_INTEGER_MAX])
def test_any_amount_but_zero_is_taken(ntli, where):
    assert parse_action({**MARGIN, "ntli": ntli}, where).ntli == ntli
