"""Record, post, classify, read the setting back.

The order carries the promise. A row is durable before the bytes leave; the answer is durable
before anything is reported; after a crash or a lost answer the same bytes are sent again, because
the exchange takes a nonce once: "duplicate nonce" after an attempt of our own means it arrived.
A refusal is never retried, and no new payload is ever made here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from coldlever.broadcaster.check import Report
from coldlever.broadcaster.ledger import (
    OPEN_STATES,
    Entry,
    Key,
    Ledger,
    State,
    nonce_used,
    row_gone,
)
from coldlever.broadcaster.post.attempts import TIME_HAS_SETTLED, in_context, may_be_repeated
from coldlever.broadcaster.post.effect import Effect, Snapshot, compare, load_snapshot, snapshot
from coldlever.broadcaster.post.lock import payload_lock
from coldlever.broadcaster.post.receipt import make_receipt
from coldlever.broadcaster.post.row import PROOF, is_beyond_landing, payload_of, row_of
from coldlever.broadcaster.venue import Exchange, Outcome, Verdict, classify
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


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one payload.

    Args:
        entry: its ledger row.
        already: True when nothing was sent now, because it had been settled before.
        advice: what to do, where there is something.
        receipt: the receipt document.
        after: the standing read back, or None when it was not read now.
    """

    entry: Entry
    already: bool
    advice: str | None
    receipt: dict[str, object]
    after: Snapshot | None = None


def settled(entry: Entry) -> Result:
    """The result of a row that needs no more work."""
    return Result(entry, already=True, advice=None, receipt=make_receipt(entry, None))


class Poster:
    """Posts payloads to one venue.

    Args:
        exchange: the venue.
        ledger: the broadcaster's ledger.
        lock_folder: where lock files live.
        clock: the local time, ms since the epoch; only for the ledger's notes.
        sleep: waits that many seconds.
        retry_s: how long an unanswered post is repeated with the same bytes, seconds.
        monotonic: a clock in seconds that never goes back, for the time that attempts take.
    """

    def __init__(
        self,
        exchange: Exchange,
        ledger: Ledger,
        lock_folder: Path,
        clock: Callable[[], int],
        sleep: Callable[[float], None],
        *,
        retry_s: float = DEFAULT_RETRY_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._exchange = exchange
        self._ledger = ledger
        self._lock_folder = lock_folder
        self._clock = clock
        self._sleep = sleep
        self._retry_s = retry_s
        self._monotonic = monotonic

    def key_of(self, payload: SignedPayload) -> Key:
        """The ledger's key of a payload."""
        return Key(self._exchange.api.venue.key, payload.recovered_signer(), payload.signable.nonce)

    def find(self, payload: SignedPayload) -> Entry | None:
        """The row of this very payload, or None.

        Raises:
            RuleRefused: ``nonce-used`` when another action has taken its nonce.
        """
        entry = self._ledger.find(self.key_of(payload))
        if entry is not None and entry.action_hash != payload.signable.action_hash():
            raise nonce_used(entry.key)
        return entry

    def time_problem(self, payload: SignedPayload) -> RuleRefused | None:
        """Whether the payload has expired since it was checked, by the exchange's clock now."""
        expires_after = payload.signable.expires_after
        if expires_after is None:
            return None
        return expiry_problem(expires_after, self._exchange.now(), POST_MARGIN_MS)

    def post(self, report: Report) -> Result:
        """Post a payload whose checks all passed, or go on where an earlier run stopped.

        Raises:
            RuleRefused: ``nonce-used``.
            EnvironmentFault: ``payload-busy``, or the ledger failed; then nothing was sent.
        """
        payload = report.payload
        if payload is None:
            raise TypeError("a draft cannot be posted")
        with self._locked(payload.signable.action_hash()):
            entry = self.find(payload)
            if entry is None:
                return self._finish(self._reserve(report, payload), payload, just_checked=True)
            if entry.state not in OPEN_STATES:
                return settled(entry)
            return self._finish(entry, payload_of(entry), just_checked=False)

    def resolve(self, entry: Entry) -> Result:
        """Go on with an open row: send the same bytes until the answer is known, read back.

        Raises:
            EnvironmentFault: ``payload-busy``, or the ledger failed or is not what was written.
        """
        with self._locked(entry.action_hash):
            fresh = self._entry(entry.key)
            if fresh.state not in OPEN_STATES:
                return settled(fresh)
            return self._finish(fresh, payload_of(fresh), just_checked=False)

    def close(self, entry: Entry) -> Result:
        """End a row that can no longer land and whose outcome was never learnt.

        Raises:
            RuleRefused: ``still-open`` when it could still land or be resolved.
            EnvironmentFault: the exchange's clock could not be read.
        """
        with self._locked(entry.action_hash):
            fresh = self._entry(entry.key)
            if fresh.state not in OPEN_STATES:
                return settled(fresh)
            if not is_beyond_landing(fresh, self._exchange):
                raise RuleRefused(
                    "still-open",
                    f"nonce {entry.key.nonce} is {fresh.state.value} and not beyond landing",
                    "run `resolve`; what stays unknown can be closed once its expiry, or without "
                    "one its two days, have passed",
                )
            self._ledger.settle(fresh.key, State.CLOSED, self._clock())
            return self._result(fresh.key, None, None, already=True)

    def _locked(self, action_hash: bytes) -> AbstractContextManager[None]:
        return payload_lock(self._lock_folder, action_hash, LOCK_WAIT_S, self._sleep)

    def _reserve(self, report: Report, payload: SignedPayload) -> Entry:
        before = None
        if report.account is not None and report.market is not None:
            # Not what the checks saw: an earlier payload of this run may have changed it since.
            with suppress(EnvironmentFault):
                before = snapshot(self._exchange.standing(report.account, report.market.coin))
        url = self._exchange.api.venue.url
        key = self.key_of(payload)
        row = row_of(key, url, report, payload, before=before, now=self._clock())
        self._ledger.reserve(row)
        return row

    def _finish(self, entry: Entry, payload: SignedPayload, *, just_checked: bool) -> Result:
        key = entry.key
        if entry.state is State.RESERVED and not just_checked and self.time_problem(payload):
            self._ledger.settle(
                key,
                State.WITHDRAWN,
                self._clock(),
                code="expired",
                sentence="it expired before anything was sent; it never left this machine",
            )
            return self._result(key, None, "draft and sign the request again")
        advice = None
        sends = entry.state is not State.ACCEPTED and entry.code not in TIME_HAS_SETTLED
        if sends:
            outcome = self._send(key, payload.body())
            advice = outcome.advice
            self._record(key, outcome)
            entry = self._entry(key)
        return self._read_back(entry, payload, advice, already=not sends)

    def _send(self, key: Key, body: bytes) -> Outcome:
        """Send the same bytes until an answer settles it or the time is up."""
        spent, pause = 0.0, _FIRST_PAUSE_S
        while True:
            attempt = self._ledger.begin_attempt(key, self._clock())
            began = self._monotonic()
            outcome = in_context(classify(self._exchange.api.post(body)), attempt)
            spent += self._monotonic() - began
            # Never less than our own pause: a gateway may ask to be called again at once, for ever.
            delay = max(pause, outcome.retry_after or 0.0)
            if not may_be_repeated(outcome) or spent + delay > self._retry_s:
                return outcome
            self._record(key, outcome)
            self._sleep(delay)
            spent += delay
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    def _record(self, key: Key, outcome: Outcome) -> None:
        states = {
            Verdict.ACCEPTED: State.ACCEPTED,
            Verdict.DUPLICATE: State.ACCEPTED,
            Verdict.REFUSED: State.REJECTED,
            Verdict.BUSY: State.UNKNOWN,
            Verdict.UNKNOWN: State.UNKNOWN,
        }
        self._ledger.settle(
            key,
            states[outcome.verdict],
            self._clock(),
            code=outcome.code,
            sentence=outcome.sentence,
            answer=None if outcome.raw is None else json.dumps(outcome.raw, default=str),
        )

    def _read_back(
        self, entry: Entry, payload: SignedPayload, advice: str | None, *, already: bool
    ) -> Result:
        """Look at the account: confirm what was accepted, find what got lost on the way."""
        if entry.state is State.REJECTED and entry.attempts == 1:
            return self._result(entry.key, None, advice)
        before = None if entry.before is None else load_snapshot(entry.before)
        tries = READ_BACK_TRIES if entry.state is State.ACCEPTED else 1
        after: Snapshot | None = None
        effect = Effect.ABSENT
        for attempt in range(tries):
            if attempt > 0:
                self._sleep(READ_BACK_PAUSE_S)
            after = self._look(entry)
            if after is None:
                return self._result(entry.key, None, advice, already=already)
            effect = compare(payload.signable.action, before, after)
            if effect is not Effect.ABSENT:
                break
        if entry.state is State.ACCEPTED:
            self._confirm(entry.key, effect)
        elif effect is Effect.VISIBLE and self._is_ours(entry, payload):
            advice = None
            self._ledger.settle(
                entry.key,
                State.CONFIRMED,
                self._clock(),
                code="confirmed-by-effect",
                sentence="the answer got lost, but the account shows the change",
            )
        return self._result(entry.key, after, advice, already=already)

    def _is_ours(self, entry: Entry, payload: SignedPayload) -> bool:
        """Whether what shows is this payload's doing: amounts of margin add up, settings do not."""
        is_setting = isinstance(payload.signable.action, UpdateLeverage)
        return is_setting or not self._ledger.has_other_since(entry)

    def _confirm(self, key: Key, effect: Effect) -> None:
        state, code, sentence = PROOF[effect]
        self._ledger.settle(key, state, self._clock(), code=code, sentence=sentence)

    def _look(self, entry: Entry) -> Snapshot | None:
        try:
            return snapshot(self._exchange.standing(entry.account, entry.coin, fresh=True))
        except EnvironmentFault:
            # Reading back proves, it does not decide: the row stays open for `resolve`.
            return None

    def _entry(self, key: Key) -> Entry:
        entry = self._ledger.find(key)
        if entry is None:
            raise row_gone()
        return entry

    def _result(
        self, key: Key, after: Snapshot | None, advice: str | None, *, already: bool = False
    ) -> Result:
        entry = self._entry(key)
        return Result(entry, already, advice, make_receipt(entry, after), after)
