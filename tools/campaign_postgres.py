"""Four processes on two hosts post through one PostgreSQL, while everything around them breaks.

Hosts are state folders; each has two workers that post, resolve and are killed or suspended past their
leases. A proxy cuts connections to the server, which is restarted with and without warning, and the
exchange loses, delays and mangles answers. Each payload is given to workers of both hosts. What they say is
held against the journal of the rehearsal: each payload landed at most once, nothing that arrived is without
a row, and no verdict says something else. The time of a suspended host's lease is not waited for: its end is
moved, as the clock would do.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from postgresql import Postgres

from coldlever.broadcaster.fate import Verdict
from coldlever.broadcaster.ledger.server import LedgerServer
from coldlever.broadcaster.ledger.store import Ledger
from coldlever.broadcaster.rehearsal import Outcome, RehearsalExchange, RehearsalServer
from coldlever.shared.action.actions import UpdateLeverage
from coldlever.shared.action.network import Network
from coldlever.shared.action.signable import Signable
from coldlever.shared.message.signed import SignedPayload
from coldlever.signer.key.signing_key import SigningKey

_ASSETS = (3, 4, 0)
_FAULTS = ("lose-answer", "drop", "502", "truncate", "500")
_HOUR_MS = 3_600_000
_YES = {Verdict.CONFIRMED.value, Verdict.ACCEPTED.value}
_NO = {Verdict.REFUSED.value, Verdict.WITHDRAWN.value}
# A process that runs one command after the other: starting an interpreter for each would be most of it.
_WORKER = """
import functools, io, json, sys
from click.testing import CliRunner
from coldlever.broadcaster.cli import cli, context
from coldlever.broadcaster.fate import Event, NonceState, transition
if sys.argv[1] == "lost-is-refused":
    transition._TABLE[NonceState.UNSENT][Event.NO_ANSWER] = NonceState.SPENT_REFUSED
context.WEIGHT_LIMIT = 10**9
context.WeightBudget = functools.partial(context.WeightBudget, limit=10**9)
for line in sys.stdin:
    shown = CliRunner().invoke(cli, json.loads(line))
    print(json.dumps([shown.exit_code, shown.stdout]), flush=True)
"""


@dataclass
class Tally:
    """What was seen."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Proxy:
    """A TCP port before the server's socket, whose connections can be cut."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            there = socket.socket(socket.AF_UNIX)
            try:
                there.connect(self._path)
            except OSError:
                here.close()
                there.close()
                continue
            with self._lock:
                self._pairs.append((here, there))
            threading.Thread(target=self._carry, args=(here, there), daemon=True).start()

    def _carry(self, here: socket.socket, there: socket.socket) -> None:
        with selectors.DefaultSelector() as ready, suppress(OSError, ValueError), here, there:
            ready.register(here, selectors.EVENT_READ, there)
            ready.register(there, selectors.EVENT_READ, here)
            while True:
                for key, _ in ready.select(1):
                    data = key.fileobj.recv(65536)
                    if not data:
                        return
                    key.data.sendall(data)

    def cut(self, chance: random.Random) -> None:
        """Cut about half of the connections, wherever they are."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            if chance.random() < 0.5:
                for one in pair:
                    with suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)
            else:
                with self._lock:
                    self._pairs.append(pair)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        with self._lock:
            for pair in self._pairs:
                for one in pair:
                    with suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)


class Worker:
    """A process on a host; who kills it makes it anew."""

    def __init__(self, host: Path, common: list[str], sabotage: str) -> None:
        self._sabotage = sabotage
        self.common = [*common, "--state-dir", str(host)]
        self.busy: list[str] | None = None
        self._start()

    def _start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _WORKER, self._sabotage],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "HOME": self.common[-1]},
        )

    def give(self, command: list[str]) -> None:
        self.busy = command
        line = json.dumps([*command, *self.common]) + "\n"
        try:
            self._write(line)
        except BrokenPipeError:
            # It was killed while it had nothing to do.
            self.end()
            self._start()
            self._write(line)

    def _write(self, line: str) -> None:
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def take(self) -> tuple[int, str] | None:
        """What the command ended with; None when the process was killed."""
        line = self.process.stdout.readline()
        self.busy = None
        if not line:
            self.end()
            self._start()
            return None
        status, out = json.loads(line)
        return status, out

    def end(self) -> None:
        self.process.kill()
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


@dataclass
class Chaos:
    """One campaign.

    Args:
        payloads: how many.
        seed: of all that is drawn.
        sabotage: a wrong rule for the workers, to check the check.
    """

    payloads: int
    seed: int
    sabotage: str = "none"
    tally: Tally = field(default_factory=Tally)

    def play(self) -> Tally:
        self.chance = random.Random(self.seed)
        with ExitStack() as stack:
            folder = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="coldlever-chaos-"))
            )
            self.postgres = stack.enter_context(closing(Postgres()))
            self.database = self.postgres.new_database()
            self.proxy = stack.enter_context(
                closing(Proxy(str(self.postgres.folder / ".s.PGSQL.5432")))
            )
            keys = [
                SigningKey((n + 1).to_bytes(32, "big")) for n in range(max(2, self.payloads // 40))
            ]
            self.exchange = RehearsalExchange(
                Network.TESTNET, accounts=[key.address for key in keys]
            )
            server = stack.enter_context(RehearsalServer(self.exchange, weight_limit=None))
            url = f"postgresql://desk@127.0.0.1:{self.proxy.port}/{self.database}"
            ledger = ["--ledger", url]
            self.files = self._sign(folder, keys)
            hosts = [folder / name for name in ("one", "two")]
            for host in hosts:
                host.mkdir()
            self.api = ["--api-url", server.url, "--retry-for", "2", "--json"]
            self.workers = [Worker(host, ledger, self.sabotage) for host in hosts for _ in range(2)]
            for worker in self.workers:
                stack.callback(worker.end)
            self._run()
            self._finish()
            self._judge()
        return self.tally

    def _sign(self, folder: Path, keys: list[SigningKey]) -> list[tuple[str, SignedPayload]]:
        now = time.time_ns() // 1_000_000
        made = []
        for number in range(self.payloads):
            key = keys[number % len(keys)]
            action = UpdateLeverage(_ASSETS[number % len(_ASSETS)], True, 2 + number % 15)
            signable = Signable(Network.TESTNET, action, now + number, None, now + _HOUR_MS)
            payload = SignedPayload(
                signable, key.sign(signable.digest()), key.address, signable.action_hash()
            )
            file = folder / f"{number}.json"
            file.write_text(json.dumps(payload.to_wire()))
            made.append((str(file), payload))
        return made

    def _run(self) -> None:
        # Each payload goes to both hosts, now and then at the same time.
        queues = [[file for file, _ in self.files] for _ in self.workers]
        for number, queue in enumerate(queues):
            queue[:] = [file for n, file in enumerate(queue) if (n + n // 2) % 2 == number % 2]
        with selectors.DefaultSelector() as ready:
            self._serve(queues, ready)

    def _serve(self, queues: list[list[str]], ready: selectors.DefaultSelector) -> None:
        suspended: list[tuple[float, Worker]] = []
        next_mishap = time.monotonic()
        while any(queues) or any(worker.busy for worker in self.workers):
            for worker, queue in zip(self.workers, queues, strict=True):
                if worker.busy is None and queue:
                    self._give(worker, queue)
                    ready.register(worker.process.stdout, selectors.EVENT_READ, worker)
            for key, _ in ready.select(0.05):
                ready.unregister(key.fileobj)
                self._take(key.data)
            now = time.monotonic()
            while suspended and suspended[0][0] <= now:
                self._signal(suspended.pop(0)[1], signal.SIGCONT)
            if now >= next_mishap:
                next_mishap = now + self.chance.uniform(0.05, 0.6)
                self._mishap(suspended, now)
        for _, worker in suspended:
            self._signal(worker, signal.SIGCONT)

    def _give(self, worker: Worker, queue: list[str]) -> None:
        if self.chance.random() < 0.15:
            worker.give(["resolve", "--retry-for", "1", "--json"])
        else:
            worker.give(["post", queue.pop(0), *self.api])

    def _take(self, worker: Worker) -> None:
        command, told = worker.busy, worker.take()
        if told is None:
            self.tally.counts["commands killed"] += 1
            return
        status, out = told
        self.tally.counts[f"{command[0]} ended with {status}"] += 1
        if status == 1:
            self.tally.wrong.append(f"{command} broke: {out[:300]}")
        with suppress(ValueError, TypeError, KeyError):
            told = json.loads(out)
            for one in told if isinstance(told, list) else [told]:
                self._hear(one)

    def _hear(self, one: dict) -> None:
        receipt = one["receipt"]
        who = receipt["signer"].lower(), receipt["payload"]["nonce"]
        is_in = who in self._accepted()
        if (one["status"] in _YES and not is_in) or (one["status"] in _NO and is_in):
            self.tally.wrong.append(f"told {one['status']} of {who}, accepted: {is_in}")

    def _mishap(self, suspended: list[tuple[float, Worker]], now: float) -> None:
        kind = self.chance.choices(
            ("fault", "kill", "suspend", "cut", "restart", "crash"), (10, 4, 3, 3, 0.4, 0.4)
        )[0]
        worker = self.chance.choice(self.workers)
        if kind == "fault":
            self.exchange.inject(self.chance.choice(_FAULTS))
        elif kind == "kill":
            self._signal(worker, signal.SIGKILL)
        elif kind == "suspend" and all(worker is not one for _, one in suspended):
            self._signal(worker, signal.SIGSTOP)
            suspended.append((now + self.chance.uniform(0.2, 2), worker))
            self._past_the_leases()
        elif kind == "cut":
            self.proxy.cut(self.chance)
        elif kind in ("restart", "crash"):
            self.postgres.stop("fast" if kind == "restart" else "immediate")
            self.postgres.start()
        self.tally.counts[f"mishap: {kind}"] += 1

    def _past_the_leases(self) -> None:
        with suppress(Exception):
            self.postgres.sql("UPDATE leases SET ends_at = 1", database=self.database)

    @staticmethod
    def _signal(worker: Worker, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            worker.process.send_signal(number)

    def _finish(self) -> None:
        """All calm: everything open has to come to an end."""
        self.exchange.faults.clear()
        for _ in range(5):
            self._past_the_leases()
            self.workers[0].give(["resolve", "--retry-for", "5", "--json"])
            self._take(self.workers[0])
        # What was never sent, or was held up by an open one then, is posted once more.
        for file, _ in self.files:
            self._past_the_leases()
            self.workers[1].give(["post", file, *self.api])
            self._take(self.workers[1])

    def _accepted(self) -> set[tuple[str, int]]:
        return {
            (one.signer.lower, one.nonce)
            for one in self.exchange.journal.entries()
            if one.outcome is Outcome.ACCEPTED and one.signer is not None
        }

    def _judge(self) -> None:
        entries = [one for one in self.exchange.journal.entries() if one.signer is not None]
        landed = Counter(
            (one.signer.lower, one.nonce) for one in entries if one.outcome is Outcome.ACCEPTED
        )
        wrong = self.tally.wrong
        wrong += [f"{who} landed {times} times" for who, times in landed.items() if times > 1]
        url = sa.make_url(self.postgres.url(self.database))
        with closing(Ledger(LedgerServer(url))) as ledger:
            rows = {(row.key.signer.lower, row.key.nonce): row for row in ledger.rows(limit=10**6)}
        arrived = {(one.signer.lower, one.nonce) for one in entries}
        wrong += [f"{who} arrived and has no row" for who in arrived - rows.keys()]
        for who, row in rows.items():
            verdict = row.verdict.value
            self.tally.counts[f"row: {verdict}"] += 1
            if (verdict in _YES and who not in landed) or (verdict in _NO and who in landed):
                wrong.append(f"{who} is {verdict}, landed: {who in landed}")
            if row.state.can_land and not row.state.needs_clearance:
                wrong.append(f"{who} is {row.state.value} at the end")
        self.tally.counts["payloads landed"] = len(landed)
        self.tally.counts["requests that arrived"] = len(entries)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--payloads", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--sabotage", choices=("none", "lost-is-refused"), default="none")
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    began = time.monotonic()
    tally = Chaos(asked.payloads, asked.seed, asked.sabotage).play()
    for name, count in sorted(tally.counts.items()):
        print(f"{count:6} {name}")
    for one in tally.wrong:
        print(f"WRONG {one}")
    print(f"{asked.payloads} payloads, {len(tally.wrong)} wrong, {time.monotonic() - began:.0f} s")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
