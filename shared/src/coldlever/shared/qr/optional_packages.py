"""Packages that only an extra brings, imported when they are needed.

A signer that reads files alone does not hold them, and a command that uses none of them does not
wait for them.
"""

from __future__ import annotations

import importlib
import os
from types import ModuleType

from coldlever.shared.errors import EnvironmentFault

_SCAN = "scan"
_CAMERA = "camera"


def pillow() -> ModuleType:
    """``PIL.Image``.

    Raises:
        EnvironmentFault: ``extra-missing``.
    """
    return _load("PIL.Image", "Pillow", _SCAN)


def zxing() -> ModuleType:
    """``zxingcpp``.

    Raises:
        EnvironmentFault: ``extra-missing``.
    """
    return _load("zxingcpp", "zxing-cpp", _SCAN)


def opencv() -> ModuleType:
    """``cv2``, with its messages on stderr switched off: ours name what went wrong.

    Raises:
        EnvironmentFault: ``extra-missing``.
    """
    os.environ.setdefault("OPENCV_LOG_LEVEL", "OFF")
    # The quietest level of FFmpeg, AV_LOG_QUIET.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    # A file that names another place to read from is not followed there.
    os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "protocol_whitelist;file")
    return _load("cv2", "opencv-python-headless", _CAMERA)


def _load(module: str, package: str, extra: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise EnvironmentFault(
            "extra-missing",
            f"this needs {package}, which is not installed",
            f'install the extra: "coldlever-signer[{extra}]" on the signing machine, '
            f'"coldlever-broadcaster[{extra}]" on the online one',
        ) from None
