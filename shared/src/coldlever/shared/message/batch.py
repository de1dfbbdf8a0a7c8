"""A batch that carries its market entries once, for many requests of the same markets."""

from __future__ import annotations

from coldlever.shared.action import MarketEntry
from coldlever.shared.action.market import parse_market_entry
from coldlever.shared.errors import RuleRefused
from coldlever.shared.reading import JsonValue, Where, as_integer, as_object, elements
from coldlever.shared.reading.fields import as_choice

KIND = "coldlever/batch"
VERSION = 1


def is_batch_object(value: JsonValue) -> bool:
    """Whether a document says that it is one."""
    return isinstance(value, dict) and value.get("kind") == KIND


def parse_batch_object(value: JsonValue, where: Where) -> tuple[JsonValue, dict[int, MarketEntry]]:
    """The requests, still to be read, and the market entries by asset id.

    Raises:
        InputRefused: wrong form, or an asset listed twice.
    """
    fields = as_object(value, where, ("kind", "version", "markets", "requests"))
    as_choice(fields["kind"], where.key("kind"), (KIND,))
    as_integer(fields["version"], where.key("version"), VERSION, VERSION)
    markets: dict[int, MarketEntry] = {}
    for element, place in elements(fields["markets"], where.key("markets")):
        entry = parse_market_entry(element, place)
        if entry.asset in markets:
            raise place.refusal("market-duplicate", f"asset {entry.asset} twice", "each asset once")
        markets[entry.asset] = entry
    return fields["requests"], markets


def require_same_entry(own: MarketEntry | None, shared: MarketEntry, where: Where) -> None:
    """Refuse a request whose own entry says something else than the batch's.

    Raises:
        RuleRefused: ``market-mismatch``.
    """
    if own is not None and own != shared:
        raise RuleRefused(
            "market-mismatch",
            f"{where}: the market entry for asset {own.asset} is another than the batch's",
            "draft the request again; do not combine parts of two requests",
        )
