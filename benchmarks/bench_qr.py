"""QR codes: how large they get, how well damaged pictures of them are read, and how quickly.

Run it as ``python benchmarks/bench_qr.py``. It needs zxing-cpp and Pillow.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT))

import zxingcpp  # noqa: E402 - found through the line above
from PIL import Image  # noqa: E402 - the same

from benchmarks.camera import DAMAGES, photographed  # noqa: E402 - the same
from benchmarks.row import Row, milli, paired, seconds_each  # noqa: E402 - the same
from coldlever.shared.qr.draw.density import Density  # noqa: E402 - the same
from coldlever.shared.qr.draw.frames import ur_frames  # noqa: E402 - the same
from coldlever.shared.qr.draw.matrix import FIXED_MASK, Matrix, matrix_of  # noqa: E402 - the same
from coldlever.shared.qr.draw.picture import picture  # noqa: E402 - the same
from coldlever.shared.qr.scan.decoder import code_reader  # noqa: E402 - the same
from coldlever.shared.ur import UrEncoder  # noqa: E402 - the same

_KIND = "x-coldlever-bench"
# A signed request is about this long as CBOR.
_REQUEST = 120
_PICTURES = 60
_PIXELS_A_MODULE = 4
_VIDEO = (1_280, 720)


def rows() -> list[Row]:
    """Measure everything; about twenty seconds."""
    return [
        *(_size_row(requests) for requests in (1, 2, 10, 50, 200)),
        *_file_rows(),
        _mask_row(),
        *_damage_rows(),
        *_speed_rows(),
    ]


def _message(length: int) -> bytes:
    return random.Random(length).randbytes(length)


def _size_row(requests: int) -> Row:
    """Codes of a loop, three a fragment, or one where one is enough."""
    length = requests * _REQUEST
    measured = []
    for density in Density:
        frames = ur_frames(_KIND, _message(length), density)
        measured.append(f"{density.value} {len(frames)} x v{frames[0].version}")
    first = ur_frames(_KIND, _message(length), Density.MEDIUM)[0]
    met = first.version <= 9 if requests == 1 else None
    return Row(
        f"codes for {length:,} B ({requests} requests)",
        ", ".join(measured),
        "v9 or less" if requests == 1 else "",
        met,
    )


def _file_rows() -> list[Row]:
    """22 frames, as a loop of 22 fragments would have in its first third."""
    encoder = UrEncoder(_KIND, _message(22 * 200), 200)
    frames = [matrix_of(text, mask=FIXED_MASK, min_version=11) for text in encoder.parts(22)]
    found = []
    for ending in (".gif", ".apng", ".html"):
        seconds = seconds_each(lambda ending=ending: picture(frames, ending), 1)
        data = picture(frames, ending)
        found.append(
            Row(
                f"22 frames of v{frames[0].version} as {ending}",
                f"{len(data) / 1_000:.0f} kB in {milli(seconds)}",
            )
        )
    return found


def _mask_row() -> Row:
    texts = list(UrEncoder(_KIND, _message(20_000), 200).parts(10))

    def fixed() -> object:
        return [matrix_of(text, mask=FIXED_MASK) for text in texts]

    def best() -> object:
        return [matrix_of(text) for text in texts]

    mine, others, ratio = paired(fixed, best, our_repeats=1, peer_repeats=1, rounds=5)
    count = len(texts)
    return Row(
        "encode frames of v11 with a fixed mask, beside trying all eight",
        f"{1 / ratio:.1f} x ({count / mine:.0f} frames/s, {count / others:.0f} with all)",
        ">= 3 x",
        1 / ratio >= 3,
    )


def _damage_rows() -> list[Row]:
    """How many damaged pictures are read, and how many of them zxing-cpp reads at once."""
    read = code_reader()
    found = []
    sets = {
        density: ur_frames(_KIND, _message(20 * density.fragment_bytes), density)[:_PICTURES]
        for density in Density
    }
    for name, damage in DAMAGES.items():
        ours, alone, worst = [], [], 1.0
        for frames in sets.values():
            photos = [
                damage(photographed(matrix, _PIXELS_A_MODULE), random.Random(number))
                for number, matrix in enumerate(frames)
            ]
            rate = _rate(photos, lambda photo: bool(read(photo)))
            worst = min(worst, rate)
            ours.append(f"v{frames[0].version} {rate:.0%}")
            alone.append(f"{_rate(photos, _zxing_alone):.0%}")
        found.append(
            Row(
                f"read at {_PIXELS_A_MODULE} pixels a module: {name}",
                f"{', '.join(ours)} (at once {', '.join(alone)})",
                ">= 90%",
                worst >= 0.9,
            )
        )
    return found


def _rate(photos: Sequence[Image.Image], reads: Callable[[Image.Image], bool]) -> float:
    return sum(map(reads, photos)) / len(photos)


def _zxing_alone(photo: Image.Image) -> bool:
    return bool(zxingcpp.read_barcodes(photo, formats=zxingcpp.BarcodeFormat.QRCode))


def _speed_rows() -> list[Row]:
    read = code_reader()
    matrix = ur_frames(_KIND, _message(4_000), Density.MEDIUM)[0]
    frame = _video_frame(matrix)
    blurred = DAMAGES["hand-held"](frame, random.Random(1))
    empty = Image.new("L", _VIDEO, 120)
    found = []
    for name, image, target in (
        ("a sharp frame", frame, 60),
        ("a bad frame", blurred, None),
        ("a frame without a code", empty, None),
    ):
        each = seconds_each(lambda image=image: read(image), 20)
        found.append(
            Row(
                f"read v{matrix.version} from {name} of {_VIDEO[0]} x {_VIDEO[1]}",
                f"{1 / each:.0f} frames/s ({milli(each)})",
                f"> {target} /s" if target else "",
                1 / each > target if target else None,
            )
        )
    return found


def _video_frame(matrix: Matrix) -> Image.Image:
    image = Image.new("L", _VIDEO, 120)
    image.paste(photographed(matrix, 6), (320, 90))
    return image


def main() -> None:
    """Print the table."""
    verdicts = {True: "met", False: "MISSED", None: ""}
    for row in rows():
        print(f"{row.what:<66} {row.measured:<60} {row.target:<10} {verdicts[row.met]}".rstrip())


if __name__ == "__main__":
    main()
