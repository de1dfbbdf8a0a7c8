"""A scene: some payloads on two hosts, run and killed in any order, and brought to an end at last."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger_trace import impossible

from coldlever.broadcaster.fate import NonceState
from coldlever.broadcaster.ledger import Row
from coldlever.broadcaster.rehearsal import FaultKind, RehearsalServer
from coldlever.shared.action import Network, Signable
from coldlever.shared.action.actions import parse_action
from coldlever.shared.action.hashing import agent_digest, hash_wire_action
from coldlever.shared.errors import ColdleverError
from coldlever.shared.message import SignedPayload
from coldlever.shared.reading import Where
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.signer.key.signing_key import SigningKey
from crash.children import Ended, Nursery, Trap, run_from_nothing
from crash.judge import (
    BROKEN,
    ENDLESS,
    STATUS,
    Claim,
    Host,
    Payload,
    Truth,
    Wrong,
    judge_claims,
    judge_ended,
    judge_host,
    judge_stage,
)
from crash.stage import ARRIVES, EXECUTED, STALLS, Stage

MINUTE_MS = 60_000
DAY_MS = 86_400_000
_MARKETS = (3, 4)  # BTC and ETH of testnet
_USER, _AGENT = (SigningKey(number.to_bytes(32, "big")) for number in (1, 2))
_STEPS = 18
_TROUBLE = 0.4
# How long a child lives, until one of its kind has been measured.
_GUESS_S = 0.3
# Whether the request reaches the exchange is chosen where both can happen.
_FAULTS: tuple[tuple[FaultKind, bool | None], ...] = (
    (FaultKind.LOSE_ANSWER, None), (FaultKind.LOSE_ANSWER, None), (FaultKind.DROP, None),
    (FaultKind.DELAY, None), (FaultKind.STALL, None), (FaultKind.STALL, None),
    (FaultKind.RATE_LIMIT, None), (FaultKind.SERVER_ERROR, True), (FaultKind.BAD_GATEWAY, False),
    (FaultKind.BAD_GATEWAY, True), (FaultKind.GATEWAY_TIMEOUT, True), (FaultKind.TRUNCATE, None),
    (FaultKind.CUT, None), (FaultKind.HTML, True), (FaultKind.WRONG_SHAPE, True),
    (FaultKind.NAMED_OK, None), (FaultKind.REDIRECT, True), (FaultKind.UNPROCESSABLE, None),
)  # fmt: skip
_KILLS = ("any time", "any time", "on arrival", "executed", "answered", "answered", "at the start")


@dataclass(slots=True)
class Tally:
    """What a scene, or a campaign, has seen.

    Args:
        kills: by when, of children that were still alive.
        runs: commands, by name.
        mishaps: of the exchange, by name.
        verdicts: of the rows at the end.
        wrong: what must not be.
    """

    kills: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    mishaps: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    wrong: list[Wrong] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.kills += other.kills
        self.runs += other.runs
        self.mishaps += other.mishaps
        self.verdicts += other.verdicts
        self.wrong += other.wrong


@dataclass(frozen=True, slots=True)
class Run:
    """One command that is to be run.

    Args:
        host: where.
        words: the command's own.
        files: what it posts, or None.
    """

    host: Host
    words: tuple[str, ...]
    files: tuple[Payload, ...] | None = None

    def line(self) -> list[str]:
        at = ["--api-url", self.host.url] if self.words[0] == "post" else []
        return [*self.words, "--json", "--state-dir", str(self.host.folder), *at]


class Scene:
    """One scene.

    Args:
        seed: of all that is drawn.
        nurseries: two.
        folder: an empty one.
    """

    def __init__(self, seed: str, nurseries: Sequence[Nursery], folder: Path) -> None:
        self.tally = Tally()
        self._seed = seed
        self._luck = random.Random(seed)
        self._nurseries = nurseries
        self._folder = folder
        self._stage = Stage(random.Random(seed + "/stage"), 0, [_USER.address])
        self._stage.add_agent(_USER.address, _AGENT.address)
        self._payloads: dict[str, Payload] = {}
        self._hosts: list[Host] = []
        self._copies: dict[str, tuple[Path, int]] = {}
        self._lived: dict[str, float] = {}
        self._step = 0

    def play(self) -> Tally:
        """Run it to its end."""
        with ExitStack() as open_things:
            for name in ("left", "right"):
                door = self._stage.door(name)
                server = RehearsalServer(door, weight_limit=None, sleep=self._stage.nap)
                open_things.enter_context(server)
                (self._folder / name).mkdir()
                self._hosts.append(Host(name, self._folder / name, server.url))
            self._write_payloads()
            for self._step in range(_STEPS):
                self._play_step()
            self._come_to_an_end()
        self.tally.mishaps += self._stage.mishaps
        return self.tally

    def _write_payloads(self) -> None:
        if self._luck.random() < 0.4:
            self._open_isolated_position()
        first = self._stage.now()
        for number in range(self._luck.randint(5, 8)):
            nonce = first + number
            signer = self._luck.choice((_USER, _USER, _AGENT))
            self._write_payload(f"{number}", signer, nonce)
            if self._luck.random() < 0.15:
                self._write_payload(f"{number}b", signer, nonce)

    def _open_isolated_position(self) -> None:
        asset, coin = _MARKETS[1], "ETH"
        setting = {"type": "updateLeverage", "asset": asset, "isCross": False, "leverage": 5}
        self._stage.act(_body(_USER, setting, self._stage.now() - 5_000))
        self._stage.open_position(_USER.address, coin, "0.5")

    def _write_payload(self, name: str, signer: SigningKey, nonce: int) -> None:
        validity = self._luck.choice((None, 5, 20, 60, 60))
        expires_after = None if validity is None else nonce + validity * MINUTE_MS
        action = parse_action(self._draw_action(), Where("campaign"))
        signable = Signable(Network.TESTNET, action, nonce, None, expires_after)
        signature = signer.sign(signable.digest())
        signed = SignedPayload(signable, signature, signer.address, signable.action_hash())
        file = self._folder / f"{name}.json"
        file.write_text(json.dumps(signed.to_wire()))
        action_hash = to_0x(signable.action_hash())
        self._payloads[action_hash] = Payload(file, action_hash, signer.address.lower, nonce)
        self._stage.signers[nonce] = signer.address
        self._stage.rivals[nonce] = _body(signer, {"type": "noop"}, nonce)

    def _draw_action(self) -> dict[str, Any]:
        asset = self._luck.choice(_MARKETS)
        if self._stage.position(_USER.address, "ETH") is not None:
            if self._luck.random() < 0.3:
                ntli = self._luck.randint(1, 9) * 1_000_000
                return {
                    "type": "updateIsolatedMargin",
                    "asset": _MARKETS[1],
                    "isBuy": True,
                    "ntli": ntli,
                }
            is_cross = asset != _MARKETS[1]
        else:
            is_cross = self._luck.random() < 0.6
        leverage = self._luck.randint(2, 20)
        return {"type": "updateLeverage", "asset": asset, "isCross": is_cross, "leverage": leverage}

    def _play_step(self) -> None:
        self._change_the_world()
        runs = [self._draw_run()]
        if self._luck.random() < 0.25:
            runs.append(self._draw_run())
        self._stage.trouble = _TROUBLE
        if self._luck.random() < 0.5:
            self._inject()
        if self._luck.random() < 0.06:
            self._kill_at_start(runs[0])
        else:
            self._run(runs, kill=self._luck.random() < 0.85)

    def _change_the_world(self) -> None:
        chance = self._luck.random()
        host = self._luck.choice(self._hosts)
        if chance < 0.06:
            self._stage.shift(self._luck.choice((2, 2, 20, 90)) * MINUTE_MS)
        elif chance < 0.16:
            self._copy(host)
        elif chance < 0.24 and host.name in self._copies:
            self._put_back(host)

    def _copy(self, host: Host) -> None:
        self._stage.settle_down()
        copy = self._folder / f"{host.name}-copy-{self._step}"
        copy.mkdir()
        for path in host.folder.glob("ledger.sqlite3*"):
            shutil.copy(path, copy)
        self._copies[host.name] = (copy, len(self._stage.sent[host.name]))

    def _put_back(self, host: Host) -> None:
        self._stage.settle_down()
        copy, known = self._copies[host.name]
        for path in host.folder.glob("ledger.sqlite3*"):
            path.unlink()
        for path in copy.glob("ledger.sqlite3*"):
            shutil.copy(path, host.folder)
        since = self._stage.sent[host.name][known:]
        host.blind |= {to_0x(one.action_hash) for one in since if one.action_hash is not None}
        self.tally.runs["(an old ledger put back)"] += 1

    def _inject(self) -> None:
        kind, executed = self._luck.choice(_FAULTS)
        count = self._luck.choice((1, 1, 1, 2, 4))
        path = "/exchange"
        if kind not in (FaultKind.STALL, FaultKind.DELAY) and self._luck.random() < 0.1:
            path, executed = "/info", None
        seconds = self._luck.choice((0.02, 0.1, 0.3))
        self._stage.inject(kind, count=count, seconds=seconds, path=path, executed=executed)

    def _draw_run(self) -> Run:
        host = self._luck.choice(self._hosts)
        chance = self._luck.random()
        one = self._luck.choice(list(self._payloads.values()))
        retry = ("--retry-for", self._luck.choice(("0", "2", "20")))
        if chance < 0.45:
            return Run(host, ("post", str(one.file), *retry, *self._draw_lateness()), (one,))
        if chance < 0.62:
            return self._draw_batch(host, (*retry, *self._draw_lateness()))
        if chance < 0.82:
            return Run(host, ("resolve", *retry))
        nonce = ("--nonce", str(one.nonce))
        option = self._luck.choice(((), ("--probe",), ("--close",)))
        return Run(host, ("resolve", *nonce, *option, *retry))

    def _draw_lateness(self) -> list[str]:
        """Whether whatever is open may land late."""
        nonces = {one.nonce for one in self._payloads.values()} if self._luck.random() < 0.6 else ()
        return [word for nonce in sorted(nonces) for word in ("--after-open", str(nonce))]

    def _draw_batch(self, host: Host, options: tuple[str, ...]) -> Run:
        some = self._luck.sample(list(self._payloads.values()), self._luck.randint(2, 4))
        if self._luck.random() < 0.8:
            some.sort(key=lambda one: one.nonce)
        file = self._folder / f"batch-{self._step}-{host.name}-{self._luck.random()}.json"
        file.write_text(json.dumps([json.loads(one.file.read_text()) for one in some]))
        going = self._luck.choice(((), ("--keep-going",)))
        return Run(host, ("post", str(file), *going, *options), tuple(some))

    def _kill_at_start(self, run: Run) -> None:
        ended = run_from_nothing(run.line(), self._luck.uniform(0, 0.5))
        self.tally.kills["at interpreter start"] += ended.was_killed
        self._judge([(run, ended)])

    def _run(self, runs: Sequence[Run], *, kill: bool) -> list[Ended]:
        """Run one command, or two at once; the first one may be killed."""
        name = " ".join(word for word in runs[0].words if word in _NAMED)
        how = self._luck.choice(_KILLS) if kill else None
        trap, kill_after = self._draw_kill(how, self._lived.get(name, _GUESS_S))
        self._stage.on_moment = trap.spring
        for place, (run, nursery) in enumerate(zip(runs, self._nurseries, strict=False)):
            after = kill_after if place == 0 else None
            child = nursery.begin(run.line(), self._folder, f"{place}", after)
            if place == 0 and how is not None:
                trap.arm(child)
        first = self._nurseries[0].end()
        trap.disarm()
        ended = [first, *(one.end() for one in self._nurseries[1 : len(runs)])]
        if first.was_killed:
            self.tally.kills[f"{how}, of `{name}`"] += 1
        else:
            self._lived[name] = first.seconds
        self._judge(list(zip(runs, ended, strict=True)))
        return ended

    def _draw_kill(self, how: str | None, lived: float) -> tuple[Trap, float | None]:
        if how == "any time":
            return Trap("", 0), self._luck.uniform(0, lived * 1.1)
        if how == "at the start":
            return Trap("", 0), self._luck.uniform(0, 0.01)
        moments = {"on arrival": self._luck.choice((STALLS, ARRIVES)), "executed": EXECUTED}
        delay = self._luck.uniform(0.001, 0.03) if how == "answered" else 0.0
        return Trap(EXECUTED if how == "answered" else moments.get(how or "", ""), delay), None

    def _judge(self, ended: Sequence[tuple[Run, Ended]]) -> None:
        truth = Truth(self._stage)
        for run, one in ended:
            self.tally.runs[" ".join(word for word in run.words if word in _NAMED)] += 1
            is_alone = sum(other.host is run.host for other, _ in ended) == 1
            # `--close` ends with 0 once the row is ended, whatever its verdict.
            is_closing = "--close" in run.words
            problems = judge_ended(one, run.files, run.host, truth, self._payloads, is_alone)
            self._note(wrong for wrong in problems if not (is_closing and wrong.kind == STATUS))
        for host in self._hosts:
            self._note(judge_host(host, truth, self._payloads))

    def _note(self, wrong: Iterable[Wrong]) -> None:
        found = []
        try:
            found.extend(wrong)
        except ColdleverError as error:
            # A ledger that does not open, or holds what nobody can have written.
            found.append(Wrong(BROKEN, error.message))
        for one in found:
            if all(not known.text.endswith(one.text) for known in self.tally.wrong):
                at = f"{self._seed}, step {self._step}: {one.text}"
                self.tally.wrong.append(Wrong(one.kind, at))

    def _come_to_an_end(self) -> None:
        """No more mishaps: everything that is open can be ended."""
        self._stage.settle_down()
        self._stage.trouble = 0
        self._stage.faults.clear()
        self._step += 1
        self._resolve_all()
        self._stage.shift(62 * MINUTE_MS)
        self._resolve_all()
        if self._luck.random() < 0.6:
            self._probe_all()
        self._stage.shift(2 * DAY_MS)
        self._resolve_all()
        for host in self._hosts:
            self._close_all(host)
            self._compare_history(host)
            self._note([Wrong(BROKEN, f"{host.name}: {one}") for one in _traces(host)])
        truth = Truth(self._stage)
        self._note(judge_stage(truth))

    def _resolve_all(self) -> None:
        for host in self._hosts:
            self._run([Run(host, ("resolve",))], kill=False)

    def _probe_all(self) -> None:
        for host in self._hosts:
            for row in _rows(host, lambda one: one.state is NonceState.LAPSED):
                words = ("resolve", "--nonce", str(row.key.nonce), "--probe")
                (ended,) = self._run([Run(host, words)], kill=False)
                if ended.status == 4 and "not-to-probe" in ended.stdout:
                    continue  # without an expiry, its window alone ends it
                (after,) = _rows(host, lambda one, key=row.key: one.key == key)
                if after.state is NonceState.LAPSED:
                    self._note([Wrong(ENDLESS, f"{host.name}: probed, {ended.stdout}")])

    def _close_all(self, host: Host) -> None:
        for row in _rows(host, lambda one: one.state.can_land):
            words = ("resolve", "--nonce", str(row.key.nonce), "--close")
            self._run([Run(host, words)], kill=False)
        for row in _rows(host, lambda one: one.state.can_land):
            self._note([Wrong(ENDLESS, f"{host.name}: nonce {row.key.nonce}, {row.state.value}")])

    def _compare_history(self, host: Host) -> None:
        words = ["history", "--json", "--state-dir", str(host.folder)]
        self._nurseries[0].begin(words, self._folder, "history", None)
        ended = self._nurseries[0].end()
        told = {one["actionHash"]: (one["status"], one["nonceState"]) for one in _array(ended)}
        rows = _rows(host, lambda _one: True)
        stored = {to_0x(row.action_hash): (row.verdict.value, row.state.value) for row in rows}
        if told != stored:
            self._note([Wrong(BROKEN, f"{host.name}: history says {told}, the ledger {stored}")])
        claims = [Claim(f"{host.name}, history", key, *said) for key, said in told.items()]
        self._note(judge_claims(claims, Truth(self._stage), host, self._payloads))
        self.tally.verdicts += Counter(f"{verdict} ({state})" for verdict, state in stored.values())


_NAMED = ("post", "resolve", "--probe", "--close", "--nonce", "--keep-going")


def _body(signer: SigningKey, action: dict[str, Any], nonce: int) -> bytes:
    digest = agent_digest(Network.TESTNET, hash_wire_action(action, nonce, None, None))
    body = {
        "action": action,
        "nonce": nonce,
        "signature": signer.sign(digest).to_wire(),
        "vaultAddress": None,
    }
    return json.dumps(body).encode()


def _rows(host: Host, wanted: Callable[[Row], bool]) -> list[Row]:
    return [row for row in host.rows() if wanted(row)]


def _traces(host: Host) -> list[str]:
    file = host.folder / "ledger.sqlite3"
    return impossible(file) if file.exists() else []


def _array(ended: Ended) -> list[dict[str, Any]]:
    found = json.loads(ended.stdout)
    assert isinstance(found, list)
    return found


def play(seed: str, nurseries: Sequence[Nursery]) -> Tally:
    """Play one scene in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        return Scene(seed, nurseries, Path(folder)).play()
