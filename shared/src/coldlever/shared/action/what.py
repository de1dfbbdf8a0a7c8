"""What a signer's nonce is used for: both ledgers keep the two beside each other."""

from __future__ import annotations

import enum


class What(enum.Enum):
    """What a ledger's row about a nonce is.

    A revocation is a ``noop`` with the nonce of the payload that it kills.
    """

    PAYLOAD = "payload"
    REVOCATION = "revocation"
