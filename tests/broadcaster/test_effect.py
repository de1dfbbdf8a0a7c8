"""Whether an action shows in the account, told from what was read before and after."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldlever.broadcaster.fate import Reading
from coldlever.broadcaster.post.effect import (
    Snapshot,
    dump_snapshot,
    has_moved,
    judge,
    load_snapshot,
)
from coldlever.shared.action.actions import (
    TopUpIsolatedOnlyMargin,
    UpdateIsolatedMargin,
    UpdateLeverage,
)
from coldlever.shared.action.setting import Setting

CROSS_10 = UpdateLeverage(3, is_cross=True, leverage=10)
ADD = UpdateIsolatedMargin(3, is_buy=True, ntli=5_500_000)
HOUR = 3_600_000


def seen(leverage: int = 20, *, cross: bool = True, size: str | None = None) -> Snapshot:
    return Snapshot(Setting(cross, leverage), size=None if size is None else Decimal(size))


def held(usd: str | None, *, size: str = "2", at: int | None = 10 * HOUR) -> Snapshot:
    raw = None if usd is None else Decimal(usd)
    return Snapshot(Setting(is_cross=False, leverage=5), raw, Decimal(size), at=at)


@pytest.mark.parametrize(
    ("before", "after", "reading"),
    [
        (seen(20), seen(10), Reading.SHOWS),
        (seen(20), seen(20), Reading.OTHERWISE),
        (seen(20), seen(5), Reading.OTHERWISE),
        (seen(20), seen(10, cross=False), Reading.OTHERWISE),
        (seen(10, cross=False), seen(10), Reading.SHOWS),
        (seen(10), seen(10), Reading.IN_FORCE),
        (None, seen(10), Reading.IN_FORCE),
        (None, seen(9), Reading.OTHERWISE),
    ],
)
def test_a_leverage_shows_when_it_is_as_asked_and_was_not_before(before, after, reading):
    for is_alone in (True, False):
        assert judge(CROSS_10, before, after, is_alone=is_alone) is reading


def test_an_amount_shows_when_the_balance_moved_by_exactly_that():
    for before, after in (("100", "105.5"), ("-100", "-94.5")):
        assert judge(ADD, held(before), held(after), is_alone=True) is Reading.SHOWS


@pytest.mark.parametrize(
    ("before", "after", "is_alone"),
    [
        pytest.param(held("100"), held("105.4"), True, id="another amount"),
        pytest.param(held("100"), held("100"), True, id="nothing"),
        pytest.param(held("100"), held("105.5"), False, id="another payload of ours"),
        pytest.param(held("100"), held("105.5", size="3"), True, id="another size"),
        pytest.param(held("100"), held("105.5", at=11 * HOUR), True, id="a funding hour between"),
        pytest.param(held("100", at=None), held("105.5"), True, id="no time before"),
        pytest.param(held("100"), held("105.5", at=None), True, id="no time after"),
        pytest.param(None, held("105.5"), True, id="unknown before"),
        pytest.param(held(None), held("105.5"), True, id="no balance before"),
        pytest.param(held("100"), held(None), True, id="no balance after"),
    ],
)
def test_an_amount_that_anything_else_may_explain_is_unclear(before, after, is_alone):
    assert judge(ADD, before, after, is_alone=is_alone) is Reading.UNCLEAR


def test_within_the_funding_hour_an_amount_shows():
    before, after = held("0", at=10 * HOUR), held("5.5", at=11 * HOUR - 1)
    assert judge(ADD, before, after, is_alone=True) is Reading.SHOWS


def test_a_top_up_never_shows_and_is_in_force_by_the_leverage_reached():
    action = TopUpIsolatedOnlyMargin(3, "2.5")
    isolated = Snapshot(Setting(is_cross=False, leverage=5), Decimal(1), Decimal(2), Decimal("2.5"))
    for reached, reading in (("2.5", Reading.IN_FORCE), ("2", Reading.IN_FORCE), ("2.6", None)):
        after = replace(isolated, reached=Decimal(reached))
        assert judge(action, isolated, after, is_alone=True) is (reading or Reading.UNCLEAR)
    cross = replace(isolated, setting=Setting(is_cross=True, leverage=5))
    for after in (cross, replace(isolated, reached=None)):
        assert judge(action, None, after, is_alone=True) is Reading.UNCLEAR


def test_a_market_that_somebody_has_changed_since_is_noticed():
    assert not has_moved(seen(20), seen(20), CROSS_10)
    assert not has_moved(seen(20), seen(10), CROSS_10), "as asked"
    assert not has_moved(None, seen(10), CROSS_10)
    assert has_moved(seen(20), seen(5), CROSS_10)
    assert has_moved(None, seen(20), CROSS_10), "nobody knows how it was"
    assert not has_moved(held("1"), held("9"), ADD)
    assert has_moved(held("1"), held("1", size="3"), ADD)
    assert has_moved(None, held("1"), ADD)


_decimals = st.none() | st.decimals(allow_nan=False, allow_infinity=False)


@given(st.booleans(), st.integers(1, 2**32 - 1), _decimals, _decimals, st.none() | st.integers(0))
def test_a_snapshot_survives_the_ledger(cross, leverage, usd, size, at):
    one = Snapshot(Setting(cross, leverage), usd, size, size, at)
    assert load_snapshot(dump_snapshot(one)) == one


def test_a_snapshot_of_release_0_1_is_read():
    old = '{"isCross": false, "leverage": 3, "rawUsd": "1.5"}'
    assert load_snapshot(old) == Snapshot(Setting(is_cross=False, leverage=3), Decimal("1.5"))
