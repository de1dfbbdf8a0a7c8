"""A desk to work at: people's keys, a rehearsal exchange, a ledger folder, the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from postgresql import Postgres

from coldlever.broadcaster.cli import cli
from coldlever.broadcaster.cli.machine import Machine
from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger.server import LedgerServer
from coldlever.broadcaster.ledger.store import Ledger
from coldlever.broadcaster.rehearsal import Outcome, RehearsalExchange, RehearsalServer
from coldlever.broadcaster.venue.client import ExchangeApi, Venue
from coldlever.broadcaster.venue.exchange import Exchange
from coldlever.broadcaster.venue.transport import Session
from coldlever.broadcaster.venue.weight import WeightBudget
from coldlever.shared.action.actions import parse_action
from coldlever.shared.action.address import Address
from coldlever.shared.action.network import Network
from coldlever.shared.action.signable import Signable
from coldlever.shared.message.signed import SignedPayload
from coldlever.shared.reading.fields import Where
from coldlever.signer.key.signing_key import SigningKey

NOW = 1_795_340_000_000
HOUR = 3_600_000
VAULT = Address(b"\x11" * 20)
SUB = Address(b"\x22" * 20)
BTC, ETH = 3, 4  # asset ids of testnet


def key(number: int) -> SigningKey:
    return SigningKey(number.to_bytes(32, "big"))


def leverage(value: int = 10, *, asset: int = BTC, cross: bool = True) -> dict[str, object]:
    return {"type": "updateLeverage", "asset": asset, "isCross": cross, "leverage": value}


def margin(micro_usd: int, *, asset: int = BTC) -> dict[str, object]:
    return {"type": "updateIsolatedMargin", "asset": asset, "isBuy": True, "ntli": micro_usd}


def top_up(target: str, *, asset: int) -> dict[str, object]:
    return {"type": "topUpIsolatedOnlyMargin", "asset": asset, "leverage": target}


@dataclass
class Shown:
    """What one run of the command line showed."""

    status: int
    stdout: str
    stderr: str

    @property
    def document(self):
        """The one JSON document on stdout."""
        return json.loads(self.stdout)

    @property
    def error(self) -> str:
        return self.document["error"]["code"]


@dataclass
class Desk:
    """`user` is funded, `agent` and `stranger` are unknown at first; `time` is the exchange's."""

    folder: Path
    network: Network = Network.TESTNET
    time: int = NOW
    user: SigningKey = field(default_factory=lambda: key(1))
    agent: SigningKey = field(default_factory=lambda: key(2))
    stranger: SigningKey = field(default_factory=lambda: key(3))
    url: str = ""
    naps: list[float] = field(default_factory=list)
    ledger_url: str | None = None  # of a ledger on a server

    def __post_init__(self) -> None:
        self.exchange = RehearsalExchange(
            self.network, clock=lambda: self.time, accounts=[self.user.address]
        )
        self.state = self.folder / "state"
        self.state.mkdir()
        self._nonce = self.time
        self.machine = Machine(clock=lambda: self.time, sleep=self.naps.append)

    def sign(
        self,
        action: dict[str, object] | None = None,
        *,
        by: SigningKey | None = None,
        nonce: int | None = None,
        vault: Address | None = None,
        expires_after: int | None = NOW + HOUR,
        network: Network | None = None,
    ) -> SignedPayload:
        if nonce is None:
            self._nonce += 1
            nonce = self._nonce
        parsed = parse_action(leverage() if action is None else action, Where("test"))
        signable = Signable(network or self.network, parsed, nonce, vault, expires_after)
        signer = by or self.user
        return SignedPayload(
            signable, signer.sign(signable.digest()), signer.address, signable.action_hash()
        )

    def save(self, *payloads: SignedPayload | dict, name: str = "signed.json") -> str:
        """One payload as it is, several as a batch."""
        wires = [one if isinstance(one, dict) else one.to_wire() for one in payloads]
        path = self.folder / name
        path.write_text(json.dumps(wires[0] if len(wires) == 1 else wires))
        return str(path)

    def signed_file(self, action: dict[str, object] | None = None, **options: object) -> str:
        name = str(options.pop("name", "signed.json"))
        return self.save(self.sign(action, **options), name=name)

    def sit_down(self, answer: Callable[[str], str]) -> None:
        """Put a person at the terminal, who answers that to every question."""
        self.machine = replace(self.machine, is_attended=lambda: True, ask=answer)

    def arguments(self, command: str, *arguments: str) -> list[str]:
        places = ["--state-dir", str(self.state)]
        if self.ledger_url is not None:
            places += ["--ledger", self.ledger_url]
        if command in ("draft", "market", "check", "post", "revoke"):
            places += ["--api-url", self.url]
        return [command, *arguments, *places]

    def run(self, command: str, *arguments: str) -> Shown:
        """A command in this process, with pauses noted in `naps` instead of waited for."""
        result = CliRunner().invoke(cli, self.arguments(command, *arguments), obj=self.machine)
        return Shown(result.exit_code, result.stdout, result.stderr)

    def post(self, *arguments: str) -> Shown:
        return self.run("post", *arguments, "--json")

    def check(self, *arguments: str) -> Shown:
        return self.run("check", *arguments, "--json")

    def resolve(self, *arguments: str) -> Shown:
        return self.run("resolve", *arguments, "--json")

    def spawn(self, command: str, *arguments: str) -> subprocess.Popen[str]:
        """A command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "coldlever.broadcaster", *self.arguments(command, *arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "HOME": str(self.folder)},
        )

    def finish(self, process: subprocess.Popen[str]) -> Shown:
        stdout, stderr = process.communicate(timeout=60)
        return Shown(process.returncode, stdout, stderr)

    def in_spite(self) -> list[str]:
        """Options of `post` that say: what is open may land late."""
        ledger = self.ledger()
        try:
            rows = ledger.rows([NonceState.OPEN])
        finally:
            ledger.close()
        return [word for row in rows for word in ("--after-open", str(row.key.nonce))]

    def accepted(self) -> int:
        return self.exchange.journal.count(Outcome.ACCEPTED)

    def requests(self) -> int:
        return len(self.exchange.journal.entries())

    def setting(self, coin: str = "BTC", account: Address | None = None) -> tuple[bool, int]:
        now = self.exchange.setting(account or self.user.address, coin)
        return now.is_cross, now.value

    def ledger(self) -> Ledger:
        server = None if self.ledger_url is None else LedgerServer(sa.make_url(self.ledger_url))
        return Ledger(server or self.state)

    def row(self):
        """The only row of the ledger."""
        ledger = self.ledger()
        try:
            (row,) = ledger.rows()
        finally:
            ledger.close()
        return row

    def reader(self) -> Exchange:
        """Typed reading of the exchange, as the commands do it."""
        venue = Venue(self.network, self.url, is_rehearsal=True)
        budget = WeightBudget(time.monotonic, self.naps.append)
        return Exchange(
            ExchangeApi(venue, Session(time.monotonic), budget, self.naps.append, time.monotonic),
            self.network,
        )


ENGINES = ("sqlite", "postgresql")


def pytest_generate_tests(metafunc) -> None:
    """Tests that are marked `both_engines` run with the ledger in a file and on a server."""
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    is_both = "both_engines" in marks and "file_ledger" not in marks
    if is_both and "ledger_engine" in metafunc.fixturenames:
        metafunc.parametrize("ledger_engine", ENGINES, indirect=True)


@pytest.fixture(scope="session")
def postgres(postgres_programs) -> Iterator[Postgres]:
    """A real PostgreSQL, started when the first test wants it."""
    server = Postgres()
    yield server
    server.close()


@pytest.fixture
def ledger_engine(request) -> str:
    """Which engine keeps the ledger; a file, where a test says nothing else."""
    return getattr(request, "param", "sqlite")


@pytest.fixture
def ledger_url(ledger_engine, request) -> str | None:
    """The URL of an empty ledger on a server; None for a file."""
    if ledger_engine == "sqlite":
        return None
    postgres = request.getfixturevalue("postgres")
    return postgres.url(postgres.new_database())


@pytest.fixture
def open_ledger(tmp_path, ledger_url) -> Callable[[], Ledger]:
    """Opens the test's ledger, each time with connections of its own."""
    server = None if ledger_url is None else LedgerServer(sa.make_url(ledger_url))
    return lambda: Ledger(server or tmp_path)


@pytest.fixture
def desk(tmp_path, request, ledger_url) -> Iterator[Desk]:
    network = getattr(request, "param", Network.TESTNET)
    one = Desk(tmp_path, network, ledger_url=ledger_url)
    server = RehearsalServer(one.exchange, weight_limit=None)
    with server:
        one.url = server.url
        yield one


@pytest.fixture
def action() -> SimpleNamespace:
    """Action builders, because test modules cannot import each other."""
    return SimpleNamespace(leverage=leverage, margin=margin, top_up=top_up)


@pytest.fixture
def key_of():
    """Further keys, by number."""
    return key


@pytest.fixture
def wait_until():
    """Waits for what another thread brings about."""

    def wait(holds) -> None:
        deadline = time.monotonic() + 5
        while not holds():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.01)

    return wait


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(time.monotonic) as one:
        yield one
