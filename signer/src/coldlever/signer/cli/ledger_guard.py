"""The guarded ledger on the command line: where its heads lie, what is asked when it is behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from coldlever.shared.action import Address
from coldlever.shared.cli.console import say
from coldlever.shared.errors import PersonDeclined, RuleRefused
from coldlever.signer.cli.accept_risk import FAR_NONCE, agree_to
from coldlever.signer.key import SigningKey
from coldlever.signer.ledger import Entry, GuardedLedger, Heads, Ledger
from coldlever.signer.ledger.far import require_near
from coldlever.signer.ledger.guard import losses_of
from coldlever.signer.ledger.heads import KEY_TAG

_AGREED = "a nonce may be signed twice"
_RISK = (
    "What was signed since is unknown here: while one of those requests can still be posted, "
    "another one with its nonce could be signed now, and either could be posted. Wait until "
    "everything signed earlier has expired (two days for requests without an expiry), or bring the "
    "ledger back."
)


@dataclass(frozen=True, slots=True)
class Consent:
    """The options that agree to something.

    Args:
        accepted: ``--accept-risk``.
        new_ledger: ``--new-ledger``.
        yes: ``--yes``.
        ask: asks the person in front of the machine.
    """

    accepted: tuple[str, ...]
    new_ledger: bool
    yes: bool
    ask: Callable[[str], str]


def heads_of(signer: Address, keystore: Path, state: Path) -> Heads:
    """Where the heads of this signer lie: beside the keystore, or in the state folder."""
    folders = [keystore.absolute().parent]
    if state.absolute() not in folders:
        folders.append(state.absolute())
    return Heads(signer, tuple(folders), lambda text: say(text, fg="yellow"))


def agree_on_ledger(
    ledger: Ledger, heads: Heads, entries: Sequence[Entry], consent: Consent
) -> bool:
    """Refuse what the ledger refuses, and what it would need a person's word for without one.

    Nothing is proven yet: `GuardedLedger` looks again, with the key.

    Args:
        ledger: open.
        heads: of the key that will sign.
        entries: what will be recorded; with the clock's time, where there is a clock.
        consent: the options that agree to something.

    Returns:
        Whether a person agreed that the ledger is a new one.

    Raises:
        RuleRefused: ``ledger-behind``, ``audit-behind``, ``audit-forked``, ``head-damaged``,
            ``far-nonce``, or as `Ledger.record`.
        PersonDeclined: ``declined``.
        UsageRefused: ``no-terminal``; --yes does not answer this question.
    """
    known = heads.read(None)
    losses = losses_of(ledger, known)
    if losses:
        refusal = losses.refusal(ledger)
        if not consent.new_ledger:
            raise refusal
        _require_words(refusal, consent.ask)
    elif not known:
        _say_first_use(ledger, heads.signer)
    try:
        require_near(ledger, entries, entries[0].recorded_at)
    except RuleRefused as error:
        if error.code != FAR_NONCE:
            raise
        agree_to(error, consent.accepted, None if consent.yes else consent.ask)
    ledger.rehearse(entries)
    return bool(losses)


def guard(ledger: Ledger, heads: Heads, key: SigningKey, *, is_new: bool) -> GuardedLedger:
    """The ledger that signing records in."""
    return GuardedLedger(ledger, heads, key.derive(KEY_TAG), is_new=is_new)


def _require_words(refusal: RuleRefused, ask: Callable[[str], str]) -> None:
    say(f"WARNING: {refusal.message}", fg="red", bold=True)
    say(_RISK)
    if ask(f'Type "{_AGREED}" to go on with this ledger') != _AGREED:
        raise PersonDeclined("declined", "not confirmed; nothing was signed or recorded")


def _say_first_use(ledger: Ledger, signer: Address) -> None:
    count = ledger.head().count
    if count == 0:
        say("This ledger is new: it knows no nonce that was spent before.", fg="yellow")
    else:
        say(
            f"No head of this ledger ({count} rows) was found for {signer}; one is kept from now "
            "on.",
            fg="yellow",
        )
