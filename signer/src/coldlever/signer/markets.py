"""The market tables given with ``--market``: names for requests that bring none of their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from coldlever.shared.action import MarketTable, Network
from coldlever.shared.action.actions import Noop
from coldlever.shared.errors import RuleRefused, UsageRefused
from coldlever.shared.message import Request
from coldlever.shared.printable import quoted


@dataclass(frozen=True, slots=True)
class Markets:
    """At most one table for each network.

    Args:
        tables: by network; empty when no ``--market`` was given.
    """

    tables: dict[Network, MarketTable]

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
    """
    by_network: dict[Network, MarketTable] = {}
    for table in tables:
        if by_network.setdefault(table.network, table) is not table:
            raise UsageRefused(
                "market-twice", f"there are two market tables for {table.network.value}"
            )
    return Markets(by_network)
