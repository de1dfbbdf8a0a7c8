"""Kill `coldlever-signer sign` in as many places as there are, and look at what it leaves behind.

Real processes, with the second start, the audit hook and the cage. Some die after a random time, some
right before one chosen system call (strace injects the signal). After each death:

- a nonce is recorded for the one request only, all of a batch or none, and wherever a payload exists;
- the ledger opens, and contains the head beside the keystore;
- outputs are as before, or complete;
- the same request is signed again, gives the same bytes, and leaves no temporary file anywhere;
- another request with the same nonce is refused.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coldlever.shared.action import Network
from coldlever.shared.audit import Kind
from coldlever.shared.errors import RuleRefused
from coldlever.signer.key.keystore import load_keystore, seal
from coldlever.signer.ledger import Entry, Heads, Ledger
from coldlever.signer.ledger.guard import losses_of
from coldlever.signer.ledger.heads import KEY_TAG
from coldlever.signer.ledger.store import FILE_NAME

SIGN = (sys.executable, "-m", "coldlever.signer", "sign")
# What changes a disk or a lock: the places between which a run can be torn apart.
CALLS = (
    "mkdir,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,"
    "unlinkat,flock,fcntl"
)
_SECRET = bytes(31) + b"\x2a"
_PASSPHRASE = "a lantern over 7 quiet harbours"
_LIGHT_WORK = 1 << 12
_LIMIT_S = 120
_OLD = b"an older file of this name\n"


@dataclass(frozen=True, slots=True)
class Shape:
    """One way to call `sign`.

    Args:
        name: what it is called in the report.
        count: how many requests.
        used: the ledger has rows and the keystore has a head.
        stick: the keystore lies in a folder of its own, and so do the outputs.
        asset: an asset id; one outside the shipped table is named with ``--expect``.
    """

    name: str
    count: int = 1
    used: bool = False
    stick: bool = False
    asset: int = 0


SHAPES = (
    Shape("first use"),
    Shape("later use", used=True, asset=110001),
    Shape("batch from a stick", count=3, used=True, stick=True),
)


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of one run."""

    root: Path
    shape: Shape

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def keystore(self) -> Path:
        return (self.root / "stick" if self.shape.stick else self.state / "keys") / "cold.json"

    @property
    def out(self) -> Path:
        return self.root / "out" / "signed.json"

    @property
    def picture(self) -> Path:
        return self.root / "pictures" / "signed.gif"

    def command(self, file: str) -> list[str]:
        """The words of the `sign` that is killed, or that comes after it."""
        words = [
            *SIGN, str(self.root / file), "--yes", "--force", "--state-dir", str(self.state),
            "--keystore", str(self.keystore), "--passphrase-file", str(self.root / "phrase"),
            "--out", str(self.out),
        ]  # fmt: skip
        if self.shape.asset:
            words += ["--expect", f"{self.shape.asset}=xyz:TSLA"]
        return words + (["--qr-out", str(self.picture)] if self.shape.stick else [])

    def outputs(self) -> dict[Path, bytes]:
        found = (self.out, self.picture)
        return {path.relative_to(self.root): path.read_bytes() for path in found if path.exists()}


@dataclass(frozen=True, slots=True)
class Template:
    """A place where nothing was killed yet, and what an undisturbed run makes of it.

    Args:
        place: copied for each kill.
        outputs: the bytes of each file that it writes.
        seconds: how long it takes.
        calls: of each kind in `CALLS`, how many it makes; empty without strace.
    """

    place: Place
    outputs: dict[Path, bytes]
    seconds: float
    calls: dict[str, int]


class Broken(Exception):
    """A promise was not kept; the text says which."""


def require(kept: bool, promise: str) -> None:  # noqa: FBT001 - an assertion that -O keeps
    if not kept:
        raise Broken(promise)


def prepare(shape: Shape, root: Path, *, traced: bool) -> Template:
    """Make the template of a shape: keystore, documents, outputs of an undisturbed run."""
    place = Place(root / "template", shape)
    for folder in (place.state, place.keystore.parent, place.out.parent, place.picture.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(place.keystore, seal(_SECRET, _PASSPHRASE, _LIGHT_WORK))
    _write(place.root / "phrase", _PASSPHRASE.encode() + b"\n")
    now = int(time.time() * 1000)
    for name, leverage in (("earlier", 3), ("request", 5), ("other", 40)):
        first = now - 1000 if name == "earlier" else now
        requests = [_request(shape, first + one, leverage) for one in range(shape.count)]
        _write(place.root / name, json.dumps(requests if shape.count > 1 else requests[0]).encode())
    if shape.used:
        _finished(place, "earlier")
    for path in (place.out, place.picture) if shape.stick else (place.out,):
        _write(path, _OLD)
    twin = _copy(place, root / "undisturbed")
    began = time.monotonic()
    _finished(twin, "request")
    took = time.monotonic() - began
    calls = _count_calls(_copy(place, root / "counted")) if traced else {}
    return Template(place, twin.outputs(), took, calls)


def _request(shape: Shape, nonce: int, leverage: int) -> dict[str, Any]:
    action = {
        "type": "updateLeverage",
        "asset": shape.asset,
        "isCross": False,
        "leverage": leverage,
    }
    request = {
        "network": "mainnet", "action": action, "nonce": nonce, "expiresAfter": nonce + 72_000_000,
        "vaultAddress": None,
    }  # fmt: skip
    market = {
        "network": "mainnet", "asset": shape.asset, "coin": "xyz:TSLA", "maxLeverage": 50,
        "marginMode": "normal", "delisted": False, "time": nonce,
    }  # fmt: skip
    return request | ({"market": market} if shape.asset else {})


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    path.chmod(0o600)


def _copy(place: Place, root: Path) -> Place:
    shutil.copytree(place.root, root)
    return Place(root, place.shape)


def _finished(place: Place, file: str) -> None:
    done = _run(place.command(file))
    require(done.returncode == 0, f"an undisturbed run fails: {done.stderr.decode()}")
    require(b"no cage" not in done.stderr, "this machine has no cage")


def _run(words: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LIMIT_S, check=False
    )


def _count_calls(place: Place) -> dict[str, int]:
    log = place.root / "calls"
    done = _run(["strace", "-f", "-o", str(log), "-e", f"trace={CALLS}", *place.command("request")])
    require(done.returncode == 0, f"a traced run fails: {done.stderr.decode()}")
    return Counter(re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.MULTILINE))


def kill_at_random(template: Template, place: Place, luck: random.Random) -> bool:
    """Kill a run at any time of its life; says whether it was still alive."""
    words = place.command("request")
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    # What matters happens in the last third: the rest is Python loading modules.
    time.sleep(template.seconds * luck.choice((luck.uniform(0, 1), luck.uniform(0.6, 1.05))))
    process.kill()
    return process.wait() == -signal.SIGKILL


def kill_at_call(place: Place, call: str, number: int) -> bool:
    """Kill a run right before a system call; says whether it came so far."""
    inject = f"inject={call}:signal=SIGKILL:when={number}"
    words = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={call}", "-e", inject]
    return _run([*words, *place.command("request")]).returncode in (-signal.SIGKILL, 137)


def judge(template: Template, place: Place) -> str:
    """Hold what a killed run left against what is promised; returns how far it had come.

    Raises:
        Broken: with what was not kept.
    """
    recorded = _judge_ledger(place)
    found = place.outputs()
    whole = {name for name, data in found.items() if data == template.outputs[name]}
    rest = {name: data for name, data in found.items() if name not in whole}
    require(set(rest.values()) <= {_OLD}, f"half-written: {sorted(map(str, rest))}")
    require(recorded or not whole, "a payload exists whose nonce is not recorded")
    again = _run(place.command("request"))
    require(again.returncode == 0, f"it cannot be signed again: {again.stderr.decode()}")
    require(place.outputs() == template.outputs, "signed again, the bytes are others")
    require(_judge_ledger(place), "signed, and not recorded")
    left = [
        path.name for path in place.root.rglob("*") if re.search(r"\.tmp$|-journal$", path.name)
    ]
    require(not left, f"left behind: {left}")
    if recorded:
        return "delivered" if whole else "recorded"
    return "nothing"


def judge_other(place: Place) -> None:
    """Have another request with the same nonce refused, by a real process."""
    other = _run([*place.command("other"), "--json"])
    require(b'"nonce-used"' in other.stdout, f"another request: {other.stdout.decode()}")


def _judge_ledger(place: Place) -> bool:
    """Whether the nonces are recorded; also that head and rows are sound."""
    key = load_keystore(place.keystore).open(_PASSPHRASE)
    heads = Heads(key.address, (place.keystore.parent, place.state), print)
    known = heads.read(key.derive(KEY_TAG))
    file = place.state / FILE_NAME
    with Ledger.open_existing(file) as ledger:
        require(not losses_of(ledger, known), "the ledger does not contain its heads")
        nonces = {one.nonce: one.action_hash for one in ledger.entries()}
        wanted = _nonces(place, "request")
        recorded = [nonce for nonce in wanted if nonce in nonces]
        told = {one.event.nonce for one in ledger.audit.events() if one.event.kind is Kind.SIGNED}
        require(told == set(nonces), "an entry without its event, or an event without its entry")
        require(recorded in ([], wanted), "a part of the batch is recorded")
        if recorded:
            _require_refused(ledger, place, key.address)
    return bool(recorded)


def _require_refused(ledger: Ledger, place: Place, signer: Any) -> None:
    for nonce in _nonces(place, "request"):
        entry = Entry(Network.MAINNET, signer, nonce, bytes(32), nonce, "another request")
        try:
            ledger.rehearse([entry])
        except RuleRefused as refusal:
            require(refusal.code == "nonce-used", f"refused as {refusal.code}")
        else:
            raise Broken("a spent nonce is taken for another request")


def _nonces(place: Place, file: str) -> list[int]:
    value = json.loads((place.root / file).read_bytes())
    return [one["nonce"] for one in (value if isinstance(value, list) else [value])]


Kill = Callable[[Template, Place], bool]


@dataclass(frozen=True, slots=True)
class Death:
    """One kill that is to come."""

    name: str
    template: Template
    kill: Kill
    asks_other: bool


def deaths(
    templates: Sequence[Template], at_random: int, stride: int, seed: int
) -> Iterator[Death]:
    """The kills of a campaign: random ones by turns, then every ``stride``-th call of each shape."""
    luck = random.Random(seed)
    for number in range(at_random):
        template = templates[number % len(templates)]
        own = random.Random(luck.random())
        kill: Kill = lambda made, place, own=own: kill_at_random(made, place, own)  # noqa: E731
        yield Death(f"random {number}", template, kill, number % 4 == 0)
    for template in templates:
        points = [(call, one + 1) for call, count in template.calls.items() for one in range(count)]
        for call, one in points[seed % stride :: stride]:
            kill = lambda _made, place, call=call, one=one: kill_at_call(place, call, one)  # noqa: E731
            yield Death(f"{template.place.shape.name}: {call} {one}", template, kill, one % 4 == 0)


def die(death: Death) -> tuple[str, str | None]:
    """Kill one run; returns how far it had come, and the broken promise if there is one."""
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
        place = _copy(death.template.place, Path(folder) / "run")
        try:
            was_killed = death.kill(death.template, place)
            reached = judge(death.template, place)
            if death.asks_other:
                judge_other(place)
        except Exception as problem:  # noqa: BLE001 - a ledger that does not open is a result
            return "broken", f"{death.name}: {type(problem).__name__}: {problem}"
    return (reached if was_killed else "too late"), None


def campaign(
    at_random: int, stride: int, seed: int, workers: int = 2
) -> tuple[Counter[str], list[str]]:
    """Run a campaign.

    Args:
        at_random: how many kills at a random time.
        stride: 1 for every traced call, n for every n-th, 0 for none (or without strace).
        seed: of all that is random.
        workers: how many runs at once.

    Returns:
        How far the killed runs had come, counted, and the promises that were broken.
    """
    reached: Counter[str] = Counter()
    broken = []
    with (
        tempfile.TemporaryDirectory(prefix="campaign-") as folder,
        ThreadPoolExecutor(workers) as pool,
    ):
        made = list(
            pool.map(
                lambda one: prepare(one[1], Path(folder) / str(one[0]), traced=stride > 0),
                enumerate(SHAPES),
            )
        )
        for end, problem in pool.map(die, deaths(made, at_random, max(stride, 1), seed)):
            reached[end] += 1
            if problem is not None:
                print(f"BROKEN {problem}", flush=True)
                broken.append(problem)
    return reached, broken


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--random", type=int, default=200, help="kills at a random time")
    parser.add_argument("--stride", type=int, default=1, help="every n-th system call; 0 for none")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    asked = parser.parse_args()
    stride = asked.stride
    if stride and shutil.which("strace") is None:
        print("strace is not installed: no traced kills")
        stride = 0
    print(f"seed {asked.seed}", flush=True)
    reached, broken = campaign(asked.random, stride, asked.seed)
    counted = ", ".join(f"{count} {name}" for name, count in sorted(reached.items()))
    print(f"{reached.total()} kills: {counted}; {len(broken)} broken promises")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
