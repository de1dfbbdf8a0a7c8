"""Reading the files named on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.console import read_document, source_name
from shared.network import Network
from shared.signed import SignedPayload, load_signed


@dataclass(frozen=True, slots=True)
class Item:
    """One payload and where it came from.

    Args:
        payload: the payload.
        title: file name, with the position in a batch.
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


def load_items(names: Sequence[str], network: Network | None) -> Items:
    """Read all files before anything is done with one of them."""
    items: list[Item] = []
    is_batch = len(names) > 1
    for name in names:
        source = source_name(name)
        file = load_signed(read_document(name), source, network)
        is_batch = is_batch or file.is_batch
        for number, payload in enumerate(file.payloads, start=1):
            title = f"{source} [{number}/{len(file.payloads)}]" if file.is_batch else source
            items.append(Item(payload, title))
    return Items(tuple(items), is_batch)
