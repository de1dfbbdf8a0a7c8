"""Carrying out the options for drawing: the picture file, and the terminal."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator

import click

from coldlever.shared.cli.console import require_output, say, write_document
from coldlever.shared.errors import UsageRefused
from coldlever.shared.printable import printable
from coldlever.shared.qr.choices import Drawing
from coldlever.shared.qr.draw import (
    Density,
    Stream,
    ending_of,
    json_frame,
    static_stream,
    ur_frames,
    ur_stream,
)
from coldlever.shared.qr.draw.picture import picture
from coldlever.shared.qr.play import (
    STATUS_ROWS,
    KeyReader,
    Player,
    Screen,
    Size,
    draw,
    require_room,
)

_TERMINAL = "/dev/tty"
_UNKNOWN = 10_000
_NANOSECONDS_A_MILLISECOND = 1_000_000


def require_drawable(drawing: Drawing) -> None:
    """See `coldlever.shared.cli.qr_options.require_drawable`."""
    if drawing.out is not None:
        ending_of(drawing.out)
        require_output(drawing.out, force=drawing.force)


def show_message(ur_type: str, message: bytes, document: bytes, drawing: Drawing) -> None:
    """See `coldlever.shared.cli.qr_options.show_message`."""
    if drawing.out is not None:
        ending = ending_of(drawing.out)
        frames = (
            (json_frame(document),)
            if drawing.as_json
            else ur_frames(ur_type, message, drawing.density)
        )
        data = picture(frames, ending, frame_ms=drawing.frame_ms)
        write_document(drawing.out, data, force=drawing.force)
        count = "1 QR code" if len(frames) == 1 else f"a loop of {len(frames)} QR codes"
        say(f"{printable(drawing.out)}: {count} of version {frames[0].version}")
    if drawing.on_terminal:
        _show(ur_type, message, document, drawing)


def _show(ur_type: str, message: bytes, document: bytes, drawing: Drawing) -> None:
    def streams(density: Density | None) -> Stream:
        if density is None:
            return static_stream(json_frame(document))
        return ur_stream(ur_type, message, density)

    density = None if drawing.as_json else drawing.density
    stream = streams(density)
    # Without half blocks in the terminal's character set there are still spaces.
    wide = drawing.wide or not _can_show_blocks()
    with _keyboard() as keyboard:
        if keyboard is None:
            _print(stream, wide=wide)
            return
        lower = density not in (None, Density.LOW) and stream.fragments > 1
        size = _terminal_size()
        room = Size(size.columns, size.rows - STATUS_ROWS)
        require_room(stream.next_frame(), room, wide=wide, lower_density=lower)
        with KeyReader(keyboard) as keys, Screen(sys.stderr, _terminal_size) as screen:
            Player(
                streams, screen, keys, _clock, density=density, wide=wide, frame_ms=drawing.frame_ms
            ).play()


def _print(stream: Stream, *, wide: bool) -> None:
    if stream.fragments > 1:
        raise UsageRefused(
            "no-terminal",
            f"the message takes {stream.fragments} frames, and there is no terminal to play them",
            "write them to a picture with --qr-out code.html, or try --density high",
        )
    matrix = stream.next_frame()
    if sys.stderr.isatty():
        require_room(matrix, _terminal_size(), wide=wide, lower_density=False)
    for line in draw(matrix, wide=wide):
        click.echo(line, err=True, color=True)


@contextlib.contextmanager
def _keyboard() -> Iterator[int | None]:
    """The terminal's keys, also where stdin is a file; None where there is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    if sys.stdin.isatty():
        yield sys.stdin.fileno()
        return
    try:
        descriptor = os.open(_TERMINAL, os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _terminal_size() -> Size:
    """A serial console does not tell its size and says 0: then a code is drawn unchecked."""
    size = os.get_terminal_size(sys.stderr.fileno())
    return Size(size.columns or _UNKNOWN, size.lines or _UNKNOWN)


def _can_show_blocks() -> bool:
    try:
        "▀▄█".encode(sys.stderr.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _clock() -> int:
    return time.monotonic_ns() // _NANOSECONDS_A_MILLISECOND
