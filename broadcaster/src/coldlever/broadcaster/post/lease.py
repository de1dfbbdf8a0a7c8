"""Leave to post at an account's market, where several machines share the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from coldlever.broadcaster.ledger import Place
from coldlever.broadcaster.ledger.lease import Leases
from coldlever.broadcaster.post.lock import WAIT_S, MarketLock
from coldlever.shared.errors import EnvironmentFault

_POLL_S = 0.25


class MarketLease:
    """As `MarketLock`, with leases of the ledger instead of files.

    Args:
        leases: of the ledger.
        sleep: waits that many seconds.
        wait_s: how long to wait for another holder, seconds; longer than the lease of a host that
            has died.
    """

    def __init__(
        self, leases: Leases, sleep: Callable[[float], None], wait_s: float = WAIT_S
    ) -> None:
        self._leases = leases
        self._sleep = sleep
        self._wait_s = wait_s
        self._held: dict[str, Place] = {}

    def acquire(self, *places: Place) -> tuple[str, ...]:
        """Take all of them, or none, in one order for everybody.

        A long run may have lost what it held to another host: then it is taken once more.

        Returns:
            What was not held before, to be given to `release`.

        Raises:
            EnvironmentFault: ``payload-busy`` when another holder does not end in time, or the
                ledger could not be asked.
        """
        taken: list[str] = []
        try:
            for name, place in sorted({_name(place): place for place in places}.items()):
                if name in self._held:
                    self._keep(place)
                    continue
                self._take(place)
                self._held[name] = place
                taken.append(name)
        except BaseException:
            self.release(tuple(taken))
            raise
        return tuple(taken)

    def release(self, taken: tuple[str, ...]) -> None:
        """Let go of what `acquire` has taken."""
        for name in taken:
            place = self._held.pop(name)
            # What was posted is on the record; a lease that cannot be given back ends by itself.
            with suppress(EnvironmentFault):
                self._leases.give_back(place)

    @contextmanager
    def held(self, *places: Place) -> Iterator[None]:
        """Hold them for a while; errors as `acquire`."""
        taken = self.acquire(*places)
        try:
            yield
        finally:
            self.release(taken)

    def _keep(self, place: Place) -> None:
        if not self._leases.keep(place):
            self._take(place)

    def _take(self, place: Place) -> None:
        waited = 0.0
        while (holder := self._leases.take(place)) is not None:
            if waited >= self._wait_s:
                raise EnvironmentFault(
                    "payload-busy",
                    f"another coldlever ({holder}) is posting for this account and market",
                    "let it finish, then look at `history`",
                )
            self._sleep(_POLL_S)
            waited += _POLL_S


# Whatever keeps others from posting at a market.
Leave = MarketLock | MarketLease


def _name(place: Place) -> str:
    return f"{place.venue}\0{place.account.lower}\0{place.coin}"
