"""The terminal behind the streams: what was typed too early, and whom to ask instead of stdin."""

from __future__ import annotations

import contextlib
import os

import click

_CONTROLLING = "/dev/tty"
_MAX_LINE = 4096
_STDIN_IS_DOCUMENT = "coldlever.stdin-is-document"


def note_stdin_is_document() -> None:
    """Remember for this run that stdin was read as a document, and so has no answers to give."""
    context = click.get_current_context(silent=True)
    if context is not None:
        context.meta[_STDIN_IS_DOCUMENT] = True


def discard_typed_ahead(descriptor: int) -> None:
    """Throw away what was typed before a question was asked: it was no answer to it.

    Args:
        descriptor: a terminal.
    """
    # Not every system has it, and then there is no such queue to empty.
    import termios  # noqa: PLC0415 - see above

    termios.tcflush(descriptor, termios.TCIFLUSH)


def has_other_terminal() -> bool:
    """Whether stdin is the document and there is a controlling terminal to ask instead."""
    descriptor = _open_controlling()
    if descriptor is None:
        return False
    os.close(descriptor)
    return True


def ask_other_terminal(prompt: str) -> str:
    """Ask on the controlling terminal; call it only after `has_other_terminal`.

    Raises:
        click.Abort: the person ended the input.
    """
    descriptor = _open_controlling()
    if descriptor is None:
        raise click.Abort
    with contextlib.closing(os.fdopen(descriptor, "r+b", buffering=0)) as terminal:
        discard_typed_ahead(descriptor)
        terminal.write(f"{prompt}: ".encode())
        # A terminal hands over one line at a time.
        line: bytes = terminal.read(_MAX_LINE) or b""
    if not line:
        raise click.Abort
    return line.decode("utf-8", "replace").strip()


def _open_controlling() -> int | None:
    context = click.get_current_context(silent=True)
    if context is None or not context.meta.get(_STDIN_IS_DOCUMENT):
        return None
    try:
        return os.open(_CONTROLLING, os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return None
