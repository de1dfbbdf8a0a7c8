"""Record, post, learn, read the account back.

The order carries the promise. A row is durable before the bytes leave; the answer is durable
before anything is reported; after a crash or a lost answer the same bytes are sent again, because
the exchange takes a nonce once. What was never admitted is sent only after all checks, when asked
for; a refusal is never retried, and no new payload is ever made here.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace

from coldlever.broadcaster.check import Cleared
from coldlever.broadcaster.fate import Event, NonceState, Reading, after
from coldlever.broadcaster.ledger import (
    Ledger,
    NonceKey,
    Place,
    Row,
    Turn,
    nonce_used,
    row_gone,
)
from coldlever.broadcaster.post.account import Account, Glance
from coldlever.broadcaster.post.end import can_be_probed, is_over, is_past_end
from coldlever.broadcaster.post.hold import hold_of
from coldlever.broadcaster.post.lease import Leave
from coldlever.broadcaster.post.result import NOTHING_TO_SEE, Held, Result, is_unread, result_of
from coldlever.broadcaster.post.row import elsewhere, payload_of, row_of
from coldlever.broadcaster.post.sending import Reader, Sender
from coldlever.broadcaster.venue import Exchange
from coldlever.broadcaster.venue.clock import ExchangeClock
from coldlever.shared.action.what import What
from coldlever.shared.errors import RuleRefused
from coldlever.shared.message import SignedPayload

DEFAULT_RETRY_S = 20.0
_ANY_TURN = Turn()


class Poster:
    """Posts payloads to one venue.

    Args:
        exchange: the venue.
        ledger: the broadcaster's ledger.
        lock: leave to post at an account's market.
        clock: the local time, ms since the epoch; only for the ledger's notes.
        sleep: waits that many seconds.
        monotonic: a clock in seconds that never goes back, for the time that attempts take.
        retry_s: how long an unanswered post is repeated with the same bytes, seconds.
        time: the exchange's, to look at before a first attempt; None to leave that to others.
    """

    def __init__(
        self,
        exchange: Exchange,
        ledger: Ledger,
        lock: Leave,
        clock: Callable[[], int],
        *,
        sleep: Callable[[float], None],
        monotonic: Callable[[], float],
        retry_s: float = DEFAULT_RETRY_S,
        time: ExchangeClock | None = None,
    ) -> None:
        self._exchange = exchange
        self._ledger = ledger
        self._lock = lock
        self._clock = clock
        self._sleep = sleep
        self._account = Account(exchange, ledger, sleep)
        self._sender = Sender(
            exchange, ledger, clock, sleep=sleep, monotonic=monotonic, retry_s=retry_s, time=time
        )

    def key_of(self, payload: SignedPayload) -> NonceKey:
        """The ledger's key of a payload."""
        signable = payload.signable
        return NonceKey(self._venue_key, payload.recovered_signer(), signable.nonce, signable.what)

    def find(self, payload: SignedPayload) -> Row | None:
        """The row of this very payload, or None.

        Raises:
            RuleRefused: ``nonce-used`` when another action has taken its nonce.
        """
        row = self._ledger.find(self.key_of(payload))
        if row is not None and row.action_hash != payload.signable.action_hash():
            raise nonce_used(row.key)
        return row

    def post(self, cleared: Cleared, reader: Reader | None = None) -> Result:
        """Post a payload that has passed its checks, unless this machine has taken it up already.

        Args:
            cleared: the payload.
            reader: who looks at the account before and after; None to read it in full.

        Raises:
            RuleRefused: ``nonce-used``, ``nonce-revoked``, ``nothing-to-revoke``, ``older-open``,
                ``newer-sent`` or ``account-mismatch``.
            EnvironmentFault: ``payload-busy``, or the ledger failed or is not what was written.
            TypeError: anything else than what a checker has cleared.
            ValueError: it was cleared for another venue.
        """
        if type(cleared) is not Cleared:
            raise TypeError("only a payload that has passed its checks is posted")
        if cleared.venue_key != self._venue_key:
            raise ValueError("checked for one venue and posted to another")
        place = cleared.place
        if cleared.payload.signable.what is What.REVOCATION:
            # From now on nobody begins to send what it kills; who is at it still gets an answer.
            place = self.place_of(self._take_up(cleared))
        with self._locked(place):
            row = self._take_up(cleared)
            if row.key.what is What.PAYLOAD and row.place != cleared.place:
                raise elsewhere(row, cleared)
            if row.state.needs_clearance:
                return self._deliver(row, payload_of(row), cleared.turn, reader)
            return self._go_on(row, cleared.turn)

    def resume(self, row: Row, turn: Turn = _ANY_TURN) -> Result:
        """Go on with a row: send the same bytes again where that is safe, read the account back.

        Args:
            row: as it was seen.
            turn: what may land after it.

        Raises:
            EnvironmentFault: ``payload-busy``, the exchange's clock could not be read, or the
                ledger failed or is not what was written.
        """
        with self._locked(self.place_of(row)):
            return self._go_on(self._row(row.key), turn)

    def probe(self, row: Row) -> Result:
        """Send a payload that has expired once more: the refusal tells what happened before.

        Raises:
            RuleRefused: ``not-to-probe`` when it could land, or nothing would be learnt.
            EnvironmentFault: as for `resume`.
        """
        with self._locked(self.place_of(row)):
            fresh = self._row(row.key)
            payload = payload_of(fresh)
            is_doubtful = fresh.state in (NonceState.OPEN, NonceState.LAPSED)
            if not is_doubtful or not can_be_probed(payload.signable, self._exchange.now()):
                raise RuleRefused(
                    "not-to-probe",
                    f"nonce {row.key.nonce} is {fresh.state.value}: a probe is for a payload "
                    "without an answer, from a minute after its expiry until two days after its "
                    "nonce",
                    "run `resolve`",
                )
            lapsed = self._end(fresh) if fresh.state is NonceState.OPEN else fresh
            return self._deliver(lapsed, payload, None)

    def close(self, row: Row) -> Result:
        """End a row that can no longer land and whose fate was never learnt.

        Raises:
            RuleRefused: ``still-open`` when it could still land.
            EnvironmentFault: the exchange's clock could not be read.
        """
        with self._locked(self.place_of(row)):
            fresh = self._row(row.key)
            if not fresh.state.can_land:
                return result_of(fresh)
            if not is_over(payload_of(fresh).signable, self._exchange):
                raise RuleRefused(
                    "still-open",
                    f"nonce {row.key.nonce} is {fresh.state.value} and can still land",
                    "run `resolve`; what stays open can be closed a minute after its expiry, or "
                    "without one two days after its nonce",
                )
            return result_of(self._end(fresh))

    def glance(self, *, has_position: bool) -> Account:
        """A reader that asks for no more than needed."""
        return Account(self._exchange, self._ledger, self._sleep, Glance(has_position))

    def read_later(self, result: Result) -> Result:
        """Read back what was accepted and not read yet."""
        return replace(self._read_back(result.row, already=result.already), advice=result.advice)

    def supersede(self, result: Result, by: int) -> Result:
        """Note that a later payload of the run was accepted for the market.

        Args:
            result: of the earlier one.
            by: the place of the later one in the run.
        """
        row = self._ledger.settle(result.row, self._clock(), reading=Reading.SUPERSEDED)
        named = self._row(row.key)
        return replace(result_of(named, already=False, advice=result.advice), superseded_by=by)

    def place_of(self, stage: Cleared | Row) -> Place:
        """What is locked for a payload or a row; a revocation shares the market of what it kills.

        Once a revocation is recorded, no payload is added beside it.
        """
        key = stage.key if isinstance(stage, Row) else self.key_of(stage.payload)
        other = self._ledger.find(key.other) if key.what is What.REVOCATION else None
        return stage.place if other is None else other.place

    def _locked(self, place: Place) -> AbstractContextManager[None]:
        return self._lock.held(place)

    @property
    def _venue_key(self) -> str:
        return self._exchange.api.venue.key

    def _take_up(self, cleared: Cleared) -> Row:
        """The row of what was cleared, recorded now unless it was before."""
        known = self.find(cleared.payload)
        if known is not None:
            return known
        url = self._exchange.api.venue.url
        row = row_of(self.key_of(cleared.payload), url, cleared, self._clock())
        self._ledger.turns.require(row, cleared.turn)
        try:
            self._ledger.reserve(row)
        except RuleRefused:
            # Another process was faster with the same, or it is refused.
            known = self.find(cleared.payload)
            if known is None:
                raise
            return known
        return row

    def _go_on(self, row: Row, turn: Turn) -> Result:
        """What may be done without asking anybody."""
        if not row.state.can_land:
            is_noop = row.key.what is What.REVOCATION
            return self._read_back(row) if is_noop or is_unread(row) else result_of(row)
        payload = payload_of(row)
        now = self._exchange.now()
        if is_past_end(payload.signable, now):
            is_revoked = self._ledger.is_revoked(row.key)
            can_probe = not is_revoked and can_be_probed(payload.signable, now)
            return self._read_back(self._end(row), can_probe=can_probe)
        held = hold_of(row, payload, now, self._ledger, self._account)
        if held is None and not self._sender.is_its_turn(row, turn):
            held = Held.OLDER_OPEN
        if held is not None:
            return result_of(row, held=held)
        return self._deliver(row, payload, replace(turn, newest=None))

    def _end(self, row: Row) -> Row:
        state = after(row.state, Event.END_PASSED)
        return self._ledger.settle(row, self._clock(), state=state)

    def _deliver(
        self,
        row: Row,
        payload: SignedPayload,
        turn: Turn | None,
        reader: Reader | None = None,
    ) -> Result:
        sent, advice = self._sender.send(row, payload, turn, reader or self._account)
        return self._read_back(sent, advice=advice, already=False, reader=reader)

    def _read_back(
        self,
        row: Row,
        *,
        advice: str | None = None,
        already: bool = True,
        can_probe: bool = False,
        reader: Reader | None = None,
    ) -> Result:
        """Look at the account, wherever that tells somebody something."""
        held = Held.LAPSED_PROBE if can_probe and row.state is NonceState.LAPSED else None
        if row.key.what is What.REVOCATION:
            return result_of(row, already=already, advice=advice, killed=self._killed(row))
        if row.state in NOTHING_TO_SEE:
            return result_of(row, already=already, advice=advice, held=held)
        action = payload_of(row).signable.change
        reading, seen = (reader or self._account).read_back(row, action)
        if reading is not row.reading:
            row = self._ledger.settle(row, self._clock(), reading=reading)
        if reading is Reading.SUPERSEDED:
            row = self._row(row.key)  # which names the later one
        return result_of(row, already=already, advice=advice, held=held, seen=seen)

    def _killed(self, row: Row) -> Row | None:
        """What became of the payload beside a revocation; None where this ledger knows none."""
        original = self._ledger.find(row.key.other)
        if original is None or not is_unread(original):
            return original
        return self._read_back(original).row

    def _row(self, key: NonceKey) -> Row:
        row = self._ledger.find(key)
        if row is None:
            raise row_gone()
        return row
