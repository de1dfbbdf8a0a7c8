"""The last word before anything is signed: the review is shown, and a person agrees to it."""

from __future__ import annotations

from collections.abc import Sequence

from coldlever.shared.action import Address
from coldlever.shared.cli.console import say
from coldlever.shared.cli.show_review import show_reviews
from coldlever.shared.errors import PersonDeclined
from coldlever.shared.message.check_words import Challenge
from coldlever.shared.policy import Approved
from coldlever.signer.cli.confirm_markets import Naming, ask_for_markets
from coldlever.signer.cli.leave import show_leave
from coldlever.signer.cli.machine import Machine
from coldlever.signer.key import Keystore
from coldlever.signer.ledger import ConfirmedCoin
from coldlever.signer.rules import Placed


def confirm(
    machine: Machine,
    requests: Sequence[Placed],
    closed: Keystore,
    naming: Naming,
    challenge: Challenge | None,
    *,
    leave: Sequence[Approved],
    yes: bool,
) -> tuple[ConfirmedCoin, ...]:
    """Show what will be signed and let the person decide.

    Args:
        machine: whom it belongs to.
        requests: what will be signed, in order.
        closed: the keystore, not yet opened.
        naming: the markets whose names have to be said.
        challenge: of ``--challenge``, or None.
        leave: of the policy; empty while the signer is not known.
        yes: whether nobody is asked.

    Returns:
        The names of markets to remember.

    Raises:
        PersonDeclined: ``declined``.
    """
    reviews = [placed.review for placed in requests]
    whose = "this keystore" if closed.address is None else str(closed.address)
    count = "1 request" if len(requests) == 1 else f"{len(requests)} requests"
    say(f"To be signed with the key of {whose}: {count}", bold=True)
    show_reviews(reviews, challenge)
    show_leave(leave)
    if closed.address is None:
        say("The keystore names no address: it is shown, and asked for, once it is open.")
    if yes:
        say("Not asked for confirmation (--yes).")
        return ()
    coins = ask_for_markets(naming, machine.ask)
    _require_yes(machine, len(requests))
    return coins


def confirm_key(
    machine: Machine,
    requests: Sequence[Placed],
    address: Address,
    challenge: Challenge | None,
    *,
    leave: Sequence[Approved],
    yes: bool,
) -> None:
    """Show whose key a keystore without an address held, before anything is recorded.

    Raises:
        PersonDeclined: ``declined``.
    """
    say(f"The keystore holds the key of {address}.", bold=True)
    show_reviews([placed.review for placed in requests], challenge)
    show_leave(leave)
    if not yes:
        _require_yes(machine, len(requests))


def _require_yes(machine: Machine, count: int) -> None:
    """Have the number of requests typed too: nobody signs 1,000 for one they looked at."""
    wanted = "yes" if count == 1 else f"yes {count}"
    if " ".join(machine.ask(f'Type "{wanted}" to sign').split()) != wanted:
        raise PersonDeclined("declined", "not confirmed; nothing was signed or recorded")
