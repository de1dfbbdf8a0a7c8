"""Leave to post at accounts' markets, which one holder at a time has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from coldlever.broadcaster.ledger import Place
from coldlever.shared.errors import EnvironmentFault

WAIT_S = 90.0


class Leave(ABC):
    """One of these serves a whole run. What it holds already it takes again without waiting.

    Args:
        sleep: waits that many seconds.
        wait_s: how long to wait for another holder, seconds.
    """

    # How long between two looks whether another holder is done.
    POLL_S: float

    def __init__(self, sleep: Callable[[float], None], wait_s: float) -> None:
        self._sleep = sleep
        self._wait_s = wait_s
        self._held: dict[str, Place] = {}

    def acquire(self, *places: Place) -> tuple[str, ...]:
        """Take all of them, or none.

        In one order for everybody, so that two runs cannot wait for each other.

        Returns:
            What was not held before, to be given to `release`.

        Raises:
            EnvironmentFault: ``payload-busy`` when another holder does not end in time, or there
                was nobody to ask.
        """
        taken: list[str] = []
        try:
            for name, place in sorted({self._name(place): place for place in places}.items()):
                if name in self._held:
                    self._keep(name, place)
                    continue
                # Noted first, so that whatever stops it in the middle leaves nothing held.
                self._held[name] = place
                taken.append(name)
                self._take(name, place)
        except BaseException:
            self.release(tuple(taken))
            raise
        return tuple(taken)

    def release(self, taken: tuple[str, ...]) -> None:
        """Let go of what `acquire` has taken."""
        for name in taken:
            self._let_go(name, self._held.pop(name))

    @contextmanager
    def held(self, *places: Place) -> Iterator[None]:
        """Hold them for a while; errors as `acquire`."""
        taken = self.acquire(*places)
        try:
            yield
        finally:
            self.release(taken)

    def _wait_for(self, holder: Callable[[], str | None]) -> None:
        """Wait until there is no other holder; ``holder`` takes it then, and names one else."""
        waited = 0.0
        while (other := holder()) is not None:
            if waited >= self._wait_s:
                raise EnvironmentFault(
                    "payload-busy",
                    f"{other} is posting for this account and market",
                    "let it finish, then look at `history`",
                )
            self._sleep(self.POLL_S)
            waited += self.POLL_S

    @abstractmethod
    def _name(self, place: Place) -> str:
        """What a market is held by: a lock of one kind has one order of names."""

    @abstractmethod
    def _take(self, name: str, place: Place) -> None:
        """Wait for it, and hold it."""

    @abstractmethod
    def _keep(self, name: str, place: Place) -> None:
        """Make sure of what is held already."""

    @abstractmethod
    def _let_go(self, name: str, place: Place) -> None:
        """Hold it no more; or do nothing where taking it was stopped."""
