"""Carrying out the options for scanning: the sources, and what the person is told."""

from __future__ import annotations

import os
import sys
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


def scan_message(
    expected_types: Collection[str], files: Sequence[str], scanning: Scanning
) -> ScanResult:
    """See `coldlever.shared.cli.qr_options.scan_message`."""
    collector = Collector(expected_types)
    replaceable = sys.stderr.isatty()
    watcher = Watcher(_say_over if replaceable else say, _tick if replaceable else None)
    try:
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
            if sys.stdin.isatty():
                say("Scan with the scanner that types; Ctrl-D ends.")
            yield line_frames(sys.stdin.buffer)
        else:
            yield file_frames(name)


def _say_over(text: str) -> None:
    say(_CLEAR_LINE + text)


def _tick(text: str) -> None:
    width = os.get_terminal_size(sys.stderr.fileno()).columns or _COLUMNS
    click.echo(_CLEAR_LINE + text[: width - 1], nl=False, err=True)
