"""The two networks of the exchange."""

from __future__ import annotations

import enum


class Network(enum.Enum):
    """Mainnet or testnet. The signature binds to one of them, the posted body names neither."""

    MAINNET = "mainnet"
    TESTNET = "testnet"

    @property
    def source(self) -> str:
        """The ``source`` of the EIP-712 ``Agent`` struct: "a" on mainnet, "b" on testnet."""
        return "a" if self is Network.MAINNET else "b"
