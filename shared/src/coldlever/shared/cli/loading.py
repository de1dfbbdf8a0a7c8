"""Messages from files and from codes, typed: one loader for both sides, one set of rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from coldlever.shared.cli.console import read_document, source_name
from coldlever.shared.errors import UsageRefused
from coldlever.shared.message import Defaults, RequestFile, SignedFile
from coldlever.shared.message.any import Expected, M, load_expected
from coldlever.shared.reading import Where

if TYPE_CHECKING:
    from coldlever.shared.qr.choices import Scanning

# What error messages call a scanned message.
SCANNED = "QR code"

File = TypeVar("File", bound=RequestFile | SignedFile)


@dataclass(frozen=True, slots=True)
class Loaded(Generic[File]):
    """What one file, or the codes of one scan, held.

    Args:
        message: requests or signed payloads.
        where: its place, for error messages.
    """

    message: File
    where: Where


@dataclass(frozen=True, slots=True)
class Input(Generic[File]):
    """What a command was given.

    Args:
        messages: in order, at least one.
    """

    messages: tuple[Loaded[File], ...]

    @property
    def is_batch(self) -> bool:
        """Whether the output should be an array: for a batch, and for several files."""
        return len(self.messages) > 1 or self.messages[0].message.is_batch


def load_input(
    files: Sequence[str], scanning: Scanning, expected: Expected[File], defaults: Defaults
) -> Input[File]:
    """Read the files named as arguments, or scan one message.

    Args:
        files: names; ``-`` for stdin.
        scanning: the options; with a scan, the files are pictures.
        expected: what this step takes.
        defaults: what fills gaps of files; see `load_expected`.

    Raises:
        UsageRefused: ``file-missing`` when there is nothing to read.
        InputRefused: a file is unreadable, malformed or something else.
        RuleRefused: ``network-mismatch`` or ``market-mismatch``.
    """
    if scanning.wanted:
        message = scan_message(expected, files, scanning, defaults)
        return Input((Loaded(message, Where(SCANNED)),))
    if not files:
        raise UsageRefused("file-missing", "no FILE was named", "name one, or use --scan")
    loaded: list[Loaded[File]] = []
    earlier = 0
    for name in files:
        source = source_name(name)
        message = load_expected(read_document(name), source, expected, defaults.after(earlier))
        loaded.append(Loaded(message, Where(source)))
        earlier += len(message.placed(Where(source)))
    return Input(tuple(loaded))


def scan_message(
    expected: Expected[M], files: Sequence[str], scanning: Scanning, defaults: Defaults
) -> M:
    """Scan one message.

    Args:
        expected: what this step takes.
        files: pictures and videos; ``-`` for lines on stdin.
        scanning: the options.
        defaults: what fills gaps of a JSON document; codes of ours have none, and must agree with
            its network.

    Raises:
        InputRefused: nothing complete was scanned, or something else than expected.
        RuleRefused: ``network-mismatch`` or ``market-mismatch``.
        UsageRefused: the sources do not go together.
        EnvironmentFault: an extra or the camera is missing.
    """
    # Only where a code is read: files should not wait for it.
    from coldlever.shared.cli import qr_options  # noqa: PLC0415 - see above
    from coldlever.shared.compact.codec import decode, ur_types_of  # noqa: PLC0415 - see above

    result = qr_options.scan_message(ur_types_of(expected.types), files, scanning)
    if result.ur_type is None:
        return load_expected(result.data, SCANNED, expected, defaults)
    return expected.require(decode(result.ur_type, result.data, SCANNED, defaults.network))
