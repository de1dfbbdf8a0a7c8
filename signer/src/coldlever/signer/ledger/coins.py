"""Names of markets that a person has confirmed once."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from coldlever.shared.action import Network
from coldlever.shared.errors import RuleRefused
from coldlever.shared.printable import quoted
from coldlever.signer.ledger.faults import damaged

_TAG = b"coldlever/confirmed-coin/1"
_NETWORKS = {network.value for network in Network}


@dataclass(frozen=True, slots=True)
class ConfirmedCoin:
    """What an asset id is called, as a person has confirmed it.

    Args:
        network: ids mean something on their network only.
        asset: the asset id.
        coin: the market's name, such as ``BTC``.
    """

    network: Network
    asset: int
    coin: str


def find(connection: sqlite3.Connection, network: Network, asset: int) -> str | None:
    """The confirmed name of an asset id, if there is one."""
    row = connection.execute(
        "SELECT coin FROM confirmed_coin WHERE network = ? AND asset = ?", (network.value, asset)
    ).fetchone()
    return None if row is None else str(row[0])


def remember(connection: sqlite3.Connection, coins: Sequence[ConfirmedCoin]) -> None:
    """Add names; those known already change nothing.

    Raises:
        RuleRefused: ``market-mismatch`` when a name contradicts one that was confirmed earlier.
    """
    for one in coins:
        known = find(connection, one.network, one.asset)
        if known is None:
            connection.execute(
                "INSERT INTO confirmed_coin VALUES (?, ?, ?, ?)",
                (one.network.value, one.asset, one.coin, _seal(one)),
            )
        elif known != one.coin:
            raise RuleRefused(
                "market-mismatch",
                f"asset {one.asset} on {one.network.value} was confirmed as {quoted(known)}, not "
                f"{quoted(one.coin)}",
                "do not sign: find out which of the two is right",
            )


def forget(connection: sqlite3.Connection, network: Network, asset: int) -> bool:
    """Remove a name; says whether there was one."""
    return (
        connection.execute(
            "DELETE FROM confirmed_coin WHERE network = ? AND asset = ?", (network.value, asset)
        ).rowcount
        > 0
    )


def confirmed(connection: sqlite3.Connection, name: str) -> tuple[ConfirmedCoin, ...]:
    """All names, by network and id.

    Raises:
        RuleRefused: ``ledger-damaged`` when a row is not as it was written.
    """
    rows = connection.execute(
        "SELECT network, asset, coin, seal FROM confirmed_coin ORDER BY network, asset"
    )
    return tuple(_coin(row, name) for row in rows)


def _coin(row: tuple[str, int, str, bytes], name: str) -> ConfirmedCoin:
    network, asset, coin, seal = row
    if isinstance(asset, int) and isinstance(coin, str) and network in _NETWORKS:
        found = ConfirmedCoin(Network(network), asset, coin)
        if seal == _seal(found):
            return found
    raise damaged(name, "the confirmed name of a market is not as it was written")


def _seal(coin: ConfirmedCoin) -> bytes:
    text = f"{coin.network.value}\n{coin.asset}\n{coin.coin}"
    return sha256(_TAG + b"\0" + text.encode("utf-8")).digest()
