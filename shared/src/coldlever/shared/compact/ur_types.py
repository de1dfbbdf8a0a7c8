"""UR types: ours, and words for those that other wallets show."""

from __future__ import annotations

from coldlever.shared.printable import printable

# Short ones: each letter takes room in every frame.
REQUEST = "cl-request"
REQUEST_BATCH = "cl-requests"
SIGNED = "cl-signed"
SIGNED_BATCH = "cl-signed-batch"
MARKET_TABLE = "cl-market"
MARKET_ENTRY = "cl-market-entry"
APPROVALS = "cl-approvals"
POLICY_CHANGE = "cl-policy"

TYPES = (
    REQUEST,
    REQUEST_BATCH,
    SIGNED,
    SIGNED_BATCH,
    MARKET_TABLE,
    MARKET_ENTRY,
    APPROVALS,
    POLICY_CHANGE,
)

_WORDS = {
    REQUEST: "an unsigned request",
    REQUEST_BATCH: "a batch of unsigned requests",
    SIGNED: "a signed payload",
    SIGNED_BATCH: "a batch of signed payloads",
    MARKET_TABLE: "a market table",
    MARKET_ENTRY: "a market entry",
    APPROVALS: "approvals",
    POLICY_CHANGE: "a change of policy",
}


# People scan the codes of their wallets by mistake. Sources: Blockchain Commons' registry
# (BCR-2020-006) and ERC-4527. Some of these are secrets, so only the type is ever named.
_FOREIGN = {
    "bytes": "bytes without a type",
    "crypto-seed": "a wallet's secret seed",
    "seed": "a wallet's secret seed",
    "crypto-hdkey": "a wallet's key",
    "hdkey": "a wallet's key",
    "crypto-account": "a Bitcoin wallet's account",
    "account-descriptor": "a Bitcoin wallet's account",
    "crypto-output": "a Bitcoin wallet's descriptor",
    "output-descriptor": "a Bitcoin wallet's descriptor",
    "crypto-psbt": "a Bitcoin transaction",
    "psbt": "a Bitcoin transaction",
    "eth-sign-request": "an Ethereum wallet's request for a signature",
    "eth-signature": "an Ethereum wallet's signature",
}


def describe_type(ur_type: str) -> str:
    """What a UR type holds, in words with an article.

    Args:
        ur_type: anything.

    Returns:
        Printable words; well-known foreign types with their name, unknown ones by it alone.
    """
    if ur_type in _WORDS:
        return _WORDS[ur_type]
    name = f"`{printable(ur_type, limit=48)}`"
    return f"{_FOREIGN[ur_type]} ({name})" if ur_type in _FOREIGN else f"a {name}"
