"""Carrying out the options for drawing: the picture file, and the terminal.

First everything that can refuse, on a message of the same size (`prove_drawing`); then the drawing.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from coldlever.shared.cli.console import require_output, say, write_document
from coldlever.shared.errors import EnvironmentFault, UsageRefused
from coldlever.shared.files import rehearse_write
from coldlever.shared.printable import printable
from coldlever.shared.qr.choices import Drawing
from coldlever.shared.qr.draw import (
    Density,
    Matrix,
    Stream,
    ending_of,
    json_frame,
    static_stream,
    ur_frames,
    ur_loop,
    ur_stream,
)
from coldlever.shared.qr.draw.caption import Caption
from coldlever.shared.qr.draw.drawable import Drawable
from coldlever.shared.qr.draw.picture import picture, require_holding
from coldlever.shared.qr.play import (
    STATUS_ROWS,
    KeyReader,
    Player,
    Screen,
    Size,
    draw,
    drawn_size,
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


@dataclass(frozen=True, slots=True)
class ProvenDrawing:
    """A drawing that can be made of every message as long as the one it was proven with.

    Only `prove_drawing` makes one.

    Args:
        drawing: the options.
    """

    drawing: Drawing

    def show(self, drawable: Drawable) -> None:
        """Draw a message.

        Raises:
            UsageRefused: ``output-exists`` or ``no-terminal``, if that has changed meanwhile.
            EnvironmentFault: ``write-failed``, if the disk has.
        """
        if self.drawing.out is not None:
            _write_picture(self.drawing.out, drawable, self.drawing)
        if self.drawing.on_terminal:
            _show(drawable, self.drawing)


def prove_drawing(drawable: Drawable, drawing: Drawing) -> ProvenDrawing:
    """See `coldlever.shared.cli.qr_options.prove_drawing`."""
    require_drawable(drawing)
    if drawing.out is not None:
        _prove_picture(drawing.out, drawable, drawing)
    if drawing.on_terminal:
        _prove_terminal(drawable, drawing)
    return ProvenDrawing(drawing)


def _prove_picture(out: str, drawable: Drawable, drawing: Drawing) -> None:
    ending = ending_of(out)
    frame, count = _first_frame(drawable, drawing)
    require_holding(ending, count)
    # Frames of one size that hold random-looking bytes make pictures of about one size.
    one = picture((frame,), ending, frame_ms=drawing.frame_ms, caption=drawable.caption)
    rehearse_write(Path(out), count * len(one))


def _first_frame(drawable: Drawable, drawing: Drawing) -> tuple[Matrix, int]:
    if drawing.as_json:
        return json_frame(drawable.document), 1
    loop = ur_loop(drawable.ur_type, drawable.data, drawing.picture_density, drawing.receiver)
    return next(loop.frames), loop.count


def _write_picture(out: str, drawable: Drawable, drawing: Drawing) -> None:
    frames = (
        (json_frame(drawable.document),)
        if drawing.as_json
        else ur_frames(drawable.ur_type, drawable.data, drawing.picture_density, drawing.receiver)
    )
    data = picture(frames, ending_of(out), frame_ms=drawing.frame_ms, caption=drawable.caption)
    write_document(out, data, force=drawing.force)
    count = "1 QR code" if len(frames) == 1 else f"a loop of {len(frames)} QR codes"
    say(f"{printable(out)}: {count} of version {frames[0].version}")


@dataclass(frozen=True, slots=True)
class _Shown:
    """A message on a terminal, in whatever density."""

    drawable: Drawable
    drawing: Drawing

    def stream(self, density: Density | None) -> Stream:
        """Its frames; a density of None is the document as one code."""
        if density is None:
            return static_stream(json_frame(self.drawable.document))
        return ur_stream(self.drawable.ur_type, self.drawable.data, density, self.drawing.receiver)

    def density(self, room: Size | None, *, wide: bool) -> Density | None:
        """The one that was asked for, else the highest up to medium that the room is enough for."""
        if self.drawing.as_json:
            return None
        if self.drawing.density is not None or room is None:
            return self.drawing.picture_density
        for density in (Density.MEDIUM, Density.LOW):
            if room.holds(drawn_size(self.stream(density).next_frame(), wide=wide)):
                return density
        return Density.TINY


def _prove_terminal(drawable: Drawable, drawing: Drawing) -> None:
    if sys.stderr is None:
        raise EnvironmentFault(
            "output-closed", "stderr: closed", "write a picture with --qr-out code.png or code.html"
        )
    shown = _Shown(drawable, drawing)
    wide = _is_wide(drawing)
    with _keyboard() as keyboard:
        room = _room(keyboard)
        density = shown.density(room, wide=wide)
        stream = shown.stream(density)
        if keyboard is None:
            _require_still(stream)
        if room is not None:
            lower = density not in (None, Density.TINY)
            require_room(stream.next_frame(), room, wide=wide, lower_density=lower)


def _show(drawable: Drawable, drawing: Drawing) -> None:
    shown = _Shown(drawable, drawing)
    wide = _is_wide(drawing)
    with _keyboard() as keyboard:
        density = shown.density(_room(keyboard), wide=wide)
        if keyboard is None:
            _print(shown.stream(density), drawable.caption, wide=wide)
            return
        # A window that has become too small meanwhile gets a word from the player, not a refusal.
        with KeyReader(keyboard) as keys, Screen(sys.stderr, _terminal_size) as screen:
            Player(
                shown.stream,
                screen,
                keys,
                _clock,
                caption=drawable.caption,
                density=density,
                wide=wide,
                frame_ms=drawing.frame_ms,
            ).play()


def _room(keyboard: int | None) -> Size | None:
    """What there is of the terminal for a code; None where nobody can tell."""
    if not sys.stderr.isatty():
        return None
    size = _terminal_size()
    return size if keyboard is None else Size(size.columns, size.rows - STATUS_ROWS)


def _is_wide(drawing: Drawing) -> bool:
    """Without half blocks in the terminal's character set there are still spaces."""
    return drawing.wide or not _can_show_blocks()


def _print(stream: Stream, caption: Caption, *, wide: bool) -> None:
    _require_still(stream)
    for line in draw(stream.next_frame(), wide=wide):
        click.echo(line, err=True, color=True)
    for line in caption.lines:
        say(line)


def _require_still(stream: Stream) -> None:
    if stream.fragments > 1:
        raise UsageRefused(
            "no-terminal",
            f"the message takes {stream.fragments} frames, and there is no terminal to play them",
            "write them to a picture with --qr-out code.html, or try --density high",
        )


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
