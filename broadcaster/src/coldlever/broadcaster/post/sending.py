"""Sending: the same bytes until an answer settles it, each attempt on the disk before it leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from coldlever.broadcaster.fate import Reading, after
from coldlever.broadcaster.ledger import Ledger, Row, Turn
from coldlever.broadcaster.post.effect import Snapshot, dump_snapshot
from coldlever.broadcaster.post.end import in_time
from coldlever.broadcaster.venue import Exchange, Ruling, classify
from coldlever.broadcaster.venue.clock import ExchangeClock
from coldlever.shared.action.actions import LeverageAction
from coldlever.shared.action.time_rules import POST_MARGIN_MS, expiry_problem
from coldlever.shared.action.what import What
from coldlever.shared.errors import RuleRefused
from coldlever.shared.message import SignedPayload

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 8.0


class Reader(Protocol):
    """Who looks at the account around a sending."""

    @property
    def patience_s(self) -> float:
        """How long it waits for the exchange's limit, beyond the time for retries, seconds."""

    def before(self, row: Row, action: LeverageAction) -> Snapshot | None:
        """The account before the first attempt; None where it cannot be read."""

    def read_back(self, row: Row, action: LeverageAction) -> tuple[Reading, Snapshot | None]:
        """What the account shows of a payload, and how it is."""


class Sender:
    """Sends payloads whose rows are written, and writes down what comes of it.

    Args:
        exchange: the venue.
        ledger: the broadcaster's ledger.
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
        clock: Callable[[], int],
        *,
        sleep: Callable[[float], None],
        monotonic: Callable[[], float],
        retry_s: float,
        time: ExchangeClock | None = None,
    ) -> None:
        self._time = time
        self._exchange = exchange
        self._ledger = ledger
        self._clock = clock
        self._sleep = sleep
        self._monotonic = monotonic
        self._retry_s = retry_s

    def is_its_turn(self, row: Row, turn: Turn) -> bool:
        """Whether no other payload for the market is open, but for what may land late."""
        try:
            self._ledger.turns.require(row, replace(turn, newest=None))
        except RuleRefused:
            return False
        return True

    def send(
        self, row: Row, payload: SignedPayload, turn: Turn | None, reader: Reader
    ) -> tuple[Row, str | None]:
        """Send the same bytes until an answer settles it or the time is up.

        Args:
            row: of the payload.
            payload: what is sent.
            turn: what its sender takes into account; None for what can change nothing any more.
            reader: who reads the account before the first attempt.

        Returns:
            The row as it is then, and the exchange's answer as advice.

        Raises:
            RuleRefused: ``nonce-revoked``, ``older-open``, ``newer-sent`` or ``expired``; nothing
                was sent.
        """
        spent, pause, patience = 0.0, _FIRST_PAUSE_S, reader.patience_s
        body = payload.body()
        ruling: Ruling | None = None
        while True:
            # The wait for the exchange's limit comes before the row says that it is under way.
            self._exchange.api.make_room()
            began = self._monotonic()
            try:
                row, ruling = self._attempt(row, payload, body, turn, reader)
            except RuleRefused:
                # It was revoked or overtaken: meanwhile, if this is not the first attempt.
                if ruling is None:
                    raise
                return row, ruling.advice
            spent += self._monotonic() - began
            # Never less than our own pause: a gateway may ask to be called again at once, for ever.
            delay = max(pause, ruling.retry_after or 0.0)
            if ruling.code == "rate-limited" and delay <= patience:
                patience -= delay
            elif not ruling.may_repeat or spent + delay > self._retry_s:
                return row, ruling.advice
            else:
                spent += delay
            if not _is_waited_for(ruling, pause):
                self._sleep(delay)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
            if self._ledger.is_revoked(row.key) or self._ledger.sent_after(row) is not None:
                return row, ruling.advice
            if turn is not None:
                turn = replace(turn, newest=None)
                if not self.is_its_turn(row, turn):
                    return row, ruling.advice

    def _require_time(self, payload: SignedPayload) -> None:
        """It has not expired while it waited for its turn or for the exchange's limit."""
        expires_after = payload.signable.expires_after
        if self._time is None or expires_after is None:
            return
        problem = expiry_problem(expires_after, self._time.now(), POST_MARGIN_MS)
        if problem is not None:
            raise problem

    def _attempt(
        self,
        row: Row,
        payload: SignedPayload,
        body: bytes,
        turn: Turn | None,
        reader: Reader,
    ) -> tuple[Row, Ruling]:
        before = None
        if row.state.needs_clearance and row.key.what is What.PAYLOAD:
            # Not what the checks saw: an earlier payload of this run may have changed it since.
            seen = reader.before(row, payload.signable.change)
            before = None if seen is None else dump_snapshot(seen)
            self._require_time(payload)
        begun = self._ledger.begin_attempt(row, self._clock(), before, turn)
        ruling = in_time(classify(self._exchange.api.post(body)), row.key.nonce, self._exchange)
        answered = self._ledger.record_answer(
            begun,
            after(row.state, ruling.event),
            self._clock(),
            event=ruling.event,
            code=ruling.code,
            sentence=ruling.sentence,
            answer=ruling.answer,
        )
        return answered, ruling


def _is_waited_for(ruling: Ruling, pause: float) -> bool:
    """Whether the budget of request weight waits that long before the next attempt."""
    asked = ruling.retry_after
    return ruling.code == "rate-limited" and (asked is None or asked >= pause)
