"""Both directions against npm's @ngraveio/bc-ur, an implementation that shares no code with ours."""

import json
import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from coldlever.shared.ur import Receiver, UrDecoder, UrEncoder, decode_ur, encode_ur

_FOLDER = Path(__file__).resolve().parents[1] / "interop"
_MESSAGE = random.Random(11).randbytes(20_000)
_KIND = "x-batch"
_COUNT = 300


@pytest.fixture(scope="module")
def node() -> str:
    program = shutil.which("node")
    if program is not None and (_FOLDER / "node_modules" / "@ngraveio" / "bc-ur").is_dir():
        return program
    missing = "node is not installed" if program is None else "tests/interop has no node_modules"
    if os.environ.get("CI"):
        pytest.fail(f"{missing}: run `npm install --no-package-lock` in tests/interop")
    pytest.skip(missing)


def _ask(node: str, **request: Any) -> dict[str, Any]:
    done = subprocess.run(
        [node, str(_FOLDER / "bc_ur.mjs")],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return json.loads(done.stdout)


def _two_thirds(parts: list[str], seed: int) -> list[str]:
    """The parts without every third of them, chosen at random."""
    chance = random.Random(seed)
    kept = sorted(chance.sample(range(len(parts)), len(parts) * 2 // 3))
    return [parts[index] for index in kept]


def test_both_make_the_same_parts(node):
    theirs = _ask(
        node,
        command="encode",
        type=_KIND,
        cbor=_MESSAGE.hex(),
        maxFragmentLength=200,
        count=_COUNT,
    )
    ours = UrEncoder(_KIND, _MESSAGE, 200, upper=False)
    assert theirs["parts"] == list(ours.parts(_COUNT))


def test_we_read_theirs_with_a_third_lost(node):
    theirs = _ask(
        node, command="encode", type=_KIND, cbor=_MESSAGE.hex(), maxFragmentLength=90, count=700
    )
    decoder = UrDecoder([_KIND])
    for text in _two_thirds(theirs["parts"], 1):
        decoder.receive(text)
    assert decoder.message() == _MESSAGE


@pytest.mark.parametrize("upper", [False, True], ids=["lower case", "upper case"])
def test_they_read_ours_with_a_third_lost(node, upper):
    ours = list(UrEncoder(_KIND, _MESSAGE, 200, upper=upper).parts(_COUNT))
    answer = _ask(node, command="decode", parts=_two_thirds(ours, 2))
    assert answer["complete"]
    assert (answer["type"], answer["cbor"]) == (_KIND, _MESSAGE.hex())


@pytest.mark.parametrize("receiver", [Receiver.COLDLEVER, Receiver.WALLET])
def test_they_read_a_stream_without_mixtures_of_low_degree(node, receiver):
    encoder = UrEncoder(_KIND, _MESSAGE, 90, receiver=receiver)
    answer = _ask(node, command="decode", parts=_two_thirds(list(encoder.parts(1_500)), 3))
    assert answer["complete"]
    assert (answer["type"], answer["cbor"]) == (_KIND, _MESSAGE.hex())


def test_a_single_part_goes_both_ways(node):
    message = _MESSAGE[:120]
    theirs = _ask(
        node, command="encode", type=_KIND, cbor=message.hex(), maxFragmentLength=200, count=1
    )
    assert decode_ur(theirs["parts"][0]).message == message
    answer = _ask(node, command="decode", parts=[encode_ur(_KIND, message)])
    assert answer["cbor"] == message.hex()
