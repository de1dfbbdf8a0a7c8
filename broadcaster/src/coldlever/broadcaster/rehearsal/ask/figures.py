"""Figures: amounts as the exchange writes them, as decimal strings that always have a point."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

# The exchange gives amounts of USD with up to this many decimals; sizes and prices fit in, too.
_PLACES = Decimal("0.00000001")


def figure(amount: Decimal) -> str:
    """Write ``amount``: "0.0", "84000.0", "-0.00785"; never an exponent, never a minus zero."""
    rounded = amount.quantize(_PLACES, ROUND_HALF_EVEN)
    if rounded == 0:
        return "0.0"
    text = f"{rounded:f}".rstrip("0")
    return text + "0" if text.endswith(".") else text
