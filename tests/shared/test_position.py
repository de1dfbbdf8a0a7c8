"""What a request says it does to the open position: a strict form, shown as drafted."""

from dataclasses import replace

import pytest

from coldlever.shared.errors import InputRefused
from coldlever.shared.message.position import Position, parse_position
from coldlever.shared.message.request import Defaults, parse_requests
from coldlever.shared.message.review import review
from coldlever.shared.reading import Where

WHERE = Where("f")
LONG = Position("0.5", "420.0", "840.00", "38000.5", "39000")


def test_a_position_is_read_as_it_was_written():
    assert parse_position(LONG.to_wire(), WHERE) == LONG
    assert parse_position({"size": "-1", "marginAfter": None}, WHERE) == Position("-1")
    assert parse_position(None, WHERE) is None


@pytest.mark.parametrize("size", ["0", "-0.00", "1e3", "", "+1", ".5", "1.", "1" * 31, 1, None])
def test_a_size_that_is_no_decimal_other_than_zero_is_refused(size):
    with pytest.raises(InputRefused):
        parse_position({"size": size}, WHERE)


@pytest.mark.parametrize(
    ("size", "before", "after", "nearer"),
    [
        ("1", "10", "10.000000000000000000000000000001", True),
        ("1", "10.0", "10", False),
        ("1", "10", "9.9", False),
        ("-1", "10", "9.9", True),
        ("-0.5", "9.9", "10", False),
        ("1", None, "10", False),
        ("1", "10", None, False),
    ],
)
def test_a_liquidation_price_that_comes_nearer_is_told_exactly(size, before, after, nearer):
    one = Position(size, None, None, before, after)
    assert one.comes_nearer is nearer
    assert [caution.code for caution in one.cautions] == ["liquidation-nearer"] * nearer


def test_the_review_shows_it_as_drafted_before_it_is_signed(request_wire):
    wire = {**request_wire, "position": LONG.to_wire()}
    request = parse_requests(wire, WHERE, Defaults()).requests[0]
    assert request.to_wire()["position"] == LONG.to_wire()
    shown = {row.label: row.value for row in review(request).rows}
    assert shown["Position"] == "long 0.5 (as drafted, not signed)"
    assert shown["Margin used"] == "420.0 USD before, 840.00 USD after (as drafted, not signed)"
    assert shown["Liquidation"] == "38000.5 before, 39000 after (as drafted, not signed)"
    assert "liquidation-nearer" in [caution.code for caution in review(request).cautions]
    assert "Position" not in {row.label for row in review(replace(request, position=None)).rows}
