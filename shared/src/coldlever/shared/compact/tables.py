"""What each envelope's compact form consists of: docs/qr-formats.md as code.

The numbers are for ever: codes printed today are read by every later version.
"""

from __future__ import annotations

from coldlever.shared.action import MarginMode, Network, UpdateIsolatedMargin, UpdateLeverage
from coldlever.shared.action.actions import Noop, TopUpIsolatedOnlyMargin
from coldlever.shared.compact.approvals import APPROVAL, DIGEST, Approvals, Attestations, Path
from coldlever.shared.compact.fields import (
    ADDRESS,
    BOOLEAN,
    INTEGER,
    INTEGER_OR_TEXT,
    SIGNATURE,
    TEXT,
    Array,
    Choice,
    Field,
    Record,
)

NETWORK = Choice((Network.MAINNET.value, Network.TESTNET.value))
ACTION_TYPE = Choice(
    (UpdateLeverage.TYPE, UpdateIsolatedMargin.TYPE, TopUpIsolatedOnlyMargin.TYPE, Noop.TYPE)
)
MARGIN_MODE = Choice(
    (MarginMode.NORMAL.value, MarginMode.NO_CROSS.value, MarginMode.STRICT_ISOLATED.value)
)

ACTION = Record(
    "action",
    Field(0, "type", ACTION_TYPE, required=True),
    Field(1, "asset", INTEGER),
    Field(2, "isCross", BOOLEAN),
    Field(3, "leverage", INTEGER_OR_TEXT),
    Field(4, "isBuy", BOOLEAN),
    Field(5, "ntli", INTEGER),
)

SETTING = Record(
    "setting",
    Field(0, "isCross", BOOLEAN, required=True),
    Field(1, "leverage", INTEGER, required=True),
)

_AFTER_ASSET = (
    Field(2, "coin", TEXT, required=True),
    Field(3, "maxLeverage", INTEGER, required=True),
    Field(4, "marginMode", MARGIN_MODE, required=True),
    Field(5, "delisted", BOOLEAN, required=True),
)

MARKET_ENTRY = Record(
    "market entry",
    Field(0, "network", NETWORK, required=True),
    Field(1, "asset", INTEGER, required=True),
    *_AFTER_ASSET,
    Field(6, "time", INTEGER, required=True),
)

# In a table, network and time are left out where they are the table's.
TABLE_ENTRY = Record(
    "table entry",
    Field(0, "network", NETWORK),
    Field(1, "asset", INTEGER, required=True),
    *_AFTER_ASSET,
    Field(6, "time", INTEGER),
)

MARKET_TABLE = Record(
    "market table",
    Field(0, "network", NETWORK, required=True),
    Field(1, "time", INTEGER, required=True),
    Field(2, "entries", Array(TABLE_ENTRY), required=True),
    Field(3, "attestations", Attestations()),
)

MARKET_PROOF = Record(
    "market proof",
    Field(0, "markets", INTEGER, required=True),
    Field(1, "position", INTEGER, required=True),
    Field(2, "path", Path(), required=True),
    Field(3, "attestations", Attestations(), required=True),
)

# A decimal stays the text that the exchange gave.
POSITION = Record(
    "position",
    Field(0, "size", TEXT, required=True),
    Field(1, "marginBefore", TEXT),
    Field(2, "marginAfter", TEXT),
    Field(3, "liquidationBefore", TEXT),
    Field(4, "liquidationAfter", TEXT),
)

KILLED = Record(
    "killed action",
    Field(0, "action", ACTION, required=True),
    Field(1, "expiresAfter", INTEGER),
    Field(2, "vaultAddress", ADDRESS),
)

# Requests and signed payloads have these numbers in common. JSON lets a request leave its network
# to an option; a code says it itself.
_SIGNABLE = (
    Field(0, "network", NETWORK, required=True),
    Field(1, "action", ACTION, required=True),
    Field(2, "nonce", INTEGER, required=True),
    Field(3, "expiresAfter", INTEGER),
    Field(4, "vaultAddress", ADDRESS),
)

REQUEST = Record(
    "request",
    *_SIGNABLE,
    Field(5, "signer", ADDRESS),
    Field(6, "market", MARKET_ENTRY),
    Field(7, "current", SETTING),
    Field(8, "note", TEXT),
    Field(9, "account", ADDRESS),
    Field(10, "position", POSITION),
    Field(11, "approvals", Approvals()),
    Field(12, "kills", KILLED),
    Field(13, "marketProof", MARKET_PROOF),
)

SIGNED_PAYLOAD = Record(
    "signed payload",
    *_SIGNABLE,
    Field(5, "signer", ADDRESS, required=True),
    Field(6, "signature", SIGNATURE, required=True),
    Field(7, "approvals", Approvals()),
    Field(8, "account", ADDRESS),
)

APPROVALS_FILE = Record(
    "approvals file",
    Field(0, "network", NETWORK, required=True),
    Field(1, "subject", DIGEST, required=True),
    Field(2, "approvals", Approvals(), required=True),
)

POLICY_REF = Record(
    "policy reference",
    Field(0, "version", INTEGER, required=True),
    Field(1, "digest", DIGEST, required=True),
)

POLICY_CHANGE = Record(
    "policy change",
    Field(0, "old", POLICY_REF),
    Field(1, "policy", TEXT),
    Field(2, "approvals", Approvals(), required=True),
)

RECORDS = (
    REQUEST,
    SIGNED_PAYLOAD,
    MARKET_TABLE,
    TABLE_ENTRY,
    MARKET_ENTRY,
    ACTION,
    SETTING,
    POSITION,
    APPROVAL,
    APPROVALS_FILE,
    POLICY_REF,
    POLICY_CHANGE,
    KILLED,
    MARKET_PROOF,
)
