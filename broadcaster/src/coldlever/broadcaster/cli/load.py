"""Reading the files named on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coldlever.shared.action import Network
from coldlever.shared.cli.loading import load_input
from coldlever.shared.message import Defaults, SignedPayload
from coldlever.shared.message.any import SIGNED
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
    given = load_input(names, scanning, SIGNED, Defaults(network))
    items: list[Item] = []
    for one in given.messages:
        payloads, source = one.message.payloads, printable(one.where.source)
        for number, payload in enumerate(payloads, start=1):
            place = f" [{number}/{len(payloads)}]" if one.message.is_batch else ""
            items.append(Item(payload, source + place))
    return Items(tuple(items), given.is_batch)
