"""What a person gets to read about an asset id: the coin, and who vouches for that name.

The signature covers the id alone, so a name is only as good as whoever vouches for it: the table
that coldlever ships, attestors of the policy in force, or a person who confirmed it on this
machine. A name that contradicts one of them is refused, wherever it comes from.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from coldlever.shared.action.asset_class import class_of, class_problem, prefix_objection
from coldlever.shared.action.market import MarketEntry
from coldlever.shared.action.network import Network
from coldlever.shared.errors import RuleRefused
from coldlever.shared.printable import quoted

_COIN_SHOWN = 40
_PLAIN_COIN = re.compile(rf"[A-Za-z0-9@][A-Za-z0-9@:/._-]{{0,{_COIN_SHOWN - 1}}}")


class Voucher(enum.Enum):
    """Who vouches for a name, in the words that stand behind it."""

    TABLE = "in coldlever's table"
    ATTESTORS = "attested"
    PERSON = "confirmed here before"
    NOBODY = "name unverified"


@dataclass(frozen=True, slots=True)
class MarketName:
    """An asset id of one network with its name.

    Args:
        network: ids differ between networks.
        asset: asset id, u32.
        coin: the name, None where nothing names the id. Foreign text unless the table has it.
        voucher: who says so.
        attestors: who of the policy in force has attested it.
    """

    network: Network
    asset: int
    coin: str | None
    voucher: Voucher
    attestors: tuple[str, ...] = ()

    @property
    def is_vouched(self) -> bool:
        """Whether somebody vouches for the name."""
        return self.voucher is not Voucher.NOBODY

    @property
    def confirmed(self) -> str | None:
        """The name, where it was a person who confirmed it."""
        return self.coin if self.voucher is Voucher.PERSON else None

    @property
    def shown_coin(self) -> str:
        """The name as it is where it can only be a name, and in quotes where it could be words."""
        return "" if self.coin is None else show_coin(self.coin)

    def __str__(self) -> str:
        kind = class_of(self.asset)
        if not kind.is_perpetual:
            return f"asset {self.asset} ({kind.value}, no perpetual)"
        if self.coin is None:
            return f"asset {self.asset} (name unknown)"
        return f"{self.shown_coin} = asset {self.asset} ({self._voucher_words})"

    @property
    def _voucher_words(self) -> str:
        attested = f"attested by {', '.join(self.attestors)}" if self.attestors else ""
        if self.voucher is Voucher.ATTESTORS:
            return attested
        return f"{self.voucher.value}, {attested}" if attested else self.voucher.value


def name_market(
    network: Network,
    asset: int,
    entry: MarketEntry | None,
    confirmed: str | None = None,
    attestors: tuple[str, ...] = (),
) -> MarketName:
    """Name an asset id by the table, by what was confirmed here, or else by ``entry``.

    Args:
        network: the network of the id.
        asset: asset id, u32.
        entry: the market entry for this very id, or None.
        confirmed: the name that a person confirmed for this id on this machine, or None.
        attestors: who has attested ``entry``; not without one.

    Raises:
        RuleRefused: ``market-mismatch`` when two of them call the id by different names, or when
            the entry's name cannot be this id's; ``asset-class`` for the name of no perpetual.
    """
    # The table is read where a market gets named, not where a program starts.
    from coldlever.shared.action.coin_table import coin_of  # noqa: PLC0415 - see above

    shipped = coin_of(network, asset)
    claimed = None if entry is None else entry.coin
    if claimed is not None:
        _require_possible(network, asset, claimed, shipped)
    if confirmed is not None:
        _require_confirmed(network, asset, confirmed, shipped or claimed)
    if shipped is not None:
        return MarketName(network, asset, shipped, Voucher.TABLE, attestors)
    if attestors:
        return MarketName(network, asset, claimed, Voucher.ATTESTORS, attestors)
    if confirmed is not None:
        return MarketName(network, asset, confirmed, Voucher.PERSON)
    return MarketName(network, asset, claimed, Voucher.NOBODY)


def show_coin(coin: str) -> str:
    """A coin as it is where it can only be a name, and in quotes where it could be words."""
    return coin if _PLAIN_COIN.fullmatch(coin) else quoted(coin, limit=_COIN_SHOWN)


def _require_possible(network: Network, asset: int, coin: str, shipped: str | None) -> None:
    problem = class_problem(asset)
    if problem is not None:
        raise problem
    reason = prefix_objection(asset, coin)
    if reason is None and shipped is not None and shipped != coin:
        reason = f"coldlever's table calls it {shipped}"
    if reason is not None:
        raise RuleRefused(
            "market-mismatch",
            f"the market entry calls asset {asset} on {network.value} {show_coin(coin)}, but "
            f"{reason}",
            "do not sign: the entry was changed, or taken from the other network; draft the "
            "request again",
        )


def _require_confirmed(network: Network, asset: int, confirmed: str, other: str | None) -> None:
    if other is not None and other != confirmed:
        raise RuleRefused(
            "market-mismatch",
            f"asset {asset} on {network.value} is called {show_coin(other)} now, and was confirmed "
            f"on this machine as {show_coin(confirmed)}",
            "do not sign: find out which of the two is right; "
            f"`market forget {asset} --network {network.value}` forgets the confirmed name",
        )
