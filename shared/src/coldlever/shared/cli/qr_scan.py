"""Carrying out the options for scanning: the sources, and what the person is told."""

from __future__ import annotations

import contextlib
import os
import sys
import termios
from collections.abc import Collection, Iterable, Iterator, Sequence

import click

from coldlever.shared.cli.console import STDIO, say
from coldlever.shared.qr.choices import Scanning
from coldlever.shared.qr.scan import (
    Collector,
    Frame,
    ScanResult,
    Watcher,
    file_frames,
    line_frames,
    progress_line,
)
from coldlever.shared.qr.scan.scan import scan

# For a serial console, which does not tell its size and says 0.
_COLUMNS = 80
_CLEAR_LINE = "\r\x1b[K"
# Of what termios lists.
_LOCAL_MODES = 3


def scan_message(
    expected_types: Collection[str], files: Sequence[str], scanning: Scanning
) -> ScanResult:
    """See `coldlever.shared.cli.qr_options.scan_message`."""
    collector = Collector(expected_types)
    replaceable = sys.stderr.isatty()
    watcher = Watcher(_say_over if replaceable else say, _tick if replaceable else None)
    try:
        with _unseen(typed=STDIO in files):
            result = scan(
                _sources(files, scanning),
                collector,
                watcher.watch,
                one_message_only=scanning.camera is None and STDIO not in files,
            )
    finally:
        if replaceable:
            click.echo(_CLEAR_LINE, nl=False, err=True)
    say(progress_line(collector.tally))
    return result


def _sources(files: Sequence[str], scanning: Scanning) -> Iterator[Iterable[Frame]]:
    if scanning.camera is not None:
        from coldlever.shared.qr.scan.video import camera_frames  # noqa: PLC0415 - needs extras

        say(f"Hold the code in front of camera {scanning.camera}; Ctrl-C ends.")
        yield camera_frames(scanning.camera, scanning.opened)
    for name in files:
        if name == STDIO:
            yield line_frames(sys.stdin.buffer)
        else:
            yield file_frames(name)


@contextlib.contextmanager
def _unseen(*, typed: bool) -> Iterator[None]:
    """Where a scanner types on the terminal: what it types does not fill the screen."""
    if not (typed and sys.stdin.isatty()):
        yield
        return
    say("Scan with the scanner that types; Ctrl-D ends.")
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    silent = before.copy()
    silent[_LOCAL_MODES] &= ~termios.ECHO
    termios.tcsetattr(descriptor, termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _say_over(text: str) -> None:
    say(_CLEAR_LINE + text)


def _tick(text: str) -> None:
    width = os.get_terminal_size(sys.stderr.fileno()).columns or _COLUMNS
    click.echo(_CLEAR_LINE + text[: width - 1], nl=False, err=True)
