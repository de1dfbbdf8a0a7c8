"""A ledger under guard: it must contain what this key signed on last, and leaves word of it."""

from __future__ import annotations

from collections.abc import Sequence

from coldlever.shared.errors import EnvironmentFault, RuleRefused
from coldlever.signer.ledger.chain import NEW_LEDGER, Adoption, Head
from coldlever.signer.ledger.entry import Entry
from coldlever.signer.ledger.heads import Heads
from coldlever.signer.ledger.store import Ledger


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

    def record(self, entries: Sequence[Entry]) -> tuple[bool, ...]:
        """Spend nonces durably, all or none, and note in the head how far the ledger reaches now.

        Killed between the two, the ledger reaches further than the head, which is no harm.

        Raises:
            RuleRefused: as `Ledger.record`, ``ledger-behind`` or ``head-damaged``; nothing was
                recorded.
            EnvironmentFault: as `Ledger.record`, or ``head-unwritable``; nothing was recorded.
        """
        with self._heads.locked():
            known = self._heads.read(self._mac_key)
            missing = self._ledger.missing(known)
            if missing and not self._is_new:
                raise behind(missing[0], self._ledger.head())
            adopted = (Adoption(NEW_LEDGER, missing),) if missing else ()
            with self._heads.reserved() as place:
                repeats = self._ledger.record(entries, adopted)
                try:
                    place.fill(self._heads.dump(self._ledger.head(), self._mac_key))
                except EnvironmentFault as error:
                    raise EnvironmentFault(
                        "head-unwritable",
                        f"the ledger's head cannot be written ({error.message}); the nonces are "
                        "recorded, nothing was signed",
                        "free some space and sign the same request again: that is allowed",
                    ) from None
        return repeats


def behind(head: Head, reached: Head) -> RuleRefused:
    """The refusal of a ledger that does not contain what the key signed on last."""
    return RuleRefused(
        "ledger-behind",
        f"this ledger is not the one that this key signed on last, or an older state of it: it has "
        f"{reached.count} rows, and none of them is row {head.count} as the head beside the "
        "keystore knows it; a spent nonce could be signed a second time",
        "put the latest ledger.sqlite3 back, or bring the latest `ledger export` back with `ledger "
        "import`; if neither exists any more, `sign --new-ledger` shows the risk and asks",
    )
