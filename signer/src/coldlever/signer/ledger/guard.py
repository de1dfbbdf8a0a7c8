"""A ledger under guard: it must contain what this key signed on last, and leaves word of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coldlever.shared.action import Address
from coldlever.shared.audit import Event, Kind
from coldlever.shared.audit.chain_head import ChainHead
from coldlever.shared.audit.verifying import lost
from coldlever.shared.errors import EnvironmentFault, RuleRefused
from coldlever.signer.ledger.chain import NEW_LEDGER, Adoption, Head
from coldlever.signer.ledger.entry import Entry
from coldlever.signer.ledger.heads import Heads, Reached
from coldlever.signer.ledger.store import Ledger, Tell, nothing_to_tell

_REMEDY = (
    "put the latest ledger.sqlite3 back, or bring the latest `ledger export` back with `ledger "
    "import`; if neither exists any more, `sign --new-ledger` shows the risk and asks"
)


class GuardedLedger:
    """Records as `Ledger` does, under one lock: look at the head, commit, write the head.

    Args:
        ledger: open.
        heads: of the key that signs.
        mac_key: 32 bytes that come from the opened key.
        is_new: whether a person has agreed to go on with a ledger that is behind.
    """

    __slots__ = ("_heads", "_is_new", "_ledger", "_mac_key")

    def __init__(self, ledger: Ledger, heads: Heads, mac_key: bytes, *, is_new: bool) -> None:
        self._ledger = ledger
        self._heads = heads
        self._mac_key = mac_key
        self._is_new = is_new

    def record(self, entries: Sequence[Entry], tell: Tell = nothing_to_tell) -> tuple[bool, ...]:
        """Spend nonces durably, all or none, and note in the head how far the ledger reaches now.

        Killed between the two, the ledger reaches further than the head, which is no harm.

        Raises:
            RuleRefused: as `Ledger.record`, ``ledger-behind``, ``audit-behind``, ``audit-forked``
                or ``head-damaged``; nothing was recorded.
            EnvironmentFault: as `Ledger.record`, or ``head-unwritable``; nothing was recorded.
        """
        with self._heads.locked():
            known = self._heads.read(self._mac_key)
            losses = losses_of(self._ledger, known)
            if losses and not self._is_new:
                raise losses.refusal(self._ledger)
            adopted = (Adoption(NEW_LEDGER, losses.heads),) if losses.heads else ()
            now = entries[0].recorded_at if entries else None
            given_up = losses.events(self._heads.signer, now)
            with self._heads.reserved() as place:
                repeats = self._ledger.record(
                    entries, adopted, lambda known: (*given_up, *tell(known))
                )
                try:
                    place.fill(self._heads.dump(self._ledger.reached(), self._mac_key))
                except EnvironmentFault as error:
                    raise EnvironmentFault(
                        "head-unwritable",
                        f"the ledger's head cannot be written ({error.message}); the nonces are "
                        "recorded, nothing was signed",
                        "free some space and sign the same request again: that is allowed",
                    ) from None
        return repeats


@dataclass(frozen=True, slots=True)
class Losses:
    """What a key has signed on and a ledger does not contain.

    Args:
        heads: of its rows.
        audit: of its events.
    """

    heads: tuple[Head, ...]
    audit: tuple[ChainHead, ...]

    def __bool__(self) -> bool:
        return bool(self.heads or self.audit)

    def refusal(self, ledger: Ledger) -> RuleRefused:
        """Why nothing is signed on this ledger, unless a person says so."""
        reached = ledger.reached()
        if self.heads:
            return behind(self.heads[0], reached.head)
        found = lost(self.audit[0], reached.audit, "this ledger")
        return RuleRefused(found.code, found.message, _REMEDY)

    def events(self, signer: Address, now: int | None) -> tuple[Event, ...]:
        """That a person went on without it; each names what is given up."""
        return tuple(
            Event(
                Kind.ADOPTED,
                f"went on with --new-ledger and without the audit {one.words}",
                at=now,
                signer=signer,
                who=str(signer),
            )
            for one in self.audit
        )


def losses_of(ledger: Ledger, known: Sequence[Reached]) -> Losses:
    """What a ledger lacks of all that is known of it."""
    heads = ledger.missing(tuple(one.head for one in known))
    audit = ledger.audit.missing(tuple(dict.fromkeys(one.audit for one in known)))
    return Losses(heads, audit)


def behind(head: Head, reached: Head) -> RuleRefused:
    """The refusal of a ledger that does not contain what the key signed on last."""
    return RuleRefused(
        "ledger-behind",
        f"this ledger is not the one that this key signed on last, or an older state of it: it has "
        f"{reached.count} rows, and none of them is row {head.count} as the head beside the "
        "keystore knows it; a spent nonce could be signed a second time",
        _REMEDY,
    )
