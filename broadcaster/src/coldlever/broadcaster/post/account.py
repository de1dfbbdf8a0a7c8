"""Reading the account: before the first attempt, and back after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from coldlever.broadcaster.fate import NonceState, Reading
from coldlever.broadcaster.ledger import Ledger, Row
from coldlever.broadcaster.post.effect import Snapshot, judge, load_snapshot, snapshot
from coldlever.broadcaster.venue import Exchange, Standing
from coldlever.shared.action import UpdateIsolatedMargin, UpdateLeverage
from coldlever.shared.action.actions import LeverageAction
from coldlever.shared.errors import EnvironmentFault

# How long reading back waits for an accepted change to show.
TRIES = 6
PAUSE_S = 0.5


@dataclass(frozen=True, slots=True)
class Glance:
    """How to read no more than needed.

    Args:
        has_position: a position was open, and its setting costs a tenth to ask for.
    """

    has_position: bool


class Account:
    """Reads the accounts that payloads change.

    Args:
        exchange: the venue.
        ledger: the broadcaster's ledger, for what else of ours may have changed the market.
        sleep: waits that many seconds.
        glance: None to read setting and position; otherwise only what the action needs, and
            whether a position was open when it was checked.
    """

    def __init__(
        self,
        exchange: Exchange,
        ledger: Ledger,
        sleep: Callable[[float], None],
        glance: Glance | None = None,
    ) -> None:
        self._glance = glance
        self._exchange = exchange
        self._ledger = ledger
        self._sleep = sleep

    @property
    def patience_s(self) -> float:
        """A payload by itself has the time for retries, and no more."""
        return 0.0

    def before(self, row: Row, action: LeverageAction) -> Snapshot | None:
        """The account before the first attempt; None where it cannot be read."""
        try:
            # The clock first here and last in `_now`: the two hold everything between them.
            at = self._exchange.now() if isinstance(action, UpdateIsolatedMargin) else None
            return snapshot(self._look(row, action), at)
        except EnvironmentFault:
            # Without it the proof is weaker, and says so; that is no reason not to post.
            return None

    def now(self, row: Row, action: LeverageAction) -> Snapshot | None:
        """The account as it is; None where it cannot be read."""
        try:
            standing = self._look(row, action)
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

    def _look(self, row: Row, action: LeverageAction) -> Standing:
        """The account as it is, by the lightest question that will do."""
        if self._glance is not None:
            is_setting = isinstance(action, UpdateLeverage)
            if self._glance.has_position or not is_setting:
                held = self._exchange.position(row.account, row.coin, fresh=True)
                if held is not None and (held.setting.is_cross or held.raw_usd is not None):
                    return Standing(held.setting, held)
            if is_setting:
                return Standing(self._exchange.setting(row.account, row.coin), None)
        return self._exchange.standing(row.account, row.coin, fresh=True)

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
