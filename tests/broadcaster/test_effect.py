"""Whether an action shows in the account, told from what was read before and after."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coldlever.broadcaster.post.effect import (
    Effect,
    Snapshot,
    compare,
    dump_snapshot,
    load_snapshot,
)
from coldlever.shared.action.actions import (
    TopUpIsolatedOnlyMargin,
    UpdateIsolatedMargin,
    UpdateLeverage,
)
from coldlever.shared.action.setting import Setting

CROSS_10 = UpdateLeverage(3, is_cross=True, leverage=10)


def seen(leverage: int = 20, *, cross: bool = True, usd: str | None = None) -> Snapshot:
    return Snapshot(Setting(cross, leverage), None if usd is None else Decimal(usd))


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        (seen(20), seen(10), Effect.VISIBLE),
        (seen(20), seen(20), Effect.ABSENT),
        (seen(20), seen(5), Effect.ABSENT),
        (seen(20), seen(10, cross=False), Effect.ABSENT),
        (seen(10, cross=False), seen(10), Effect.VISIBLE),
        (seen(10), seen(10), Effect.INDISTINCT),
        (None, seen(10), Effect.INDISTINCT),
        (None, seen(9), Effect.ABSENT),
    ],
)
def test_a_leverage_shows_when_it_is_as_asked_and_was_not_before(before, after, effect):
    assert compare(CROSS_10, before, after) is effect


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        ("100", "105.5", Effect.VISIBLE),
        ("-100", "-94.5", Effect.VISIBLE),
        ("100", "105.4", Effect.INDISTINCT),
        ("100", "100", Effect.ABSENT),
        (None, "105.5", Effect.INDISTINCT),
        ("100", None, Effect.INDISTINCT),
    ],
)
def test_moved_margin_shows_as_exactly_that_amount_and_any_other_proves_nothing(
    before, after, effect
):
    action = UpdateIsolatedMargin(3, is_buy=True, ntli=5_500_000)
    assert compare(action, seen(usd=before), seen(usd=after)) is effect
    assert compare(action, None, seen(usd=after)) is Effect.INDISTINCT


def test_a_top_up_shows_as_more_margin():
    action = TopUpIsolatedOnlyMargin(3, "2.5")
    assert compare(action, seen(usd="1"), seen(usd="2")) is Effect.VISIBLE
    assert compare(action, seen(usd="2"), seen(usd="2")) is Effect.ABSENT
    assert compare(action, seen(usd="2"), seen(usd="1")) is Effect.INDISTINCT


@given(
    st.booleans(),
    st.integers(1, 2**32 - 1),
    st.none() | st.decimals(allow_nan=False, allow_infinity=False),
)
def test_a_snapshot_survives_the_ledger(cross, leverage, usd):
    one = Snapshot(Setting(cross, leverage), usd)
    assert load_snapshot(dump_snapshot(one)) == one
