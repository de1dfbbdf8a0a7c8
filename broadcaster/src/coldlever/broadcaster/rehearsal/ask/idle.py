"""Idle: what ``/info`` says about orders, fills, fees and rewards, of which a rehearsal has none.

Common clients ask for these when they start. Source of the shapes: the types of
@nktkas/hyperliquid 0.33. The fees are round figures for training.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from coldlever.broadcaster.rehearsal.reading import read_address, read_string
from coldlever.broadcaster.rehearsal.state import Venue

Fields = dict[str, object]

_NO_DISCOUNT: Final = {"bpsOfMaxSupply": "0.0", "discount": "0.0"}
_CROSS, _ADD, _SPOT_CROSS, _SPOT_ADD = "0.00045", "0.00015", "0.0007", "0.0004"


def nothing(venue: Venue, fields: Fields, now: int) -> object:
    """An empty list, whoever asks."""
    del venue, fields, now
    return []


def nothing_of(*names: str) -> Callable[[Venue, Fields, int], object]:
    """An empty list for a request with these arguments: "user" is an address, others strings."""

    def give(_venue: Venue, fields: Fields, _now: int) -> object:
        for name in names:
            read = read_address if name == "user" else read_string
            read(fields.get(name))
        return []

    return give


def constant_for_user(value: object) -> Callable[[Venue, Fields, int], object]:
    """The same answer for each user."""

    def give(_venue: Venue, fields: Fields, _now: int) -> object:
        read_address(fields.get("user"))
        return value

    return give


def user_fees(_venue: Venue, fields: Fields, _now: int) -> object:
    """``userFees``: nothing traded, no discounts."""
    read_address(fields.get("user"))
    return {
        "dailyUserVlm": [],
        "feeSchedule": {
            "cross": _CROSS,
            "add": _ADD,
            "spotCross": _SPOT_CROSS,
            "spotAdd": _SPOT_ADD,
            "tiers": {"vip": [], "mm": []},
            "referralDiscount": "0.04",
            "stakingDiscountTiers": [_NO_DISCOUNT],
        },
        "userCrossRate": _CROSS,
        "userAddRate": _ADD,
        "userSpotCrossRate": _SPOT_CROSS,
        "userSpotAddRate": _SPOT_ADD,
        "activeReferralDiscount": "0.0",
        "trial": None,
        "feeTrialEscrow": "0.0",
        "nextTrialAvailableTimestamp": None,
        "stakingLink": None,
        "activeStakingDiscount": _NO_DISCOUNT,
    }
