"""The market tables given with ``--market``: names for requests that bring none of their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from coldlever.shared.action import MarketTable, Network
from coldlever.shared.action.actions import Noop
from coldlever.shared.errors import RuleRefused, UsageRefused
from coldlever.shared.message import Request
from coldlever.shared.message.attested import AttestedTable, attested_table
from coldlever.shared.printable import quoted


@dataclass(frozen=True, slots=True)
class Markets:
    """At most one table for each network.

    Args:
        tables: by network; empty when no ``--market`` was given.
        attested: those of them that attestors have signed.
    """

    tables: dict[Network, MarketTable]
    attested: dict[Network, AttestedTable] = field(default_factory=dict)

    def name(self, request: Request) -> Request:
        """The request with its market entry, where a table has one; nothing signed changes.

        Raises:
            RuleRefused: ``market-mismatch`` when no table is for the request's network, or when
                the table and the request call the same asset by different names.
        """
        action = request.signable.action
        if not self.tables or isinstance(action, Noop):
            return request
        network = request.signable.network
        asset = action.asset
        table = self.tables.get(network)
        if table is None:
            raise RuleRefused(
                "market-mismatch",
                f"the request is for {network.value}, the market table is for another network",
                f"give a table of {network.value} with --market",
            )
        entry = table.entries.get(asset)
        if entry is None:
            return request
        own = request.market
        attested = self.attested.get(network)
        if attested is not None and (own is None or own.coin == entry.coin):
            return attested.attach(request)
        if own is None:
            return replace(request, market=entry)
        if own.coin != entry.coin:
            raise RuleRefused(
                "market-mismatch",
                f"the request calls asset {asset} on {network.value} {quoted(own.coin)}, the "
                f"market table calls it {quoted(entry.coin)}",
                "do not sign: find out which of the two is right",
            )
        return request


def collect(tables: Iterable[MarketTable]) -> Markets:
    """Put tables together.

    Raises:
        UsageRefused: ``market-twice`` for two tables of one network.
        RuleRefused: ``market-not-plain`` for an attested table that no attestor can have signed.
    """
    by_network: dict[Network, MarketTable] = {}
    for table in tables:
        if by_network.setdefault(table.network, table) is not table:
            raise UsageRefused(
                "market-twice", f"there are two market tables for {table.network.value}"
            )
    found = {network: attested_table(table) for network, table in by_network.items()}
    return Markets(by_network, {key: one for key, one in found.items() if one is not None})
