"""The payloads of one account's market in one run, one after the other under one lock.

The account is read before the first and after the last of them. In between the answers tell:
what was accepted and is followed by something that was accepted too is `superseded`, never
confirmed by a reading that is not its own. Amounts of margin add up, so each of them is read for
itself, before and after.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from coldlever.broadcaster.check import Cleared
from coldlever.broadcaster.fate import NonceState, Reading
from coldlever.broadcaster.ledger import Row, Turn
from coldlever.broadcaster.post.account import Account
from coldlever.broadcaster.post.effect import Snapshot
from coldlever.broadcaster.post.poster import Poster
from coldlever.broadcaster.post.result import Result
from coldlever.shared.action import Setting, UpdateLeverage
from coldlever.shared.action.actions import LeverageAction
from coldlever.shared.errors import EnvironmentFault

# Who else spends of the exchange's limit may do so for some minutes.
_PATIENCE_S = 180.0


@dataclass(frozen=True, slots=True)
class Unread:
    """An accepted payload that was not read back, because others followed.

    Args:
        number: its place in the run.
        result: what is known of it.
        action: what it asked for.
    """

    number: int
    result: Result
    action: LeverageAction


class Series:
    """What is known of a market between the payloads of a run; its lock is held meanwhile.

    Used by one thread at a time, each with a poster of its own.

    Args:
        is_alone: the run is one payload, which is read in full.
    """

    def __init__(self, *, is_alone: bool) -> None:
        self._is_alone = is_alone
        self._account: Account | None = None
        self._current: Snapshot | None = None
        self._is_followed = False
        self._unread: Unread | None = None

    def post(
        self, poster: Poster, number: int, cleared: Cleared, follower: LeverageAction | None
    ) -> dict[int, Result]:
        """Post one payload.

        Args:
            poster: of this thread.
            number: the payload's place in the run.
            cleared: the payload.
            follower: what will be posted for the market after it, or None.

        Returns:
            What is known now of this payload and of one before, by their places in the run.

        Raises:
            RuleRefused, EnvironmentFault: as `Poster.post`.
        """
        if self._is_alone:
            return {number: poster.post(cleared)}
        standing = cleared.report.facts.standing
        has_position = standing is not None and standing.position is not None
        self._account = poster.glance(has_position=has_position)
        self._is_followed = isinstance(follower, UpdateLeverage)
        result = poster.post(cleared, self)
        known = {number: result}
        with suppress(EnvironmentFault):
            # What cannot be noted of the one before must not hide what became of this one; the
            # row of the other says that it was not read, and `resolve` reads it.
            known |= self._settle_earlier(poster, number, result)
        if _is_unread(result) and not result.already:
            self._unread = Unread(number, result, cleared.payload.signable.change)
        return known

    def _settle_earlier(self, poster: Poster, number: int, result: Result) -> dict[int, Result]:
        if result.row.state is NonceState.SPENT_ACCEPTED:
            return self._supersede(poster, number, result)
        return {} if result.row.state in _CHANGES_NOTHING else self.finish(poster)

    def resume(self, poster: Poster, number: int, row: Row, turn: Turn) -> dict[int, Result]:
        """Go on with what an earlier run has left; arguments and errors as `post`."""
        known = self.finish(poster)
        self._current = None
        return known | {number: poster.resume(row, turn)}

    def finish(self, poster: Poster) -> dict[int, Result]:
        """Read back what was left out, since nothing follows it after all."""
        unread, self._unread = self._unread, None
        if unread is None:
            return {}
        return {unread.number: poster.read_later(unread.result)}

    def _supersede(self, poster: Poster, number: int, result: Result) -> dict[int, Result]:
        unread, self._unread = self._unread, None
        if unread is None:
            return {}
        if unread.result.row.key == result.row.key:
            # The very same payload twice in a run: it was sent once, and is read back now.
            return {unread.number: replace(result, already=False)}
        return {unread.number: poster.supersede(unread.result, number)}

    @property
    def patience_s(self) -> float:
        """The others of a batch have spent what it has to wait for now."""
        return _PATIENCE_S

    def before(self, row: Row, action: LeverageAction) -> Snapshot | None:
        """The account before a first attempt: read, or as an accepted payload has left it."""
        assert self._account is not None, "only asked while it posts"
        known, self._current = self._current, None
        if known is None or not isinstance(action, UpdateLeverage):
            return self._account.before(row, action)
        if known.is_inferred:
            # Still so if this one is refused; a reading would be too old by then.
            self._current = known
        return known

    def read_back(self, row: Row, action: LeverageAction) -> tuple[Reading, Snapshot | None]:
        """What the account shows; not read where an accepted payload is followed by another."""
        assert self._account is not None, "only asked while it posts"
        is_accepted = row.state is NonceState.SPENT_ACCEPTED
        if is_accepted and self._is_followed and isinstance(action, UpdateLeverage):
            self._current = Snapshot(Setting(action.is_cross, action.leverage), is_inferred=True)
            return Reading.NOT_READ, None
        reading, self._current = self._account.read_back(row, action)
        return reading, self._current


_CHANGES_NOTHING = (NonceState.SPENT_REFUSED, NonceState.NOT_ADMITTED, NonceState.DEAD)


def _is_unread(result: Result) -> bool:
    row = result.row
    return row.state is NonceState.SPENT_ACCEPTED and row.reading is Reading.NOT_READ
