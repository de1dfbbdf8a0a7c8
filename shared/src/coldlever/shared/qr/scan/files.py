"""What a scanner looks at: pictures, videos, a camera, or lines of text, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from coldlever.shared.errors import InputRefused
from coldlever.shared.printable import printable
from coldlever.shared.qr.scan.frame import Frame

_SNIFFED_BYTES = 16
# ISO/IEC 14496-12 calls these boxes the first of a file; "ftyp" is followed by the brand.
_MP4_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"})
_STILL_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"})
_MATROSKA = b"\x1a\x45\xdf\xa3"


def file_frames(name: str) -> Iterator[Frame]:
    """The frames of a picture, an animated picture or a video, told apart by their content.

    Args:
        name: of the file.

    Raises:
        InputRefused: ``file-unreadable``, ``file-too-large``, ``picture-unknown``,
            ``picture-damaged``, ``picture-too-large`` or ``video-unreadable``.
        EnvironmentFault: ``extra-missing``.
    """
    path = Path(name)
    try:
        with path.open("rb") as stream:
            head = stream.read(_SNIFFED_BYTES)
    except OSError as error:
        raise InputRefused(
            "file-unreadable", f"{printable(name)}: {printable(error.strerror or str(error))}"
        ) from None
    # Each kind needs other packages, which may not be there.
    if _is_video(head):
        from coldlever.shared.qr.scan.video import video_frames  # noqa: PLC0415 - see above

        return video_frames(path)
    from coldlever.shared.qr.scan.stills import picture_frames  # noqa: PLC0415 - see above

    return picture_frames(path)


def _is_video(head: bytes) -> bool:
    if head[4:8] in _MP4_BOXES:
        return head[8:12] not in _STILL_BRANDS
    return head.startswith(_MATROSKA) or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
