"""The account that a document says it changes; a claim that no signature covers."""

from __future__ import annotations

from coldlever.shared.action import Address, Signable
from coldlever.shared.action.address import as_optional_address
from coldlever.shared.errors import RuleRefused
from coldlever.shared.reading import JsonValue, Where


def parse_account(fields: dict[str, JsonValue], where: Where, signable: Signable) -> Address | None:
    """``account``; absent and null both mean none.

    Raises:
        InputRefused: no address.
        RuleRefused: ``account-mismatch`` when what gets signed acts on another vault.
    """
    account = as_optional_address(fields.get("account"), where.key("account"))
    if account is not None and signable.vault not in {None, account}:
        raise RuleRefused(
            "account-mismatch",
            f"{where}: says it changes {account}, what gets signed acts on {signable.vault}",
            "draft the request again; do not combine parts of two requests",
        )
    return account
