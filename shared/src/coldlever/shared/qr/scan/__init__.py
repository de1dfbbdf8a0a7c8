"""From pictures, films, cameras and typed lines to one message; what it means comes later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coldlever.shared.face import lazy_face

if TYPE_CHECKING:
    from coldlever.shared.qr.scan.collector import Collector, ScanResult
    from coldlever.shared.qr.scan.files import file_frames
    from coldlever.shared.qr.scan.frame import Frame
    from coldlever.shared.qr.scan.progress import Watcher, progress_line
    from coldlever.shared.qr.scan.typed import line_frames
else:
    __getattr__ = lazy_face(
        __name__,
        {
            "Collector": "collector",
            "ScanResult": "collector",
            "file_frames": "files",
            "Frame": "frame",
            "Watcher": "progress",
            "progress_line": "progress",
            "line_frames": "typed",
        },
    )

__all__ = [
    "Collector",
    "Frame",
    "ScanResult",
    "Watcher",
    "file_frames",
    "line_frames",
    "progress_line",
]
