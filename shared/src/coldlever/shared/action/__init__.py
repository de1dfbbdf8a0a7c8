"""What gets signed, its hash, its rules and its signature; no documents and no secret keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.shared.action.actions import Action, UpdateIsolatedMargin, UpdateLeverage
    from coldlever.shared.action.address import Address, parse_address
    from coldlever.shared.action.market import MarginMode, MarketEntry, MarketTable
    from coldlever.shared.action.network import Network
    from coldlever.shared.action.setting import Setting
    from coldlever.shared.action.signable import Signable
    from coldlever.shared.action.signature import Signature
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "Action": "actions",
            "UpdateIsolatedMargin": "actions",
            "UpdateLeverage": "actions",
            "Address": "address",
            "parse_address": "address",
            "MarginMode": "market",
            "MarketEntry": "market",
            "MarketTable": "market",
            "Network": "network",
            "Setting": "setting",
            "Signable": "signable",
            "Signature": "signature",
        },
    )

__all__ = [
    "Action",
    "Address",
    "MarginMode",
    "MarketEntry",
    "MarketTable",
    "Network",
    "Setting",
    "Signable",
    "Signature",
    "UpdateIsolatedMargin",
    "UpdateLeverage",
    "parse_address",
]
