"""Who signed: whether the exchange knows them, and whom they act for."""

from __future__ import annotations

from coldlever.broadcaster.check.report import Finding, caution
from coldlever.broadcaster.venue import Exchange
from coldlever.broadcaster.venue.authority import Acted
from coldlever.shared.action import Address
from coldlever.shared.errors import RuleRefused
from coldlever.shared.printable import printable


def known_rule(signer: Address, exchange: Exchange) -> str:
    """The exchange knows the signer.

    Raises:
        RuleRefused: ``unknown-signer``.
        EnvironmentFault: the exchange could not be asked.
    """
    role = exchange.role(signer)
    if role.name == "missing":
        raise RuleRefused(
            "unknown-signer",
            f"the exchange knows no account or API wallet {signer}",
            "check the network and that the API wallet is approved; a changed byte anywhere "
            "in a body shows as an unknown signer too",
        )
    return f"the exchange knows the signer as {printable(role.name)}"


def allowed_rule(acted: Acted, claimed: Address | None) -> Finding | str:
    """The signer may act for the account, and it is the one that was drafted for.

    Args:
        acted: whom it would land on.
        claimed: the account that the document names, or None.

    Raises:
        RuleRefused: ``account-mismatch``.
    """
    if claimed is not None and claimed != acted.account:
        raise RuleRefused(
            "account-mismatch",
            f"drafted and reviewed for the account {claimed}, but it would change {acted.account}",
            "find out which of the two was meant, and draft the request again",
        )
    return acted.sentence if acted.caution is None else caution("signer-allowed", acted.caution)
