"""A request that takes its market from an attested table: the entry, and the proof for it alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

from coldlever.shared.action import MarketEntry, MarketTable
from coldlever.shared.action.actions import Noop
from coldlever.shared.action.attestation import MarketProof
from coldlever.shared.message.request import Request
from coldlever.shared.statement.market_list import prove_markets


@dataclass(frozen=True, slots=True)
class AttestedTable:
    """A table that attestors have signed, and how each of its markets is shown to be in it.

    Args:
        table: with attestations, foreign.
        proofs: by asset, made once for all requests.
    """

    table: MarketTable
    proofs: dict[int, MarketProof]

    def entry(self, request: Request) -> MarketEntry | None:
        """What it says about the market of a request, or None."""
        action = request.signable.action
        return None if isinstance(action, Noop) else self.table.entries.get(action.asset)

    def attach(self, request: Request) -> Request:
        """The request with the attested entry of its asset and its proof; nothing signed changes.

        Args:
            request: of the table's network; its own entry is replaced.
        """
        entry = self.entry(request)
        if entry is None:
            return request
        return replace(request, market=entry, proof=self.proofs[entry.asset])


def attested_table(table: MarketTable) -> AttestedTable | None:
    """The table with its proofs; None where nobody has attested it.

    Raises:
        RuleRefused: ``market-not-plain``.
    """
    if not (table.attestations and table.entries):
        return None
    return AttestedTable(table, prove_markets(table))
