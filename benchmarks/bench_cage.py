"""What closing the cage adds to a `sign` of one request, without the unlock and the start."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile

from benchmarks.row import Row, milli

_ROUNDS = 15
_TARGET = 0.10

# A process of its own each time: it cannot be opened again. The modules are loaded by then; what
# loading them costs is among the start-up rows.
_CHILD = """
import json, sys, time
from pathlib import Path
from coldlever.shared.action.actions import UpdateLeverage
from coldlever.shared.action.network import Network
from coldlever.shared.action.signable import Signable
from coldlever.shared.cli.console import dump_document
from coldlever.shared.files import write_exclusive
from coldlever.shared.message.request import Defaults, load_requests
from coldlever.shared.reading.fields import Where
from coldlever.signer import cage
from coldlever.shared.policy import no_policy
from coldlever.signer.key.signing_key import SigningKey
from coldlever.signer.ledger.store import Ledger
from coldlever.signer.rules import place
from coldlever.signer.signing import sign_requests
import ctypes

NOW = 1_795_340_000_000
folder = Path(sys.argv[1])
key = SigningKey(bytes(range(1, 33)))

def sign(step):
    signable = Signable(Network.TESTNET, UpdateLeverage(3, True, 10), NOW + step, None, None)
    data = json.dumps({
        "network": "testnet", "action": signable.action.to_wire(), "nonce": NOW + step,
        "expiresAfter": None, "vaultAddress": None,
    }).encode()
    started = time.perf_counter()
    parsed = load_requests(data, "request.json", Defaults(None, NOW, 3_600_000))
    placed = [place(one, Where("request.json")) for one in parsed.requests]
    with Ledger.open(folder / "ledger.sqlite3") as ledger:
        leave = [no_policy([one.request.signable for one in placed])]
        [signed] = sign_requests(placed, key, ledger, NOW, leave)
    write_exclusive(folder / f"{step}.json", dump_document(signed.payload.to_wire()))
    return time.perf_counter() - started

times = [sign(step) for step in range(6)]
started = time.perf_counter()
support = cage.engage()
closing = time.perf_counter() - started
print(json.dumps([sorted(times[1:])[2], closing, isinstance(support, cage.Supported)]))
"""


def rows() -> list[Row]:
    """Measure; about ten seconds."""
    what = "closing the cage, beside a `sign` of one request without the unlock"
    pairs = []
    for _ in range(_ROUNDS):
        signing, closing, is_closed = _measure()
        if not is_closed:
            return [Row(what, "no cage on this machine")]
        pairs.append((signing, closing))
    ratio = statistics.median(closing / signing for signing, closing in pairs)
    closing = statistics.median(closing for _, closing in pairs)
    return [Row(what, f"{ratio:.1%} ({milli(closing)})", f"<= {_TARGET:.0%}", ratio <= _TARGET)]


def _measure() -> tuple[float, float, bool]:
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, folder], check=True, capture_output=True, text=True
        )
    signing, closing, is_closed = json.loads(done.stdout)
    return signing, closing, is_closed
