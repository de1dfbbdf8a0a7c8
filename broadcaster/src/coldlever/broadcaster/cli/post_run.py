"""Who checks and posts the payloads of one `post` run: one connection a network and thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from coldlever.broadcaster.check import Blocked, Checker, Cleared
from coldlever.broadcaster.check.board import Board
from coldlever.broadcaster.check.report import failed
from coldlever.broadcaster.cli.context import Connection, connect, make_poster, market_lock
from coldlever.broadcaster.cli.job import Job
from coldlever.broadcaster.cli.load import Item
from coldlever.broadcaster.cli.machine import Machine
from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger import Ledger, Row, Turn
from coldlever.broadcaster.post import Poster, result_of
from coldlever.broadcaster.post.result import is_unread
from coldlever.shared.action import Address, Network
from coldlever.shared.action.time_rules import POST_MARGIN_MS, expiry_problem
from coldlever.shared.action.what import What
from coldlever.shared.errors import RuleRefused
from coldlever.shared.message import verify

_NAP_S = 0.2


class Runner:
    """Keeps one connection a network for all payloads of a run.

    Args:
        machine: its clocks and pauses.
        ledger: the broadcaster's ledger.
        folder: the state folder.
        api_url: from ``--api-url``, or None.
        signer: who should have signed, or None.
        board: the policy in force with the run's approvals, or None.
        retry_s: how long an unanswered post is repeated, seconds.
        after_open: nonces of open payloads that may land late, as a person said.
        is_thrifty: ask for no setting where no position is open.

    Attributes:
        halt: once set, pauses of other threads end.
        lock: leave to post at accounts' markets.
    """

    def __init__(
        self,
        machine: Machine,
        ledger: Ledger,
        folder: Path,
        api_url: str | None,
        signer: Address | None,
        *,
        board: Board | None = None,
        retry_s: float,
        after_open: frozenset[int] = frozenset(),
        is_thrifty: bool = False,
    ) -> None:
        self.halt = threading.Event()
        self._machine = replace(machine, sleep=self._sleeper(machine.sleep))
        self._is_thrifty = is_thrifty
        self._ledger = ledger
        self._folder = folder
        self._api_url = api_url
        self._signer = signer
        self._board = board
        self._retry_s = retry_s
        self._after_open = after_open
        self.lock = market_lock(machine, ledger, folder)
        self._parts: dict[Network, tuple[Connection, Poster]] = {}
        self._checkers: dict[Network, Checker] = {}

    def after(self, nonces: frozenset[int]) -> Runner:
        """A runner that takes it that these open payloads may land late."""
        return Runner(
            self._machine,
            self._ledger,
            self._folder,
            self._api_url,
            self._signer,
            board=self._board,
            retry_s=self._retry_s,
            after_open=self._after_open | nonces,
            is_thrifty=self._is_thrifty,
        )

    def _sleeper(self, sleep: Callable[[float], None]) -> Callable[[float], None]:
        """Pauses of other threads end when the run is halted; the main thread's are interrupted."""

        def pause(seconds: float) -> None:
            if threading.current_thread() is threading.main_thread():
                sleep(seconds)
                return
            left = seconds
            while left > 0:
                if self.halt.is_set():
                    raise KeyboardInterrupt
                sleep(min(left, _NAP_S))
                left -= _NAP_S

        return pause

    def prepare(self, item: Item) -> Job:
        """Find what an earlier run recorded, or run the checks.

        Raises:
            EnvironmentFault: the exchange could not be asked, or the ledger not be read.
        """
        _, poster = self._for(item)
        recorded = self._recorded(item, poster)
        if recorded is None:
            checked = self._checker(item).run_next(item.payload)
            if not isinstance(checked, Blocked):
                return Job(item, checked)
            # Another process may have taken it up while the checks were running.
            recorded = self._recorded(item, poster)
            if recorded is None:
                return Job(item, checked)
        self._expect(recorded)
        return recorded

    def _checker(self, item: Item) -> Checker:
        network = item.payload.signable.network
        if network not in self._checkers:
            connection, _ = self._for(item)
            self._checkers[network] = Checker(
                self._ledger,
                connection.venue.key,
                connection.clock.now(),
                connection.exchange,
                self._signer,
                board=self._board,
                after_open=self._after_open,
                is_thrifty=self._is_thrifty,
            )
        return self._checkers[network]

    def _expect(self, job: Job) -> None:
        """What an earlier run left open comes before what is checked after it."""
        if isinstance(job.stage, Row) and job.stage.state is NonceState.OPEN:
            row = job.stage
            signable = job.item.payload.signable
            self._checker(job.item).expect(row.key.signer, signable, row.account)

    def _recorded(self, item: Item, poster: Poster) -> Job | None:
        """What an earlier run, or another process, has made of this very payload."""
        try:
            verify(item.payload, self._signer)
            row = poster.find(item.payload)
        except RuleRefused:
            # The checks find it again, and everything else that is wrong.
            return None
        if row is None or row.state.needs_clearance:
            return None
        if row.state is NonceState.DEAD and self._ledger.is_revoked(row.key):
            # The checks say so.
            return None
        # Another process may be about to read the account back: its lock is waited for.
        if row.state is NonceState.OPEN or is_unread(row):
            return Job(item, row)
        is_noop = row.key.what is What.REVOCATION
        return Job(
            item, result_of(row, killed=self._ledger.find(row.key.other) if is_noop else None)
        )

    def time_problem(self, job: Job) -> Job | None:
        """The job as one that has expired, or whose approval has, since it was checked; or None.

        Raises:
            EnvironmentFault: the exchange's clock could not be read.
        """
        expires_after = job.item.payload.signable.expires_after
        stage, board = job.stage, self._board
        if not isinstance(stage, Cleared) or (expires_after is None and board is None):
            return None
        connection, _ = self._for(job.item)
        now = connection.clock.now()
        problem = expiry_problem(expires_after, now, POST_MARGIN_MS)
        late = None if problem is None else failed("expiry", problem)
        if late is None and board is not None:
            late = board.again(stage.report.facts, now)
        return None if late is None else Job(job.item, stage.blocked_by(late))

    @property
    def turn(self) -> Turn:
        """What may land after what is gone on with."""
        return Turn(self._after_open)

    def highest_nonces(self, signer: Address) -> list[int]:
        """Of a signer, on all venues of the run."""
        keys = {connection.venue.key for connection, _ in self._parts.values()}
        return [one for key in keys for one in self._ledger.highest_nonces(key, signer)]

    def tell(self, waiting: Callable[[float], None]) -> None:
        """Call this with the seconds before each wait for the exchange's limit."""
        for connection, _ in self._parts.values():
            connection.budget.tell(waiting)

    def poster(self, item: Item) -> Poster:
        """Who posts it, in the main thread."""
        return self._for(item)[1]

    def twin(self) -> Twin:
        """The same venues for another thread."""
        return Twin(self._parts, self._make_poster, self._machine)

    def close(self) -> None:
        """Close all connections."""
        for connection, _ in self._parts.values():
            connection.close()

    def _for(self, item: Item) -> tuple[Connection, Poster]:
        network = item.payload.signable.network
        if network not in self._parts:
            connection = connect(self._machine, network, self._api_url, self._ledger)
            self._parts[network] = (connection, self._make_poster(connection))
        return self._parts[network]

    def _make_poster(self, connection: Connection) -> Poster:
        return make_poster(
            self._machine, connection, self._ledger, self._folder, self._retry_s, lock=self.lock
        )


class Twin:
    """Connections and posters of one more thread.

    Args:
        parts: of the main thread.
        make: makes a poster for a connection.
        machine: its clocks and pauses.
    """

    def __init__(
        self,
        parts: Mapping[Network, tuple[Connection, Poster]],
        make: Callable[[Connection], Poster],
        machine: Machine,
    ) -> None:
        self._connections = {one: part[0].twin(machine) for one, part in parts.items()}
        self._posters = {one: make(twin) for one, twin in self._connections.items()}

    def poster(self, item: Item) -> Poster:
        """Who posts it."""
        return self._posters[item.payload.signable.network]

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections.values():
            connection.close()
