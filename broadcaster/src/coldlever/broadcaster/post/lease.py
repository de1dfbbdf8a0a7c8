"""Leave to post at an account's market, where several machines share the ledger."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from coldlever.broadcaster.ledger import Place
from coldlever.broadcaster.ledger.lease import Leases
from coldlever.broadcaster.post.leave import WAIT_S, Leave
from coldlever.shared.errors import EnvironmentFault


class MarketLease(Leave):
    """As `Leave`, by leases of the ledger.

    A long run may have lost what it held to another host: then it is taken once more.

    Args:
        leases: of the ledger.
        sleep: waits that many seconds.
        wait_s: how long to wait for another holder, seconds; longer than the lease of a host that
            has died.
    """

    POLL_S = 0.25

    def __init__(
        self, leases: Leases, sleep: Callable[[float], None], wait_s: float = WAIT_S
    ) -> None:
        super().__init__(sleep, wait_s)
        self._leases = leases

    def _name(self, place: Place) -> str:
        return f"{place.venue}\0{place.account.lower}\0{place.coin}"

    def _take(self, _name: str, place: Place) -> None:
        def holder() -> str | None:
            other = self._leases.take(place)
            return None if other is None else f"another coldlever ({other})"

        self._wait_for(holder)

    def _keep(self, name: str, place: Place) -> None:
        if not self._leases.keep(place):
            self._take(name, place)

    def _let_go(self, _name: str, place: Place) -> None:
        # What was posted is on the record; a lease that cannot be given back ends by itself.
        with suppress(EnvironmentFault):
            self._leases.give_back(place)
