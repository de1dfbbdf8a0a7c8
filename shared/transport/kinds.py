"""UR types: ours, and words for those that other wallets show."""

from __future__ import annotations

# Short ones: each letter takes room in every frame.
REQUEST = "cl-request"
REQUEST_BATCH = "cl-requests"
SIGNED = "cl-signed"
SIGNED_BATCH = "cl-signed-batch"
MARKET_TABLE = "cl-market"
MARKET_ENTRY = "cl-market-entry"

TYPES = (REQUEST, REQUEST_BATCH, SIGNED, SIGNED_BATCH, MARKET_TABLE, MARKET_ENTRY)

_WORDS = {
    REQUEST: "an unsigned request",
    REQUEST_BATCH: "a batch of unsigned requests",
    SIGNED: "a signed payload",
    SIGNED_BATCH: "a batch of signed payloads",
    MARKET_TABLE: "a market table",
    MARKET_ENTRY: "a market entry",
}


def describe_type(ur_type: str) -> str:
    """What a UR type of ours holds, in words; other types by their name."""
    return _WORDS.get(ur_type, f"a `{ur_type}`")
