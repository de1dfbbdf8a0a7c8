"""Record, post, classify, read the setting back.

The order carries the promise. A row is durable before the bytes leave; the answer is durable
before anything is reported; after a crash or a lost answer the same bytes are sent again, because
the exchange takes a nonce once: "duplicate nonce" after an attempt of our own means it arrived.
A refusal is never retried, and no new payload is ever made here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from coldlever.broadcaster.check import Cleared
from coldlever.broadcaster.ledger import (
    OPEN_STATES,
    Ledger,
    NonceKey,
    Row,
    State,
    nonce_used,
    row_gone,
)
from coldlever.broadcaster.post.attempts import TIME_HAS_SETTLED, in_context, may_be_repeated
from coldlever.broadcaster.post.effect import Effect, Snapshot, compare, load_snapshot, snapshot
from coldlever.broadcaster.post.lock import payload_lock
from coldlever.broadcaster.post.receipt import make_receipt
from coldlever.broadcaster.post.result import Result, settled
from coldlever.broadcaster.post.row import PROOF, is_beyond_landing, payload_of, row_of
from coldlever.broadcaster.venue import Exchange, Ruling, Verdict, classify
from coldlever.shared.action import UpdateLeverage
from coldlever.shared.action.time_rules import POST_MARGIN_MS, expiry_problem
from coldlever.shared.errors import EnvironmentFault, RuleRefused
from coldlever.shared.message import SignedPayload

LOCK_WAIT_S = 90.0
DEFAULT_RETRY_S = 20.0
# How long reading back waits for an accepted change to show.
READ_BACK_TRIES = 6
READ_BACK_PAUSE_S = 0.5
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 8.0


class Poster:
    """Posts payloads to one venue.

    Args:
        exchange: the venue.
        ledger: the broadcaster's ledger.
        lock_folder: where lock files live.
        clock: the local time, ms since the epoch; only for the ledger's notes.
        sleep: waits that many seconds.
        monotonic: a clock in seconds that never goes back, for the time that attempts take.
        retry_s: how long an unanswered post is repeated with the same bytes, seconds.
    """

    def __init__(
        self,
        exchange: Exchange,
        ledger: Ledger,
        lock_folder: Path,
        clock: Callable[[], int],
        *,
        sleep: Callable[[float], None],
        monotonic: Callable[[], float],
        retry_s: float = DEFAULT_RETRY_S,
    ) -> None:
        self._exchange = exchange
        self._ledger = ledger
        self._lock_folder = lock_folder
        self._clock = clock
        self._sleep = sleep
        self._monotonic = monotonic
        self._retry_s = retry_s

    def key_of(self, payload: SignedPayload) -> NonceKey:
        """The ledger's key of a payload."""
        return NonceKey(self._venue_key, payload.recovered_signer(), payload.signable.nonce)

    def find(self, payload: SignedPayload) -> Row | None:
        """The row of this very payload, or None.

        Raises:
            RuleRefused: ``nonce-used`` when another action has taken its nonce.
        """
        row = self._ledger.find(self.key_of(payload))
        if row is not None and row.action_hash != payload.signable.action_hash():
            raise nonce_used(row.key)
        return row

    def time_problem(self, payload: SignedPayload) -> RuleRefused | None:
        """Whether the payload has expired since it was checked, by the exchange's clock now."""
        expires_after = payload.signable.expires_after
        if expires_after is None:
            return None
        return expiry_problem(expires_after, self._exchange.now(), POST_MARGIN_MS)

    def post(self, cleared: Cleared) -> Result:
        """Post a payload that has passed its checks, unless this machine has taken it up already.

        Raises:
            RuleRefused: ``nonce-used``.
            EnvironmentFault: ``payload-busy``, or the ledger failed; then nothing was sent.
            TypeError: anything else than what a checker has cleared.
            ValueError: it was cleared for another venue.
        """
        if type(cleared) is not Cleared:
            raise TypeError("only a payload that has passed its checks is posted")
        if cleared.venue_key != self._venue_key:
            raise ValueError("checked for one venue and posted to another")
        payload = cleared.payload
        with self._locked(payload.signable.action_hash()):
            row = self.find(payload)
            if row is None:
                return self._deliver(self._reserve(cleared), payload)
            return self._go_on(row)

    def resume(self, row: Row) -> Result:
        """Go on with an open row: send the same bytes until the answer is known, read back.

        Raises:
            EnvironmentFault: ``payload-busy``, or the ledger failed or is not what was written.
        """
        with self._locked(row.action_hash):
            return self._go_on(self._row(row.key))

    def close(self, row: Row) -> Result:
        """End a row that can no longer land and whose outcome was never learnt.

        Raises:
            RuleRefused: ``still-open`` when it could still land or be resolved.
            EnvironmentFault: the exchange's clock could not be read.
        """
        with self._locked(row.action_hash):
            fresh = self._row(row.key)
            if fresh.state not in OPEN_STATES:
                return settled(fresh)
            if not is_beyond_landing(fresh, self._exchange):
                raise RuleRefused(
                    "still-open",
                    f"nonce {row.key.nonce} is {fresh.state.value} and not beyond landing",
                    "run `resolve`; what stays unknown can be closed once its expiry, or without "
                    "one its two days, have passed",
                )
            self._ledger.settle(fresh.key, State.CLOSED, self._clock())
            return self._result(fresh.key, None, None, already=True)

    def _locked(self, action_hash: bytes) -> AbstractContextManager[None]:
        return payload_lock(self._lock_folder, action_hash, LOCK_WAIT_S, self._sleep)

    @property
    def _venue_key(self) -> str:
        return self._exchange.api.venue.key

    def _reserve(self, cleared: Cleared) -> Row:
        before = None
        # Not what the checks saw: an earlier payload of this run may have changed it since.
        with suppress(EnvironmentFault):
            before = snapshot(self._exchange.standing(cleared.account, cleared.market.coin))
        url = self._exchange.api.venue.url
        row = row_of(self.key_of(cleared.payload), url, cleared, before, self._clock())
        self._ledger.reserve(row)
        return row

    def _go_on(self, row: Row) -> Result:
        if row.state not in OPEN_STATES:
            return settled(row)
        payload = payload_of(row)
        if row.state is State.RESERVED and self.time_problem(payload) is not None:
            return self._withdraw(row.key)
        return self._deliver(row, payload)

    def _withdraw(self, key: NonceKey) -> Result:
        self._ledger.settle(
            key,
            State.WITHDRAWN,
            self._clock(),
            code="expired",
            sentence="it expired before anything was sent; it never left this machine",
        )
        return self._result(key, None, "draft and sign the request again")

    def _deliver(self, row: Row, payload: SignedPayload) -> Result:
        advice = None
        sends = row.state is not State.ACCEPTED and row.code not in TIME_HAS_SETTLED
        if sends:
            ruling = self._send(row.key, payload.body())
            advice = ruling.advice
            self._record(row.key, ruling)
            row = self._row(row.key)
        return self._read_back(row, payload, advice, already=not sends)

    def _send(self, key: NonceKey, body: bytes) -> Ruling:
        """Send the same bytes until an answer settles it or the time is up."""
        spent, pause = 0.0, _FIRST_PAUSE_S
        while True:
            attempt = self._ledger.begin_attempt(key, self._clock())
            began = self._monotonic()
            ruling = in_context(classify(self._exchange.api.post(body)), attempt)
            spent += self._monotonic() - began
            # Never less than our own pause: a gateway may ask to be called again at once, for ever.
            delay = max(pause, ruling.retry_after or 0.0)
            if not may_be_repeated(ruling) or spent + delay > self._retry_s:
                return ruling
            self._record(key, ruling)
            self._sleep(delay)
            spent += delay
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    def _record(self, key: NonceKey, ruling: Ruling) -> None:
        states = {
            Verdict.ACCEPTED: State.ACCEPTED,
            Verdict.DUPLICATE: State.ACCEPTED,
            Verdict.REFUSED: State.REJECTED,
            Verdict.BUSY: State.UNKNOWN,
            Verdict.UNKNOWN: State.UNKNOWN,
        }
        self._ledger.settle(
            key,
            states[ruling.verdict],
            self._clock(),
            code=ruling.code,
            sentence=ruling.sentence,
            answer=None if ruling.raw is None else json.dumps(ruling.raw, default=str),
        )

    def _read_back(
        self, row: Row, payload: SignedPayload, advice: str | None, *, already: bool
    ) -> Result:
        """Look at the account: confirm what was accepted, find what got lost on the way."""
        if row.state is State.REJECTED and row.attempts == 1:
            return self._result(row.key, None, advice)
        before = None if row.before is None else load_snapshot(row.before)
        tries = READ_BACK_TRIES if row.state is State.ACCEPTED else 1
        after: Snapshot | None = None
        effect = Effect.ABSENT
        for attempt in range(tries):
            if attempt > 0:
                self._sleep(READ_BACK_PAUSE_S)
            after = self._look(row)
            if after is None:
                return self._result(row.key, None, advice, already=already)
            effect = compare(payload.signable.action, before, after)
            if effect is not Effect.ABSENT:
                break
        if row.state is State.ACCEPTED:
            self._confirm(row.key, effect)
        elif effect is Effect.VISIBLE and self._is_ours(row, payload):
            advice = None
            self._ledger.settle(
                row.key,
                State.CONFIRMED,
                self._clock(),
                code="confirmed-by-effect",
                sentence="the answer got lost, but the account shows the change",
            )
        return self._result(row.key, after, advice, already=already)

    def _is_ours(self, row: Row, payload: SignedPayload) -> bool:
        """Whether what shows is this payload's doing: amounts of margin add up, settings do not."""
        is_setting = isinstance(payload.signable.action, UpdateLeverage)
        return is_setting or not self._ledger.has_other_since(row)

    def _confirm(self, key: NonceKey, effect: Effect) -> None:
        state, code, sentence = PROOF[effect]
        self._ledger.settle(key, state, self._clock(), code=code, sentence=sentence)

    def _look(self, row: Row) -> Snapshot | None:
        try:
            return snapshot(self._exchange.standing(row.account, row.coin, fresh=True))
        except EnvironmentFault:
            # Reading back proves, it does not decide: the row stays open for `resolve`.
            return None

    def _row(self, key: NonceKey) -> Row:
        row = self._ledger.find(key)
        if row is None:
            raise row_gone()
        return row

    def _result(
        self, key: NonceKey, after: Snapshot | None, advice: str | None, *, already: bool = False
    ) -> Result:
        row = self._row(key)
        return Result(row, already, advice, make_receipt(row, after), after)
