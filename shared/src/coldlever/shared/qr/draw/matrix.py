"""The modules of one QR code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from coldlever.shared.errors import InputRefused

# ISO/IEC 18004, section 6.3.8: readers may rely on four light modules on every side.
QUIET_ZONE = 4
# Beyond it the modules become too small for an ordinary camera in front of an ordinary screen.
MAX_VERSION = 20
# What it holds at level L (ISO/IEC 18004, table 7).
_MAX_ALPHANUMERIC = 1_249
_MAX_BYTES = 858
# Choosing the best of eight masks takes four times as long as drawing. Frames of an animation hold
# compact random-looking bytes, for which one mask is as good as another.
FIXED_MASK = 0

_ALPHANUMERIC = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


@dataclass(frozen=True, slots=True)
class Matrix:
    """A QR code with its quiet zone.

    Args:
        version: 1 to 20; the code has 17 + 4 x version modules a side.
        rows: one byte a module, 1 for dark and 0 for light, quiet zone included.
    """

    version: int
    rows: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Modules a side, quiet zone included."""
        return len(self.rows)


def version_of(text: str) -> int:
    """The smallest version that holds a text at level L.

    Args:
        text: see `matrix_of`.

    Raises:
        InputRefused: ``qr-too-large``.
    """
    return _fitted(text, None, 1)[1]


def matrix_of(text: str, *, mask: int | None = None, min_version: int = 1) -> Matrix:
    """Draw a text at error correction level L, which leaves the most light for each module.

    Args:
        text: stored at 5.5 bits a character when all of it is alphanumeric in QR's sense (an
            upper-case UR is), otherwise as UTF-8.
        mask: 0 to 7, or None to try all of them.
        min_version: 1 to 20, so that all frames of an animation get the same size.

    Raises:
        InputRefused: ``qr-too-large``: it takes more than version 20.
    """
    code, version = _fitted(text, mask, min_version)
    code.make(fit=False)
    return Matrix(version, tuple(map(bytes, code.get_matrix())))


def _fitted(text: str, mask: int | None, min_version: int) -> tuple[Any, int]:
    # Commands that draw nothing must not wait for this package.
    from qrcode.constants import ERROR_CORRECT_L  # noqa: PLC0415 - see above
    from qrcode.main import QRCode  # noqa: PLC0415 - see above
    from qrcode.util import MODE_8BIT_BYTE, MODE_ALPHA_NUM, QRData  # noqa: PLC0415 - see above

    compact = _ALPHANUMERIC.issuperset(text)
    data = text.encode("utf-8")
    limit = _MAX_ALPHANUMERIC if compact else _MAX_BYTES
    if len(data) > limit:
        raise InputRefused(
            "qr-too-large",
            f"{len(data)} bytes of text do not fit a QR code of version {MAX_VERSION}, the "
            f"largest that cameras read reliably: it holds {limit} of this kind",
            "use --qr-format ur, which cuts a message into frames, or hand it over as a file",
        )
    code = QRCode(error_correction=ERROR_CORRECT_L, border=QUIET_ZONE, mask_pattern=mask)
    code.add_data(QRData(data, MODE_ALPHA_NUM if compact else MODE_8BIT_BYTE, check_data=False))
    return code, code.best_fit(start=min_version)
