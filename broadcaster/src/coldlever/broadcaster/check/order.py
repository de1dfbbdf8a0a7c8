"""Whose turn it is: older payloads for the same account and market come first.

A payload that is open may land at any moment until its end. What is sent after it would be undone
by it, so nothing is sent before it is settled, unless a person says that it may land late.
"""

from __future__ import annotations

from dataclasses import replace

from coldlever.broadcaster.check.earlier import Earlier
from coldlever.broadcaster.check.report import Facts, Finding, caution
from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger import Ledger, Place, Row, Turn, older_open
from coldlever.shared.action.what import What


class Order:
    """Judges the turn of the payloads of a run.

    Args:
        ledger: what this machine knows to have been posted.
        venue_key: what the ledger files the venue's posts under.
        earlier: the earlier payloads of the run.
        after_open: nonces of open payloads that may land late, as a person said.
    """

    def __init__(
        self,
        ledger: Ledger,
        venue_key: str,
        earlier: Earlier,
        after_open: frozenset[int] = frozenset(),
    ) -> None:
        self._ledger = ledger
        self._venue_key = venue_key
        self._earlier = earlier
        self._after_open = after_open
        self._can_land: list[Row] | None = None
        self._newest: dict[Place, int] = {}

    def learn(self, facts: Facts) -> Facts:
        """Which payloads for the market are open, and the newest that was sent."""
        if facts.account is None or facts.market is None:
            return facts
        beside = [row for row in self._beside(facts) if row.state is NonceState.OPEN]
        place = Place(self._venue_key, facts.account, facts.market.coin)
        if place not in self._newest:
            self._newest[place] = self._ledger.turns.newest(place)
        return replace(
            facts,
            open_before=tuple(row.key.nonce for row in beside),
            newest_sent=self._newest[place],
        )

    def judge(self, facts: Facts) -> Finding | str:
        """Whether a payload may be sent now.

        Raises:
            RuleRefused: ``nonce-order`` or ``older-open``.
        """
        self._earlier.require_nonce_order(facts)
        waiting = [nonce for nonce in facts.open_before if nonce not in self._after_open]
        if waiting:
            raise older_open(waiting)
        if facts.open_before:
            named = ", ".join(str(nonce) for nonce in facts.open_before)
            return caution("order", f"an earlier payload (nonce {named}) may land after this one")
        if facts.newest_sent > facts.signable.nonce:
            sentence = (
                f"a newer payload for this market (nonce {facts.newest_sent}) was sent before"
            )
            return caution("order", sentence)
        return self.foresee(facts)

    def turn(self, facts: Facts) -> Turn:
        """What a sender of a judged payload takes into account."""
        return Turn(self._after_open, facts.newest_sent)

    def foresee(self, facts: Facts) -> Finding | str:
        """What a drafter is told: until it is signed, much may be settled."""
        beside = self._beside(facts)
        if not beside:
            return "no other payload for this market can land"
        row = beside[0]
        what = "still open" if row.state is NonceState.OPEN else row.state.value
        sentence = (
            f"an earlier payload for this market (nonce {row.key.nonce}) is {what}: run `resolve` "
            "first, or it may land after this one"
        )
        return caution("order", sentence)

    def _beside(self, facts: Facts) -> list[Row]:
        """Other payloads for the same account and market that can land, not sent by this run."""
        if facts.account is None or facts.market is None:
            return []
        # Asked once: all payloads of a run are judged by the same state.
        if self._can_land is None:
            self._can_land = self._ledger.rows([one for one in NonceState if one.can_land])
        return [
            row
            for row in self._can_land
            if (row.key.venue, row.account) == (self._venue_key, facts.account)
            and row.coin == facts.market.coin
            and row.key.what is What.PAYLOAD
            and (row.key.signer, row.key.nonce) != (facts.signer, facts.signable.nonce)
            and not self._earlier.holds(row.key.signer, row.key.nonce)
        ]
