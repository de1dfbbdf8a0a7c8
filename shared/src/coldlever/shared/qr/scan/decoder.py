"""The QR codes in one picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from coldlever.shared.qr.optional_packages import pillow, zxing

# Enlarging quadruples the work, and a picture of more pixels than Full HD seldom needs it.
_ENLARGED_PIXELS = 2_100_000
_SOFTER = (1, 2, 1, 2, 4, 2, 1, 2, 1)


def code_reader() -> Callable[[Any], tuple[str, ...]]:
    """What reads the codes of a picture.

    Returns:
        A function from a grey Pillow image to the texts of all QR codes in it: upright or not,
        dark on light or light on dark. Bytes that are not UTF-8 come as lone surrogates, which
        every parser refuses.

    Raises:
        EnvironmentFault: ``extra-missing``.
    """
    library = zxing()
    formats = library.BarcodeFormat.QRCode

    def read(image: Any) -> tuple[str, ...]:
        for attempt in _attempts(image):
            found = library.read_barcodes(
                attempt, formats=formats, try_rotate=True, try_downscale=True, try_invert=True
            )
            if found:
                return tuple(code.bytes.decode("utf-8", "surrogateescape") for code in found)
        return ()

    return read


def _attempts(image: Any) -> Iterator[Any]:
    """The picture, and then what made it legible where it was not.

    Measured at 4 camera pixels a module: softened, all of the noisy codes are read instead of a
    quarter; enlarged, 97 % of the blurred ones instead of 83 %. See benchmarks/bench_qr.py.
    """
    yield image
    yield _softened(image)
    if image.width * image.height <= _ENLARGED_PIXELS:
        yield image.resize((2 * image.width, 2 * image.height), pillow().Resampling.BICUBIC)
        yield _unstepped(image)


def _unstepped(image: Any) -> Any:
    """A screenshot that was scaled by an odd factor: its modules are of unequal widths.

    Measured from 2 pixels a module on: the last few that were not read are.
    """
    from PIL.ImageFilter import GaussianBlur  # noqa: PLC0415 - installed with an extra only

    larger = image.resize(
        (image.width * 7 // 4, image.height * 7 // 4), pillow().Resampling.BICUBIC
    )
    return larger.filter(GaussianBlur(1 / 2))


def _softened(image: Any) -> Any:
    from PIL.ImageFilter import Kernel  # noqa: PLC0415 - installed with an extra only

    return image.filter(Kernel((3, 3), _SOFTER))
