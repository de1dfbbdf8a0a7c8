"""The heads of audit chains that this host has seen, beside the ledgers.

Who cuts a chain, or puts an old one back, has to find them too. A head is remembered when its
ledger is closed; of a process that is killed before, the one before.
"""

from __future__ import annotations

import json
from pathlib import Path

from coldlever.shared.audit.chain_head import ChainHead, parse_chain_head
from coldlever.shared.errors import EnvironmentFault, InputRefused
from coldlever.shared.files import read_bounded, write_exclusive
from coldlever.shared.reading import JsonValue, Where, loads

FILE_NAME = "audit-heads.json"
_MAX_BYTES = 1 << 20


class SeenHeads:
    """The heads of ledgers, by the places where these are.

    Args:
        folder: an existing folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME

    def of(self, place: str) -> ChainHead | None:
        """The head that was last seen of a ledger; None where none was.

        Raises:
            EnvironmentFault: ``audit-memory``.
        """
        return self._load().get(place)

    def keep(self, place: str, head: ChainHead) -> None:
        """Remember the head of a ledger; one of the same chain that reaches further stays.

        Raises:
            EnvironmentFault: ``audit-memory``, or it could not be written.
        """
        known = self._load()
        known[place] = _later(known.get(place), head)
        wire = {place: one.to_wire() for place, one in known.items()}
        data = json.dumps(wire, indent=1).encode("ascii") + b"\n"
        write_exclusive(self._path, data, force=True)

    def _load(self) -> dict[str, ChainHead]:
        if not self._path.exists():
            return {}
        try:
            value = loads(read_bounded(self._path, _MAX_BYTES), FILE_NAME)
            return _parse(value, Where(FILE_NAME))
        except InputRefused:
            raise EnvironmentFault(
                "audit-memory",
                f"{FILE_NAME} in the state directory is not what was written",
                "find out who changed it; moved away, it is made anew from the chain as it is then",
            ) from None


def _parse(value: JsonValue, where: Where) -> dict[str, ChainHead]:
    if not isinstance(value, dict):
        raise where.refusal("unknown-value", "no object", "heads by their ledgers")
    return {place: parse_chain_head(one, where.key(place)) for place, one in value.items()}


def _later(known: ChainHead | None, head: ChainHead) -> ChainHead:
    """Of two heads of one chain the one that reaches further; of two chains the new one."""
    if known is None or known.chain != head.chain or known.head.position < head.head.position:
        return head
    return known
