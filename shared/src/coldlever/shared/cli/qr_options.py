"""Command line options for QR codes, the same on both sides of the air gap.

Importing this costs nothing but click: what draws and reads is imported when it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from coldlever.shared.errors import UsageRefused
from coldlever.shared.qr.choices import Drawing, Scanning
from coldlever.shared.qr.draw import Density, pace
from coldlever.shared.ur import Receiver

if TYPE_CHECKING:
    from coldlever.shared.cli.qr_draw import ProvenDrawing
    from coldlever.shared.qr.draw.drawable import Drawable
    from coldlever.shared.qr.scan import ScanResult

_Command = Callable[..., Any]

_MAX_CAMERA = 63
_AUTO = "auto"


_DRAWING = (
    click.option("--qr", "on_terminal", is_flag=True, help="Show it as QR code in the terminal."),
    click.option(
        "--wide",
        is_flag=True,
        help="Draw with two spaces a module: larger, and right where lines have gaps.",
    ),
    click.option(
        "--qr-out",
        metavar="PATH",
        type=click.Path(),
        help="Write it as QR code to a new picture: .png or .svg for one code, .apng, .gif or "
        ".html for an animation too.",
    ),
    click.option(
        "--density",
        type=click.Choice([_AUTO, *(density.value for density in Density)]),
        default=_AUTO,
        show_default=True,
        help="How much one code carries. Low is read from further away, high takes fewer frames, "
        "tiny fits a terminal of 24 rows. auto: what there is room for; medium in pictures.",
    ),
    click.option(
        "--for",
        "receiver",
        type=click.Choice([Receiver.COLDLEVER.value, Receiver.WALLET.value]),
        default=Receiver.COLDLEVER.value,
        show_default=True,
        help="Who scans an animation: coldlever, or another program's UR decoder.",
    ),
    click.option(
        "--qr-format",
        type=click.Choice(["ur", "json"]),
        default="ur",
        show_default=True,
        help="ur: compact, animated where one code is not enough. json: plain text in one code.",
    ),
    click.option(
        "--frame-time",
        "frame_ms",
        metavar="MS",
        type=click.IntRange(pace.FASTEST_MS, pace.SLOWEST_MS),
        default=pace.DEFAULT_MS,
        show_default=True,
        help="How long each frame of an animation stays, in ms.",
    ),
)
_FORCE = click.option("--force", is_flag=True, help="Replace an existing file.")
_CAMERA = click.option(
    "--camera",
    metavar="N",
    type=click.IntRange(0, _MAX_CAMERA),
    help="Scan with a camera of this machine; the first is 0.",
)
_SCAN = click.option(
    "--scan",
    "scan_files",
    is_flag=True,
    help="The files are pictures or videos of QR codes; - is lines that a scanner types.",
)


def drawing_options(*, own_force: bool = False) -> Callable[[_Command], _Command]:
    """Add the options for drawing; the command gets them as ``drawing``, a `Drawing`.

    Args:
        own_force: the command has a ``--force`` (as ``force``) of its own, which then counts for
            the picture too.
    """

    def decorate(command: _Command) -> _Command:
        @wraps(command)
        def gathered(
            *args: Any,
            on_terminal: bool,
            wide: bool,
            qr_out: str | None,
            density: str,
            receiver: str,
            qr_format: str,
            frame_ms: int,
            force: bool,
            **others: Any,
        ) -> object:
            if own_force:
                others["force"] = force
            others["drawing"] = Drawing(
                on_terminal,
                wide,
                qr_out,
                None if density == _AUTO else Density(density),
                qr_format == "json",
                frame_ms,
                force,
                Receiver(receiver),
            )
            return command(*args, **others)

        options = _DRAWING if own_force else (*_DRAWING, _FORCE)
        return _with(gathered, options)

    return decorate


def scanning_options(*, always: bool = False) -> Callable[[_Command], _Command]:
    """Add the options for scanning; the command gets them as ``scanning``, a `Scanning`.

    Args:
        always: the command does nothing else, so that it needs no ``--scan``.

    Whoever wraps the command may add ``opened``, see `Scanning`.
    """

    def decorate(command: _Command) -> _Command:
        @wraps(command)
        def gathered(
            *args: Any,
            camera: int | None,
            scan_files: bool = always,
            opened: Callable[[], None] | None = None,
            **others: Any,
        ) -> object:
            wanted = scan_files or camera is not None
            scanning = Scanning(wanted, camera)
            if opened is not None:
                scanning = replace(scanning, opened=opened)
            return command(*args, scanning=scanning, **others)

        return _with(gathered, (_CAMERA,) if always else (_SCAN, _CAMERA))

    return decorate


def _with(command: _Command, options: Sequence[Callable[[_Command], _Command]]) -> _Command:
    for option in reversed(options):
        command = option(command)
    return command


def require_drawable(drawing: Drawing) -> None:
    """Refuse early what `prove_drawing` would refuse, as far as the message does not matter.

    Raises:
        UsageRefused: ``qr-out-ending``, ``output-exists`` or ``output-is-folder``.
        EnvironmentFault: ``extra-missing`` or ``output-folder``.
    """
    if drawing.wanted:
        from coldlever.shared.cli import qr_draw  # noqa: PLC0415 - see the top

        qr_draw.require_drawable(drawing)


def prove_drawing(drawable: Drawable, drawing: Drawing) -> ProvenDrawing:
    """Refuse everything that could be refused while a message is drawn, and draw nothing yet.

    Encodes it, looks at the picture's format and folder, the disk, the terminal and its size.

    Args:
        drawable: the message, or a stand-in of the same length.
        drawing: the options; something is wanted.

    Raises:
        UsageRefused: ``qr-out-ending``, ``qr-out-still``, ``output-exists`` or ``no-terminal``.
        InputRefused: ``qr-too-large``, ``qr-too-many`` or ``ur-too-large``.
        EnvironmentFault: ``terminal-too-small``, ``extra-missing``, ``output-folder``,
            ``output-closed``, ``disk-full`` or ``write-failed``.
    """
    from coldlever.shared.cli import qr_draw  # noqa: PLC0415 - see the top

    return qr_draw.prove_drawing(drawable, drawing)


def scan_message(
    expected_types: Collection[str], files: Sequence[str], scanning: Scanning
) -> ScanResult:
    """Scan one message, telling the person on stderr how it goes.

    Args:
        expected_types: the UR types that are taken. A JSON document is taken as it is.
        files: pictures and videos; ``-`` for lines on stdin.
        scanning: the options.

    Returns:
        The message: CBOR with its UR type, or a JSON document.

    Raises:
        UsageRefused: ``scan-nothing`` or ``scan-sources``.
        InputRefused: see `coldlever.shared.qr.scan.scan.scan`.
        EnvironmentFault: ``extra-missing`` or ``camera-failed``.
    """
    if scanning.camera is not None and files:
        raise UsageRefused("scan-sources", "--camera and files exclude each other")
    if scanning.camera is None and not files:
        raise UsageRefused(
            "scan-nothing",
            "nothing to scan was named",
            "name pictures or videos, use --camera 0, or - for a scanner that types",
        )
    from coldlever.shared.cli import qr_scan  # noqa: PLC0415 - see the top

    return qr_scan.scan_message(expected_types, files, scanning)
