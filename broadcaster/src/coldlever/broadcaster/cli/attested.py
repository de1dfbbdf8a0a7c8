"""``draft --attested``: the market of a draft as attestors have signed for it."""

from __future__ import annotations

from dataclasses import replace

from coldlever.shared.action.market import parse_market_table
from coldlever.shared.action.market_name import show_coin
from coldlever.shared.cli.console import read_document, say, source_name
from coldlever.shared.errors import RuleRefused
from coldlever.shared.message import Request
from coldlever.shared.message.attested import AttestedTable, attested_table
from coldlever.shared.reading import Where, loads


def read_attested(name: str) -> AttestedTable:
    """An attested table; who has attested it is the signer's to check.

    Raises:
        InputRefused: unreadable or malformed.
        RuleRefused: ``attestations-missing`` or ``market-not-plain``.
    """
    source = source_name(name)
    table = parse_market_table(loads(read_document(name), source), Where(source))
    attested = attested_table(table)
    if attested is None:
        raise RuleRefused(
            "attestations-missing",
            f"{source}: nobody has attested this table",
            "have it attested with `coldlever-signer market attest`",
        )
    return attested


def attach(request: Request, table: AttestedTable) -> Request:
    """The request with the attested entry of its market, and the proof for that alone.

    Args:
        request: drafted from what the exchange says now.
        table: attested.

    Raises:
        RuleRefused: ``network-mismatch``, ``market-missing``, or ``market-mismatch``.
    """
    live, network = request.market, request.signable.network
    assert live is not None, "every draft has its market's entry"
    if table.table.network is not network:
        raise RuleRefused(
            "network-mismatch",
            f"the attested table is for {table.table.network.value}, the draft for {network.value}",
            "take the table of the right network",
        )
    attested = table.entry(request)
    if attested is None:
        raise RuleRefused(
            "market-missing",
            f"the attested table has no market {live.asset} ({show_coin(live.coin)})",
            "have a newer table attested, or draft without --attested",
        )
    if attested.coin != live.coin:
        raise RuleRefused(
            "market-mismatch",
            f"asset {live.asset} on {network.value} is attested as {show_coin(attested.coin)}, and "
            f"the exchange calls it {show_coin(live.coin)}",
            "do not draft: find out which of the two is right",
        )
    if replace(attested, time=live.time) != live:
        say(
            "The exchange tells other limits of this market now than were attested; have a newer "
            "table attested.",
            fg="yellow",
        )
    return table.attach(request)
