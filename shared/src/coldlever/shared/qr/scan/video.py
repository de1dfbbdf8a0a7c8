"""The QR codes of video files and of a camera. OpenCV only delivers the pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coldlever.shared.errors import EnvironmentFault, InputRefused
from coldlever.shared.printable import printable
from coldlever.shared.qr.optional_packages import opencv, pillow
from coldlever.shared.qr.scan.decoder import code_reader
from coldlever.shared.qr.scan.frame import Frame
from coldlever.shared.qr.scan.stills import MAX_PIXELS

# What a camera is asked for; it gives what it can. More would only cost time for each frame.
_CAMERA_WIDTH, _CAMERA_HEIGHT = 1_280, 720
# A camera that wakes up or is in use for a moment fails a few times.
_CAMERA_PATIENCE = 30


def video_frames(path: Path) -> Iterator[Frame]:
    """Read the codes of an MP4, MOV, AVI, MKV or WebM file.

    Args:
        path: the file, of any length, at most 50 million pixels a frame.

    Raises:
        InputRefused: ``video-unreadable`` or ``picture-too-large``.
        EnvironmentFault: ``extra-missing``.
    """
    name = printable(str(path))
    library, read = opencv(), code_reader()
    # An absolute path is never taken for an address or for a pattern of numbered pictures.
    with _opened(library, str(path.resolve()), library.CAP_FFMPEG) as capture:
        if not capture.isOpened():
            raise _unreadable(name)
        _require_size(capture, library, name)
        number = 0
        while (image := _next_image(capture, library)) is not None:
            number += 1
            yield Frame(f"{name}, frame {number}", read(image))
        if number == 0:
            raise _unreadable(name)


def camera_frames(number: int, opened: Callable[[], None]) -> Iterator[Frame]:
    """Read the codes that a camera sees, without end.

    Args:
        number: which camera; the first is 0.
        opened: called once the camera is open, before its first picture is read.

    Raises:
        EnvironmentFault: ``camera-failed`` or ``extra-missing``.
    """
    library, read = opencv(), code_reader()
    with _opened(library, number, library.CAP_ANY) as capture:
        if not capture.isOpened():
            raise _camera_failed(number, "cannot be opened")
        capture.set(library.CAP_PROP_FRAME_WIDTH, _CAMERA_WIDTH)
        capture.set(library.CAP_PROP_FRAME_HEIGHT, _CAMERA_HEIGHT)
        opened()
        failures = 0
        while failures < _CAMERA_PATIENCE:
            image = _next_image(capture, library)
            if image is None:
                failures += 1
                continue
            failures = 0
            yield Frame(f"camera {number}", read(image))
        raise _camera_failed(number, "gives no pictures any more")


@contextmanager
def _opened(library: Any, source: str | int, backend: int) -> Iterator[Any]:
    capture = library.VideoCapture(source, backend)
    try:
        yield capture
    finally:
        capture.release()


def _require_size(capture: Any, library: Any, name: str) -> None:
    width = int(capture.get(library.CAP_PROP_FRAME_WIDTH))
    height = int(capture.get(library.CAP_PROP_FRAME_HEIGHT))
    if width * height > MAX_PIXELS:
        raise InputRefused(
            "picture-too-large",
            f"{name}: {width} x {height} pixels a frame, at most {MAX_PIXELS} are taken",
            "make the video smaller",
        )


def _next_image(capture: Any, library: Any) -> Any:
    """The next picture in grey, or None."""
    try:
        delivered, colours = capture.read()
        if not delivered:
            return None
        to_image: Callable[[Any], Any] = pillow().fromarray
        return to_image(library.cvtColor(colours, library.COLOR_BGR2GRAY))
    except library.error:
        return None


def _unreadable(name: str) -> InputRefused:
    return InputRefused(
        "video-unreadable",
        f"{name}: the video is damaged or of an unknown kind",
        "save it as MP4, or show single pictures of it",
    )


def _camera_failed(number: int, what: str) -> EnvironmentFault:
    return EnvironmentFault(
        "camera-failed",
        f"camera {number} {what}",
        "close other programs that use it, try another number, or take pictures with a phone "
        "and give their files",
    )
