"""Lines of text, as a USB scanner types them that poses as a keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from coldlever.shared.qr.scan.frame import Frame
from coldlever.shared.qr.scan.keys import codes_of
from coldlever.shared.ur.limits import MAX_RESOURCE_LETTERS

# Whole messages may come through a pipe as one line.
MAX_LINE_BYTES = MAX_RESOURCE_LETTERS


def line_frames(stream: BinaryIO) -> Iterator[Frame]:
    """One frame a line, until the stream ends.

    Args:
        stream: binary; a line that is longer than 2 MiB is skipped and noted.

    Yields:
        The codes of each line, without what a scanner adds; empty lines are left out.
    """
    number = 0
    while line := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        place = f"line {number}"
        if len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = stream.readline(MAX_LINE_BYTES + 1)
            yield Frame(place, (), f"a line of more than {MAX_LINE_BYTES} bytes")
            continue
        texts, note = codes_of(line.decode("utf-8", "surrogateescape"))
        if texts or note is not None:
            yield Frame(place, texts, note)
