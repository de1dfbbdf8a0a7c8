"""The UR codec: frames a receiver must be shown, and time beside npm's @ngraveio/bc-ur.

Run it as ``python benchmarks/bench_ur.py``. The comparison needs node and
``npm install --no-package-lock`` in tests/interop; without them it says so.
"""

from __future__ import annotations

import json
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT))

from benchmarks.row import Row  # noqa: E402 - found through the line above
from coldlever.shared.ur import Receiver, UrDecoder, UrEncoder  # noqa: E402 - the same

_KIND = "x-bench"
_MESSAGE = random.Random(20_000).randbytes(20_000)
_FRAGMENT_LENGTH = 200
_FRAMES = 1_000
_SEEDS = 100
_REPEATS = 5
_PEER = _ROOT / "tests" / "interop"


def rows() -> list[Row]:
    """Measure everything; about five seconds."""
    encoder = UrEncoder(_KIND, _MESSAGE, _FRAGMENT_LENGTH, receiver=Receiver.COLDLEVER)
    shown_stream = list(encoder.parts(_FRAMES))
    stream = list(UrEncoder(_KIND, _MESSAGE, _FRAGMENT_LENGTH).parts(_FRAMES))
    encoding = min(_seconds_of_encoding() for _ in range(_REPEATS))
    shown = [
        _shown_row(shown_stream, encoder.sequence_length, loss, looped=looped)
        for loss in (0.0, 0.3, 0.5)
        for looped in (False, True)
    ]
    return [
        Row(f"encode {_FRAMES:,} frames of a 20 kB message", f"{1e3 * encoding:.0f} ms"),
        *shown,
        *_peer_rows(encoding, stream),
    ]


def _seconds_of_encoding() -> float:
    started = time.perf_counter()
    encoder = UrEncoder(_KIND, _MESSAGE, _FRAGMENT_LENGTH)
    for _ in range(_FRAMES):
        encoder.next_part()
    return time.perf_counter() - started


def _seconds_of_decoding(texts: Iterable[str]) -> float:
    decoder = UrDecoder([_KIND])
    started = time.perf_counter()
    for text in texts:
        decoder.receive(text)
        if decoder.complete:
            break
    elapsed = time.perf_counter() - started
    if decoder.message() != _MESSAGE:
        raise AssertionError("decoded another message")
    return elapsed


def _shown_row(stream: list[str], fragments: int, loss: float, *, looped: bool) -> Row:
    """The median of frames shown for each fragment until a receiver is complete."""
    frames = stream[: 3 * fragments] if looped else stream
    shown = []
    for seed in range(_SEEDS):
        chance = random.Random(seed)
        decoder = UrDecoder([_KIND])
        count = 0
        while not decoder.complete:
            text = frames[count % len(frames)]
            count += 1
            if chance.random() >= loss:
                decoder.receive(text)
        shown.append(count / fragments)
    median = statistics.median(shown)
    kind = "loop of 3 x" if looped else "endless stream"
    name = f"decode 20 kB, {fragments} fragments, {loss:.0%} lost, {kind}"
    measured = f"{median:.2f} x shown (worst {max(shown):.2f})"
    limit = {0.0: 1.0, 0.3: 1.47, 0.5: 2.08}.get(loss)
    if limit is None:
        return Row(name, measured)
    return Row(name, measured, f"at most {limit} x", median <= limit)


def _peer_rows(encoding: float, stream: list[str]) -> list[Row]:
    node = shutil.which("node")
    name = "beside @ngraveio/bc-ur 1.1.13"
    if node is None or not (_PEER / "node_modules").is_dir():
        missing = "no node" if node is None else "no node_modules in tests/interop"
        return [Row(name, f"skipped: {missing}")]
    kept = [text for text in stream if random.Random(text).random() >= 0.3]
    decoding = min(_seconds_of_decoding(kept) for _ in range(_REPEATS))
    encoded = _ask(
        node,
        command="encode",
        type=_KIND,
        cbor=_MESSAGE.hex(),
        maxFragmentLength=_FRAGMENT_LENGTH,
        count=_FRAMES,
    )
    if [text.upper() for text in encoded["parts"]] != stream:
        raise AssertionError("the two encoders disagree")
    decoded = _ask(node, command="decode", parts=kept)
    if decoded["cbor"] != _MESSAGE.hex():
        raise AssertionError("the two decoders disagree")
    return [
        _ratio_row(f"{name}: encode {_FRAMES:,} frames", encoding, encoded["milliseconds"]),
        _ratio_row(f"{name}: decode 20 kB, 30% lost", decoding, decoded["milliseconds"]),
    ]


def _ratio_row(name: str, seconds: float, their_milliseconds: float) -> Row:
    ours = 1e3 * seconds
    ratio = their_milliseconds / ours
    measured = f"{ratio:.0f} x as fast ({ours:.1f} ms, theirs {their_milliseconds:.0f} ms)"
    return Row(name, measured, "not slower", ratio >= 1)


def _ask(node: str, **request: Any) -> dict[str, Any]:
    done = subprocess.run(
        [node, str(_PEER / "bc_ur.mjs")],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def main() -> None:
    """Print the table."""
    verdicts = {True: "met", False: "MISSED", None: ""}
    for row in rows():
        print(f"{row.what:<72} {row.measured:<46} {row.target:<14} {verdicts[row.met]}".rstrip())


if __name__ == "__main__":
    main()
