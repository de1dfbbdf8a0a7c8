"""The own chain and copies of chains in files: each whole, and none against another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coldlever.shared.audit import Chain, Export, Head, Linked, load_audit
from coldlever.shared.audit.chain_head import ChainHead, head_of
from coldlever.shared.audit.document import MAX_BYTES
from coldlever.shared.audit.seen import HeadClaim
from coldlever.shared.audit.verifying import behind, lost, passed, require_head, require_same
from coldlever.shared.cli.console import read_document, source_name
from coldlever.shared.errors import UsageRefused
from coldlever.shared.printable import printable

# A copy of a chain with its name for refusals, printable.
Copy = tuple[Export, str]


@dataclass(frozen=True, slots=True)
class Own:
    """The chain that this side keeps, as it is now.

    Args:
        name: where it is kept, printable.
        chain: which, or None where there is no ledger yet.
        events: all of them; they form the chain, the ledger was opened.
        lost: heads remembered beside the ledger that the chain does not contain.
    """

    name: str
    chain: Chain | None
    events: tuple[Linked, ...]
    lost: tuple[ChainHead, ...] = ()

    @property
    def head(self) -> Head:
        """How far it reaches; the start of nothing where there is no ledger."""
        if self.events:
            return self.events[-1].head
        return Head(0, b"") if self.chain is None else self.chain.start

    def copy(self, machine: str) -> Export | None:
        """The chain as an export of this machine would hold it; None without an event."""
        if self.chain is None or not self.events:
            return None
        return Export(machine, self.chain, self.events)


def read_copy(name: str) -> Copy:
    """A chain that a file holds, whole.

    Raises:
        InputRefused: unreadable or malformed.
        RuleRefused: ``audit-damaged``.
    """
    source = source_name(name)
    return load_audit(read_document(name, MAX_BYTES), source), printable(source)


def require_kept(own: Own) -> None:
    """Refuse a chain that lost what is remembered of it.

    Raises:
        RuleRefused: ``audit-behind`` or ``audit-forked``.
    """
    if not own.lost:
        return
    seen = own.lost[0]
    if own.chain is None:
        raise behind(HeadClaim(seen.head.position, seen.head.link), own.head, own.name)
    raise lost(seen, head_of(own.chain, own.head), own.name)


def require_agreement(own: Own, copies: Sequence[Copy]) -> None:
    """Refuse copies of one chain that differ, and an own chain that a copy reaches beyond.

    Raises:
        RuleRefused: ``audit-forked`` or ``audit-behind``.
    """
    known: dict[bytes, Copy] = {}
    mine = own.copy("here")
    for copy, name in copies:
        if mine is not None and copy.chain.id == mine.chain.id:
            require_same(mine, copy, (own.name, name))
            if len(copy.events) > len(mine.events):
                raise behind(HeadClaim(copy.head.position, copy.head.link), mine.head, own.name)
        other, where = known.get(copy.chain.id, (copy, name))
        longest = require_same(other, copy, (where, name))
        known[copy.chain.id] = (copy, name) if longest is copy else (other, where)


def require_seen(own: Own, copies: Sequence[Copy], claim: HeadClaim) -> None:
    """Refuse a chain that does not pass through a head: the copies' where there are any.

    Raises:
        UsageRefused: ``one-chain``.
        RuleRefused: ``audit-behind`` or ``audit-forked``.
    """
    if len({copy.chain.id for copy, _ in copies}) > 1:
        raise UsageRefused(
            "one-chain", "--head is of one chain, and the files are of several", "name one FILE"
        )
    if copies:
        copy, name = max(copies, key=lambda one: len(one[0].events))
        require_head(claim, passed(copy), name)
        return
    mine = own.copy("here")
    require_head(claim, (own.head,) if mine is None else passed(mine), own.name)
