"""Where a message goes: a file or stdout, a picture, the terminal; proven before anything is done.

A signature, a spent nonce or a post cannot be taken back. So an `Outlet` (what was asked for) is
proven with a stand-in of the message's size first, and only the `Delivery` that comes of it can
deliver.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coldlever.shared.cli.console import STDIO, require_output, write_document
from coldlever.shared.cli.qr_options import prove_drawing, require_drawable
from coldlever.shared.cli.stdout import require_stdout
from coldlever.shared.errors import ColdleverError, UsageRefused
from coldlever.shared.files import rehearse_write
from coldlever.shared.message.any import Message, compact_document
from coldlever.shared.printable import printable
from coldlever.shared.qr.choices import Drawing

if TYPE_CHECKING:
    from coldlever.shared.cli.qr_draw import ProvenDrawing
    from coldlever.shared.qr.draw.drawable import Drawable


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where a message was asked to go.

    Args:
        out: a file, ``-`` for stdout, or None for neither.
        force: existing files are replaced.
        as_json: stdout carries the run's one JSON document, so that ``-`` writes nothing there.
        drawing: the options for QR codes.
    """

    out: str | None
    force: bool
    as_json: bool
    drawing: Drawing

    @classmethod
    def choose(cls, out: str | None, drawing: Drawing, *, force: bool, as_json: bool) -> Outlet:
        """From a command's options: stdout, unless a file is named or a code is drawn."""
        target = out if out is not None or drawing.wanted else STDIO
        return cls(target, force, as_json, drawing)

    @property
    def file(self) -> str | None:
        """The document's file, where it goes to one."""
        return None if self.out == STDIO else self.out

    @property
    def names(self) -> tuple[str, ...]:
        """All files that are written: the document's and the picture's."""
        return tuple(name for name in (self.file, self.drawing.out) if name is not None)

    def require(self) -> None:
        """Refuse early what `prove` would refuse, as far as the message does not matter.

        Raises:
            UsageRefused: ``output-exists``, ``output-is-folder``, ``outputs-collide`` or
                ``qr-out-ending``.
            EnvironmentFault: ``output-folder``, ``output-closed`` or ``extra-missing``.
        """
        if self.file is not None:
            require_output(self.file, force=self.force)
        if self.as_json or self.out == STDIO:
            require_stdout()
        require_drawable(self.drawing)
        self._require_two_names()

    def spare(self, *kept: Path) -> None:
        """Refuse outputs that would replace a file which must not be lost, even with ``--force``.

        Args:
            kept: such as the keystore and the ledger.

        Raises:
            UsageRefused: ``output-kept``.
        """
        for name in self.names:
            if os.path.realpath(name) in map(os.path.realpath, kept):
                raise UsageRefused(
                    "output-kept",
                    f"{printable(name)} is a file that coldlever needs and does not replace",
                    "choose another name",
                )

    def prove(self, message: Message, document: bytes) -> Delivery:
        """Find everything that could be refused while a message of this size is delivered.

        Args:
            message: what will be delivered, or a stand-in of the same length.
            document: the file that holds it, likewise.

        Raises:
            UsageRefused, InputRefused, EnvironmentFault: as `require` and
                `coldlever.shared.cli.qr_options.prove_drawing`, or ``disk-full`` or
                ``write-failed``.
        """
        self.require()
        if self.file is not None:
            rehearse_write(Path(self.file), len(document))
        if self.as_json or self.out == STDIO:
            require_stdout(len(document))
        if not self.drawing.wanted:
            return Delivery(self, None)
        return Delivery(self, prove_drawing(_drawable(message), self.drawing))

    def _require_two_names(self) -> None:
        picture = self.drawing.out
        if self.file is None or picture is None:
            return
        if os.path.realpath(self.file) == os.path.realpath(picture):
            raise UsageRefused(
                "outputs-collide",
                f"--out and --qr-out both name {printable(picture)}",
                "give them two names",
            )


@dataclass(frozen=True, slots=True)
class Delivery:
    """An outlet that is known to take a message of a certain size; only `Outlet.prove` makes one.

    Args:
        outlet: where to.
        drawing: the proven drawing, or None without one.
    """

    outlet: Outlet
    drawing: ProvenDrawing | None

    def deliver(self, message: Message, document: bytes) -> None:
        """Write the document, then the picture, then show it on the terminal.

        What could be known is known already; what is left is a disk or a terminal that fails now.

        Args:
            message: as long as the one that it was proven with.
            document: the file that holds it.

        Raises:
            UsageRefused, EnvironmentFault: something has changed since the proof; the sentence
                says what had been written until then.
        """
        outlet = self.outlet
        if outlet.file is not None or (outlet.out == STDIO and not outlet.as_json):
            write_document(outlet.out or STDIO, document, force=outlet.force)
        if self.drawing is None:
            return
        try:
            self.drawing.show(_drawable(message))
        except ColdleverError as error:
            if outlet.file is None:
                raise
            sentence = f"{error.message}; {printable(outlet.file)} had been written before"
            raise type(error)(error.code, sentence, error.remedy) from None


def _drawable(message: Message) -> Drawable:
    from coldlever.shared.cli.caption import caption_of  # noqa: PLC0415 - only where it is drawn
    from coldlever.shared.compact import encode  # noqa: PLC0415 - the same
    from coldlever.shared.qr.draw.drawable import Drawable  # noqa: PLC0415 - the same

    kind, data = encode(message)
    return Drawable(kind, data, compact_document(message), caption_of(message))
