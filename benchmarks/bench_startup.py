"""How long the commands take to start, beside importing click alone, and the signer's memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.row import Row, milli
from coldlever.shared.action.actions import UpdateLeverage
from coldlever.shared.action.network import Network
from coldlever.shared.action.signable import Signable
from coldlever.shared.message.signed import SignedPayload
from coldlever.signer.key.signing_key import SigningKey

_ROUNDS = 15
_TARGET = 2.5
_MEMORY_TARGET_MB = 60


def rows() -> list[Row]:
    """Measure; about twenty seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        request, signed = _write_files(folder)
        commands = {
            "coldlever-signer --help": ["coldlever.signer", "--help"],
            "coldlever-signer inspect": ["coldlever.signer", "inspect", str(request)],
            "coldlever-signer verify": ["coldlever.signer", "verify", str(signed)],
            "coldlever-broadcaster --help": ["coldlever.broadcaster", "--help"],
        }
        made = [_start_up_row(what, ["-m", *words], folder) for what, words in commands.items()]
        made.append(_memory_row(signed, folder))
    return made


def _write_files(folder: Path) -> tuple[Path, Path]:
    key = SigningKey(bytes(range(1, 33)))
    signable = Signable(Network.TESTNET, UpdateLeverage(3, True, 10), 1_795_340_000_000, None, None)
    request = {
        "network": "testnet",
        "action": signable.action.to_wire(),
        "nonce": signable.nonce,
        "expiresAfter": None,
        "vaultAddress": None,
    }
    payload = SignedPayload(
        signable, key.sign(signable.digest()), key.address, signable.action_hash()
    )
    (folder / "request.json").write_text(json.dumps(request))
    (folder / "signed.json").write_text(json.dumps(payload.to_wire()))
    return folder / "request.json", folder / "signed.json"


def _run(arguments: list[str], folder: Path) -> float:
    environment = {**os.environ, "HOME": str(folder)}
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=environment, check=True, capture_output=True)
    return time.perf_counter() - started


def _start_up_row(what: str, arguments: list[str], folder: Path) -> Row:
    ours, base = [], []
    for _ in range(_ROUNDS):
        ours.append(_run(arguments, folder))
        base.append(_run(["-c", "import click"], folder))
    ratio = statistics.median(a / b for a, b in zip(ours, base, strict=True))
    return Row(
        f"start-up of {what}",
        f"{ratio:.2f} x import click ({milli(statistics.median(ours))})",
        f"<= {_TARGET} x",
        ratio <= _TARGET,
    )


def _memory_row(signed: Path, folder: Path) -> Row:
    _run(["-m", "coldlever.signer", "verify", str(signed)], folder)
    code = (
        "import resource, subprocess, sys; "
        "subprocess.run([sys.executable, '-m', 'coldlever.signer', 'verify', sys.argv[1]], "
        "check=True, capture_output=True); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(signed)],
        env={**os.environ, "HOME": str(folder)},
        check=True,
        capture_output=True,
        text=True,
    )
    megabytes = int(done.stdout) / 1024
    return Row(
        "peak memory of the signer without an unlock",
        f"{megabytes:.0f} MB",
        f"< {_MEMORY_TARGET_MB} MB",
        megabytes < _MEMORY_TARGET_MB,
    )
