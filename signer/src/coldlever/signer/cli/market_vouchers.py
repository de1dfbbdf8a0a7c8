"""`market show --attested`: the names in an attested table, and who of the policy vouches."""

from __future__ import annotations

from coldlever.shared.action.market import parse_market_table
from coldlever.shared.action.market_name import MarketName, name_market
from coldlever.shared.cli.approval_files import read_policy
from coldlever.shared.cli.console import read_document, source_name
from coldlever.shared.errors import UsageRefused
from coldlever.shared.message.attested import attested_table
from coldlever.shared.policy.vouching import market_vouchers
from coldlever.shared.reading import Where, loads


def attested_names(table_file: str | None, policy_file: str | None) -> list[MarketName]:
    """The markets of a table, by asset, named as a signer under that policy would name them.

    Raises:
        UsageRefused: ``policy-missing`` for a table without a policy, or the other way round.
        InputRefused: one of them is unreadable or malformed.
        RuleRefused: as `market_vouchers` and `name_market`.
    """
    if (table_file is None) != (policy_file is None):
        raise UsageRefused(
            "policy-missing", "--attested and --policy go together", "give the policy of your team"
        )
    if table_file is None or policy_file is None:
        return []
    policy, source = read_policy(policy_file), source_name(table_file)
    table = parse_market_table(loads(read_document(table_file), source), Where(source))
    attested = attested_table(table)
    if attested is None:
        return [name_market(table.network, *pair) for pair in sorted(table.entries.items())]
    return [
        name_market(
            table.network,
            asset,
            entry,
            attestors=market_vouchers(policy, entry, attested.proofs[asset]),
        )
        for asset, entry in sorted(table.entries.items())
    ]


def name_wire(name: MarketName) -> dict[str, object]:
    """As ``market show --json`` lists it."""
    return {
        "network": name.network.value,
        "asset": name.asset,
        "coin": name.coin,
        "attestors": list(name.attestors),
    }
