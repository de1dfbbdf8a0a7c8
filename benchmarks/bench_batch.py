"""A batch over many markets, posted to an exchange 300 ms away that keeps to its limit of weight.

By default a fifth of it; `python -m benchmarks bench_batch_full` posts all of it, which the limit
alone makes last about two minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.row import Row
from coldlever.broadcaster.rehearsal import RehearsalExchange, RehearsalServer
from coldlever.shared.action.actions import UpdateLeverage
from coldlever.shared.action.network import Network
from coldlever.shared.action.signable import Signable
from coldlever.shared.message.signed import SignedPayload
from coldlever.signer.key.signing_key import SigningKey

_KEY = SigningKey(bytes(range(1, 33)))
_LATENCY_S = 0.3
_SCALE = 5


def rows() -> list[Row]:
    """Measure a fifth."""
    return measure(1_000 // _SCALE, 50 // _SCALE, 180 / _SCALE)


def measure(changes: int, markets: int, target_s: float) -> list[Row]:
    """Post so many changes over so many markets."""
    exchange = RehearsalExchange(accounts=[_KEY.address])
    with (
        tempfile.TemporaryDirectory() as name,
        RehearsalServer(exchange, latency_s=_LATENCY_S) as server,
    ):
        batch = Path(name) / "batch.json"
        batch.write_text(json.dumps(_batch(exchange, changes, markets)))
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "coldlever.broadcaster", "post", str(batch), "--json",
             "--state-dir", name, "--api-url", server.url],
            capture_output=True, text=True, check=False, env={**os.environ, "HOME": name},
        )  # fmt: skip
        seconds = time.perf_counter() - started
    told = Counter(one["status"] for one in json.loads(done.stdout))
    if done.returncode != 0 or told != {"confirmed": markets, "accepted": changes - markets}:
        raise SystemExit(f"the batch was not posted: {told}")
    what = f"post {changes:,} changes over {markets} markets, 300 ms away"
    return [Row(what, f"{seconds:.0f} s", f"< {target_s:.0f} s", seconds < target_s)]


def _batch(exchange: RehearsalExchange, changes: int, markets: int) -> list[dict[str, object]]:
    universe = json.loads(exchange.ask(b'{"type": "meta"}').body)["universe"]
    usable = [
        asset
        for asset, entry in enumerate(universe)
        if not any(entry.get(no) for no in ("isDelisted", "onlyIsolated", "marginMode"))
    ]
    now = time.time_ns() // 1_000_000
    return [
        _payload(usable[number % markets], 2 + number // markets % 2, now + number)
        for number in range(changes)
    ]


def _payload(asset: int, leverage: int, nonce: int) -> dict[str, object]:
    action = UpdateLeverage(asset, True, leverage)
    signable = Signable(Network.TESTNET, action, nonce, None, nonce + 3_600_000)
    return SignedPayload(
        signable, _KEY.sign(signable.digest()), _KEY.address, signable.action_hash()
    ).to_wire()
