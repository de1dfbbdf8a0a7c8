"""For whom a signer may act, and on whose account an action lands.

Source: the exchange's documentation of API wallets, vaults and sub-accounts. The signature names
no account: the exchange takes the signer's own, its master's when it is an API wallet, or the
vault or sub-account of the body when signer or master controls that one.
"""

from __future__ import annotations

from dataclasses import dataclass

from coldlever.broadcaster.venue.exchange import Exchange
from coldlever.shared.action import Address
from coldlever.shared.errors import RuleRefused
from coldlever.shared.printable import printable
from coldlever.shared.reading import moment


@dataclass(frozen=True, slots=True)
class Acted:
    """Whom an action lands on.

    Args:
        account: the account whose setting changes.
        master: the user behind the signer: itself, or its master.
        sentence: how they belong together.
        caution: what to be aware of, or None.
    """

    account: Address
    master: Address
    sentence: str
    caution: str | None


def account_acted_for(
    exchange: Exchange, signer: Address, vault: Address | None, now: int
) -> Acted:
    """Find the account, and check that the signer may act for it.

    Args:
        exchange: the venue to ask.
        signer: the recovered signer.
        vault: the vault or sub-account of the body, or None.
        now: ms since the epoch, to judge an API wallet's approval by.

    Raises:
        RuleRefused: ``signer-not-allowed``, ``unknown-vault`` or ``multi-sig``.
    """
    role = exchange.role(signer)
    if role.name == "agent" and role.master is not None:
        master = role.master
        sentence = f"an API wallet of {master}"
        caution = _agent_caution(exchange, master, signer, now)
    elif role.name == "user":
        master, sentence, caution = signer, f"acts for its own account {signer}", None
    else:
        raise RuleRefused(
            "signer-not-allowed",
            f"the signer is {printable(role.name)} to the exchange, and such an address signs "
            "nothing",
            "sign with the account's own key or an approved API wallet",
        )
    account = master
    if vault is not None:
        _require_control(exchange, master, vault)
        account = vault
        sentence += f"; acts on {vault}, which {master} controls"
    for address in dict.fromkeys((master, account)):
        if exchange.is_multi_sig(address):
            raise RuleRefused(
                "multi-sig",
                f"{address} is a multi-sig account: single signatures are refused there",
            )
    return Acted(account, master, sentence, caution)


def _agent_caution(exchange: Exchange, master: Address, agent: Address, now: int) -> str | None:
    until = exchange.agent_expiry(master, agent)
    if until is None or until > now:
        return None
    return f"the API wallet's approval by {master} ended at {moment(until)}"


def _require_control(exchange: Exchange, master: Address, vault: Address) -> None:
    role = exchange.role(vault)
    if role.name == "subAccount":
        controller = role.master
    elif role.name == "vault":
        controller = exchange.vault_leader(vault)
    else:
        raise RuleRefused(
            "unknown-vault",
            f"{vault} is neither a vault nor a sub-account ({printable(role.name)})",
            "check the vault address and the network",
        )
    if controller != master:
        raise RuleRefused(
            "signer-not-allowed",
            f"{vault} is controlled by {controller}, not by {master}",
            "sign with the controller's key or an API wallet of it",
        )
