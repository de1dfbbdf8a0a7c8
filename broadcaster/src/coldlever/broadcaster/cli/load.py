"""Reading the files named on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coldlever.shared.action import Network
from coldlever.shared.cli.console import read_document, source_name
from coldlever.shared.cli.handover import SCANNED, Expected, scan_document
from coldlever.shared.errors import UsageRefused
from coldlever.shared.message import SignedPayload, load_signed
from coldlever.shared.printable import printable
from coldlever.shared.qr.choices import Scanning


@dataclass(frozen=True, slots=True)
class Item:
    """One payload and where it came from.

    Args:
        payload: the payload.
        title: file name, escaped for display, with the position in a batch.
    """

    payload: SignedPayload
    title: str


@dataclass(frozen=True, slots=True)
class Items:
    """All payloads of a command, in order.

    Args:
        items: at least one.
        is_batch: True when the output should be an array.
    """

    items: tuple[Item, ...]
    is_batch: bool


def load_items(names: Sequence[str], network: Network | None, scanning: Scanning) -> Items:
    """Read all files, or scan one message, before anything is done with a payload."""
    items: list[Item] = []
    documents = _documents(names, scanning)
    is_batch = len(documents) > 1
    for source, data in documents:
        file = load_signed(data, source, network)
        is_batch = is_batch or file.is_batch
        for number, payload in enumerate(file.payloads, start=1):
            place = f" [{number}/{len(file.payloads)}]" if file.is_batch else ""
            items.append(Item(payload, printable(source) + place))
    return Items(tuple(items), is_batch)


def _documents(names: Sequence[str], scanning: Scanning) -> list[tuple[str, bytes]]:
    if scanning.wanted:
        return [(SCANNED, scan_document(Expected.SIGNED, names, scanning))]
    if not names:
        raise UsageRefused("file-missing", "no FILE was named", "name one, or use --scan")
    return [(source_name(name), read_document(name)) for name in names]
