"""Reading the account: before the first attempt, and back after it."""

from __future__ import annotations

from collections.abc import Callable

from coldlever.broadcaster.fate import NonceState, Reading
from coldlever.broadcaster.ledger import Ledger, Row
from coldlever.broadcaster.post.effect import Snapshot, judge, load_snapshot, snapshot
from coldlever.broadcaster.venue import Exchange
from coldlever.shared.action import UpdateIsolatedMargin
from coldlever.shared.action.actions import LeverageAction
from coldlever.shared.action.what import What
from coldlever.shared.errors import EnvironmentFault

# How long reading back waits for an accepted change to show.
TRIES = 6
PAUSE_S = 0.5

NOTHING_TO_SEE = (
    NonceState.UNSENT,
    NonceState.NOT_ADMITTED,
    NonceState.SPENT_REFUSED,
    NonceState.DEAD,
    NonceState.LEGACY,
)


class Account:
    """Reads the accounts that payloads change.

    Args:
        exchange: the venue.
        ledger: the broadcaster's ledger, for what else of ours may have changed the market.
        sleep: waits that many seconds.
    """

    def __init__(self, exchange: Exchange, ledger: Ledger, sleep: Callable[[float], None]) -> None:
        self._exchange = exchange
        self._ledger = ledger
        self._sleep = sleep

    def before(self, row: Row, action: LeverageAction) -> Snapshot | None:
        """The account before the first attempt; None where it cannot be read."""
        try:
            # The clock first here and last in `_now`: the two hold everything between them.
            at = self._exchange.now() if isinstance(action, UpdateIsolatedMargin) else None
            return snapshot(self._exchange.standing(row.account, row.coin, fresh=True), at)
        except EnvironmentFault:
            # Without it the proof is weaker, and says so; that is no reason not to post.
            return None

    def now(self, row: Row, action: LeverageAction) -> Snapshot | None:
        """The account as it is; None where it cannot be read."""
        try:
            standing = self._exchange.standing(row.account, row.coin, fresh=True)
            at = self._exchange.now() if isinstance(action, UpdateIsolatedMargin) else None
        except EnvironmentFault:
            # Reading back proves, it does not decide: `resolve` reads again.
            return None
        return snapshot(standing, at)

    def read_back(self, row: Row, action: LeverageAction) -> tuple[Reading, Snapshot | None]:
        """What the account shows of a payload, and how it is."""
        before = load_before(row)
        reading: Reading = Reading.NOT_READ
        after: Snapshot | None = None
        for attempt in range(TRIES if row.state is NonceState.SPENT_ACCEPTED else 1):
            if attempt > 0:
                self._sleep(PAUSE_S)
            after = self.now(row, action)
            if after is None:
                return Reading.NOT_READ, None
            reading = judge(action, before, after, is_alone=not self._ledger.may_have_moved(row))
            if reading.is_as_asked or _is_news(reading, before, after):
                break
        if reading is Reading.OTHERWISE and self._is_superseded(row):
            reading = Reading.SUPERSEDED
        return reading, after

    def _is_superseded(self, row: Row) -> bool:
        """Whether a later payload of ours may have changed what this one had set."""
        later = self._ledger.sent_after(row)
        return later is not None and later.state.may_have_landed


def load_before(row: Row) -> Snapshot | None:
    """The account before the first attempt, as recorded."""
    return None if row.before is None else load_snapshot(row.before)


def _is_news(reading: Reading, before: Snapshot | None, after: Snapshot) -> bool:
    """An amount has moved, but not as one amount alone would: waiting makes it no clearer."""
    return reading is Reading.UNCLEAR and before is not None and before.raw_usd != after.raw_usd


def is_unread(row: Row) -> bool:
    """Whether the account tells something of a payload and was not read since."""
    is_settled = row.state in (NonceState.SPENT_ACCEPTED, NonceState.SPENT)
    is_payload = row.key.what is What.PAYLOAD
    return is_payload and is_settled and row.reading is Reading.NOT_READ
