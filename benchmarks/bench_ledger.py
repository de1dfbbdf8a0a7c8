"""What the signer's ledger costs a `sign` of one request: its checks, its chain and its head."""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from benchmarks.row import Row, milli, seconds_each
from coldlever.shared.action.network import Network
from coldlever.shared.audit import Chain, Event, Kind, Side
from coldlever.shared.audit.chain_head import head_of
from coldlever.signer.key.keystore import seal
from coldlever.signer.key.signing_key import SigningKey
from coldlever.signer.ledger import Entry, Heads, Ledger, audit
from coldlever.signer.ledger.chain import START, extend, row_bytes
from coldlever.signer.ledger.heads import Reached
from coldlever.signer.ledger.integrity import require_chain, require_sound_pages
from coldlever.signer.ledger.rows import require_types
from coldlever.signer.ledger.store import FILE_NAME

_SECRET = bytes(range(1, 33))
_NONCE = 1_795_340_000_000
_ROWS = 1_000
_ROUNDS = 9
_CHAIN = Chain(bytes(16), Side.SIGNER)
_REACHED = Reached(START, head_of(_CHAIN, _CHAIN.start))
_SHARE = 0.10
# The whole command in a process of its own, with the key in the place of the unlock.
_SIGN = """
import sys
from coldlever.signer.cli import commands, sign
from coldlever.signer.key import SigningKey
sign.unlock = lambda *_: SigningKey(bytes(range(1, 33)))
commands.main(prog_name="coldlever-signer")
"""


def rows() -> list[Row]:
    """Measure; about twenty seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(folder)
        whole = statistics.median(_sign(folder, number) for number in range(_ROUNDS))
        with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
            # `sign` opens the ledger once before the passphrase and once after it.
            checked = 2 * _median(lambda: require_sound_pages(connection, "ledger"))
            chained = 2 * _median(lambda: _check_chain(connection))
        appended = _median(_append)
        head = _median(lambda: _write_head(folder))
    return [
        _row("integrity check", checked, whole),
        _row("chain", chained + appended, whole),
        Row("  head, one durable write", f"{head / whole:.1%} of it ({milli(head)})"),
    ]


def _row(what: str, seconds: float, whole: float) -> Row:
    share = seconds / whole
    return Row(
        f"{what} of {_ROWS:,} rows in a sign of one request, unlock apart",
        f"{share:.1%} of it ({milli(seconds)} of {milli(whole)})",
        f"<= {_SHARE:.0%}",
        share <= _SHARE,
    )


def _entry(number: int) -> Entry:
    words = "asset 3: set leverage to 10x cross"
    signer = SigningKey(_SECRET).address
    return Entry(Network.TESTNET, signer, _NONCE + number, bytes(32), _NONCE, words)


def _event(number: int) -> Event:
    """As long as one of `sign`."""
    entry = _entry(number)
    return Event(
        Kind.SIGNED,
        entry.description,
        at=entry.recorded_at,
        network=entry.network,
        signer=entry.signer,
        nonce=entry.nonce,
        digest=entry.action_hash,
        who=str(entry.signer),
    )


def _prepare(folder: Path) -> None:
    (folder / "key.json").write_bytes(seal(_SECRET, "a lantern over 7 quiet harbours", 1 << 12))
    with Ledger.open(folder / FILE_NAME) as ledger:
        ledger.record(
            [_entry(number) for number in range(_ROWS)],
            tell=lambda known: [_event(number) for number in range(len(known))],
        )


def _sign(folder: Path, number: int) -> float:
    request = {
        "network": "testnet",
        "action": {"type": "updateLeverage", "asset": 3, "isCross": True, "leverage": 10},
        "nonce": _NONCE + 10_000 + number,
    }
    (folder / "request.json").write_text(json.dumps(request))
    arguments = (
        "sign request.json --keystore ./key.json --yes --state-dir . --out signed.json --force "
        f"--assume-time {_NONCE}"
    )
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", _SIGN, *arguments.split()],
        cwd=folder,
        env=os.environ,
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - started


def _check_chain(connection: sqlite3.Connection) -> None:
    require_types(connection, "ledger")
    require_chain(connection, "ledger")
    audit.require_chain(connection, "ledger")


def _append() -> None:
    extend(START, row_bytes(_entry(0)))
    _CHAIN.append(_CHAIN.start, _event(0))


def _write_head(folder: Path) -> None:
    key = SigningKey(_SECRET)
    heads = Heads(key.address, (folder,), print)
    with heads.locked(), heads.reserved() as place:
        place.fill(heads.dump(_REACHED, bytes(32)))


def _median(work: Callable[[], object]) -> float:
    return statistics.median(seconds_each(work, 10) for _ in range(_ROUNDS))
