"""Signers: whose key made a signature, for whom it acts, and on which account.

Source: the exchange's documentation of API wallets, vaults and sub-accounts; the sentences were
recorded.
"""

from __future__ import annotations

from typing import Final

from coldlever.broadcaster.rehearsal.state import Account, Refused, Role, Venue, sentences
from coldlever.shared.action import Address, Signature
from coldlever.shared.action.signature import recover
from coldlever.shared.errors import RuleRefused

RECOVERY_VALUES: Final = (27, 28)


def recover_signer(digest: bytes, signature: Signature) -> Address:
    """The address whose key made ``signature``.

    Raises:
        Refused: nobody's can have made it. Observed for r = s = 0; a guess for the rest.
    """
    if signature.v not in RECOVERY_VALUES:
        raise Refused(sentences.UNRECOVERABLE)
    try:
        return recover(digest, signature)
    except RuleRefused:
        raise Refused(sentences.UNRECOVERABLE) from None


def user_behind(venue: Venue, signer: Address, now: int) -> Account:
    """The user that ``signer`` acts for: itself, or the master whose API wallet it is.

    Observed: an API wallet of a multi-sig account acts for it directly, without a wrapper, while
    the account's own key is refused; a replaced API wallet is told that its master must deposit,
    a removed one that it does not exist.

    Args:
        venue: the state, only read.
        signer: the recovered address.
        now: the exchange's time, ms since the epoch.

    Raises:
        Refused: nobody's, never funded, or the own key of a multi-sig account.
    """
    agent = venue.book.agent(signer, now)
    replaced_for = venue.book.replaced_for(signer)
    if agent is None and replaced_for is not None:
        raise Refused(sentences.must_deposit(replaced_for))
    user = funded_user(venue, signer if agent is None else agent.master, signer)
    if agent is None and user.multi_sig is not None:
        raise Refused(sentences.MULTI_SIG_REQUIRED)
    return user


def funded_user(venue: Venue, address: Address, signer: Address) -> Account:
    """The user at ``address``, who once had funds; ``signer`` is whom a refusal names.

    Raises:
        Refused: there is none, or it never deposited.
    """
    user = venue.book.find(address)
    if user is None or user.role is not Role.USER:
        raise Refused(sentences.no_such_signer(signer))
    if not user.has_deposited:
        raise Refused(sentences.must_deposit(user.address))
    return user


def acted_for(venue: Venue, user: Account, vault: Address | None) -> Account:
    """The account that gets changed: the user's own, or the vault or sub-account it controls.

    Raises:
        Refused: ``vault`` is neither, or somebody else's.
    """
    if vault is None:
        return user
    account = venue.book.find(vault)
    if account is None or account.role is Role.USER:
        raise Refused(sentences.no_such_vault(vault))
    if account.controller != user.address:
        raise Refused(sentences.not_in_control(user.address, vault))
    return account
