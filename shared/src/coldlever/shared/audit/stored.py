"""Events as a ledger keeps them: position, canonical bytes and link, read with suspicion."""

from __future__ import annotations

from coldlever.shared.audit.chain import Linked, damaged
from coldlever.shared.audit.event import event_bytes, load_event
from coldlever.shared.errors import InputRefused
from coldlever.shared.reading import Where, loads


def linked_of(position: int, data: bytes, link: bytes, name: str) -> Linked:
    """An event of a row; that the row fits the chain is for `coldlever.shared.audit.chain.follow`.

    Args:
        position: of the row.
        data: the event's canonical bytes.
        link: 32 bytes.
        name: where it is kept, printable.

    Raises:
        RuleRefused: ``audit-damaged`` when the bytes are no event, or that of another row.
    """
    source = f"row {position}"
    try:
        found, event = load_event(loads(data, source), Where(source))
    except InputRefused as error:
        raise damaged(name, error.message) from None
    if found != position or event_bytes(position, event) != data:
        raise damaged(name, f"row {position} does not hold an event as it is written")
    return Linked(position, event, link)
