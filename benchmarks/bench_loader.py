"""Loading a request file, beside the standard library's parser, and the slowest documents found."""

from __future__ import annotations

import contextlib
import json

from benchmarks.row import Row, milli, paired, seconds_each
from coldlever.shared.errors import ColdleverError
from coldlever.shared.message.request import Defaults, load_requests
from coldlever.shared.reading.strict_json import MAX_BYTES

_REQUEST = {
    "network": "testnet",
    "action": {"type": "updateLeverage", "asset": 3, "isCross": True, "leverage": 10},
    "nonce": 1_795_340_000_000,
    "expiresAfter": 1_795_343_600_000,
}


def rows() -> list[Row]:
    """Measure; about ten seconds."""
    data = json.dumps([{**_REQUEST, "nonce": n} for n in range(1_000)]).encode()
    ours, theirs, ratio = paired(
        lambda: load_requests(data, "batch", Defaults()),
        lambda: json.loads(data),
        our_repeats=3,
        peer_repeats=20,
    )
    made = [
        Row(
            "load a batch of 1,000 requests, beside json.loads",
            f"{ratio:.0f} x ({milli(ours)}, json.loads {milli(theirs)})",
        )
    ]
    for name, document in _slow_documents().items():
        seconds = seconds_each(lambda document=document: _load(document), 1)  # type: ignore[misc]
        made.append(Row(f"  1 MiB of {name}", milli(seconds), "< 2 s", seconds < 2))
    return made


def _slow_documents() -> dict[str, bytes]:
    pairs = b"[[]" + b",[]" * ((MAX_BYTES - 4) // 3) + b"]"
    numbers = b"[1.5" + b",1e9" * ((MAX_BYTES - 5) // 4) + b"]"
    quotes = b'"' + b'\\"' * ((MAX_BYTES - 1) // 2)
    return {"empty arrays": pairs, "floats": numbers, "escaped quotes": quotes}


def _load(document: bytes) -> None:
    with contextlib.suppress(ColdleverError):
        load_requests(document, "worst", Defaults())
