"""A rehearsal exchange with a fixed clock, and keys to sign with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
import requests

from coldlever.broadcaster.rehearsal import RehearsalExchange, RehearsalServer
from coldlever.shared.action.address import Address
from coldlever.shared.action.hashing import agent_digest, hash_wire_action
from coldlever.shared.action.network import Network
from coldlever.signer.key.signing_key import SigningKey

VAULT = Address(b"\x11" * 20)
SUB = Address(b"\x22" * 20)
NOW = 1_795_340_000_000


def key(number: int) -> SigningKey:
    return SigningKey(number.to_bytes(32, "big"))


@dataclass
class Scene:
    """One exchange and the people in it; `user` is funded, the others are strangers at first."""

    network: Network = Network.TESTNET
    time: int = NOW
    user: SigningKey = field(default_factory=lambda: key(1))
    agent: SigningKey = field(default_factory=lambda: key(2))
    stranger: SigningKey = field(default_factory=lambda: key(3))
    vault: Address = VAULT
    sub: Address = SUB
    request_cap: int = 10_000

    def __post_init__(self) -> None:
        self.exchange = RehearsalExchange(
            self.network,
            clock=lambda: self.time,
            accounts=[self.user.address],
            request_cap=self.request_cap,
        )
        self._last_nonce = self.time - 1_000

    def body(
        self,
        action: dict[str, object],
        *,
        by: SigningKey | None = None,
        nonce: int | None = None,
        vault: Address | None = None,
        expires_after: int | None = None,
        network: Network | None = None,
    ) -> dict[str, object]:
        if nonce is None:
            self._last_nonce += 1
            nonce = self._last_nonce
        digest = agent_digest(
            network or self.network, hash_wire_action(action, nonce, vault, expires_after)
        )
        return {
            "action": action,
            "nonce": nonce,
            "signature": (by or self.user).sign(digest).to_wire(),
            "vaultAddress": None if vault is None else vault.lower,
            "expiresAfter": expires_after,
        }

    def send(self, body: dict[str, object]) -> object:
        answer = self.exchange.act(json.dumps(body).encode())
        return json.loads(answer.body) if answer.status == 200 else answer.status

    def act(self, action: dict[str, object], **options: object) -> object:
        return self.send(self.body(action, **options))

    def refusal(self, action: dict[str, object], **options: object) -> str:
        answer = self.act(action, **options)
        assert isinstance(answer, dict)
        assert answer["status"] == "err"
        return answer["response"]

    def ask(self, **request: object) -> object:
        answer = self.exchange.ask(json.dumps(request).encode())
        return json.loads(answer.body) if answer.status == 200 else answer.status

    def usd(self, dex: str = "") -> Decimal:
        state = self.ask(type="clearinghouseState", user=self.user.address.lower, dex=dex)
        return Decimal(state["marginSummary"]["accountValue"])

    def margin_used(self, coin: str, dex: str = "") -> Decimal:
        state = self.ask(type="clearinghouseState", user=self.user.address.lower, dex=dex)
        (position,) = [
            each["position"] for each in state["assetPositions"] if each["position"]["coin"] == coin
        ]
        return Decimal(position["marginUsed"])


def leverage(asset: int, value: int, *, cross: bool = True) -> dict[str, object]:
    return {"type": "updateLeverage", "asset": asset, "isCross": cross, "leverage": value}


def margin(asset: int, ntli: int) -> dict[str, object]:
    return {"type": "updateIsolatedMargin", "asset": asset, "isBuy": True, "ntli": ntli}


def top_up(asset: int, target: str) -> dict[str, object]:
    return {"type": "topUpIsolatedOnlyMargin", "asset": asset, "leverage": target}


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def mainnet() -> Scene:
    return Scene(Network.MAINNET)


@pytest.fixture
def act() -> type:
    """Action builders, because test modules cannot import each other."""
    return Actions


class Actions:
    leverage = staticmethod(leverage)
    margin = staticmethod(margin)
    top_up = staticmethod(top_up)
    noop = staticmethod(lambda: {"type": "noop"})


@pytest.fixture
def make_scene() -> type[Scene]:
    return Scene


@dataclass
class Live:
    """A served scene; `naps` are the waits that faults asked for."""

    scene: Scene
    server: RehearsalServer
    session: requests.Session
    naps: list[float]

    def post(self, path: str, body: object, **options: object) -> requests.Response:
        return self.session.post(
            self.server.url + path, json=body, timeout=5, allow_redirects=False, **options
        )

    def outcomes(self) -> list[tuple[str, str | None]]:
        log = self.session.get(self.server.url + "/rehearsal/log", timeout=5).json()
        return [(entry["outcome"], entry["fault"]) for entry in log]


@pytest.fixture
def live(scene: Scene) -> Iterator[Live]:
    naps: list[float] = []
    server = RehearsalServer(scene.exchange, weight_limit=None, sleep=naps.append)
    with server, requests.Session() as session:
        yield Live(scene, server, session, naps)
