"""What an asset id means: the market's name, its maximum leverage and its margin mode.

The signature covers only the asset id. These entries are what the broadcaster reads from the
exchange, so their names are claims: `market_name` says who vouches for one.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from coldlever.shared.action.actions import LeverageAction, UpdateLeverage
from coldlever.shared.action.attestation import Attestation, parse_attestations
from coldlever.shared.action.network import Network
from coldlever.shared.errors import RuleRefused
from coldlever.shared.reading import (
    SAFE_INTEGER_MAX,
    U32_MAX,
    JsonValue,
    Where,
    as_choice,
    as_integer,
    as_object,
    as_string,
    describe,
    elements,
)
from coldlever.shared.reading.fields import as_boolean

KIND = "coldlever/market"
VERSION = 1
COIN_MAX_LENGTH = 64
_ENTRY_KEYS = ("network", "asset", "coin", "maxLeverage", "marginMode", "delisted", "time")


class MarginMode(enum.Enum):
    """Which margin modes a market allows."""

    NORMAL = "normal"
    NO_CROSS = "noCross"
    STRICT_ISOLATED = "strictIsolated"


@dataclass(frozen=True, slots=True)
class MarketEntry:
    """One market of one network.

    Args:
        network: ids differ between networks: BTC is 0 on mainnet and 3 on testnet.
        asset: asset id, u32.
        coin: the exchange's name, such as "BTC" or "xyz:TSLA". Foreign text: escape before display.
        max_leverage: whole multiples; margin tiers may lower it for large positions.
        margin_mode: which modes the market allows.
        delisted: no longer traded; ids of delisted markets stay taken.
        time: when the exchange said so, in ms since the epoch.
    """

    network: Network
    asset: int
    coin: str
    max_leverage: int
    margin_mode: MarginMode
    delisted: bool
    time: int

    def to_wire(self) -> dict[str, object]:
        """The entry as JSON."""
        return {
            "network": self.network.value,
            "asset": self.asset,
            "coin": self.coin,
            "maxLeverage": self.max_leverage,
            "marginMode": self.margin_mode.value,
            "delisted": self.delisted,
            "time": self.time,
        }


@dataclass(frozen=True, slots=True)
class MarketTable:
    """All markets of one network at one time.

    Args:
        network: the network the entries belong to.
        time: when it was read, by the exchange's clock, in ms since the epoch.
        entries: by asset id.
        attestations: who vouches for all of them, as they say; foreign until they are checked.
    """

    network: Network
    time: int
    entries: Mapping[int, MarketEntry]
    attestations: tuple[Attestation, ...] = ()

    def to_wire(self) -> dict[str, object]:
        """The table as a ``coldlever/market`` document."""
        wire: dict[str, object] = {
            "kind": KIND,
            "version": VERSION,
            "network": self.network.value,
            "time": self.time,
            "entries": [self.entries[asset].to_wire() for asset in sorted(self.entries)],
        }
        if self.attestations:
            wire["attestations"] = [one.to_wire() for one in self.attestations]
        return wire


def parse_market_entry(value: JsonValue, where: Where) -> MarketEntry:
    """Read one entry."""
    fields = as_object(value, where, _ENTRY_KEYS)
    return MarketEntry(
        parse_network(fields["network"], where.key("network")),
        as_integer(fields["asset"], where.key("asset"), 0, U32_MAX),
        as_string(fields["coin"], where.key("coin"), COIN_MAX_LENGTH),
        as_integer(fields["maxLeverage"], where.key("maxLeverage"), 1, U32_MAX),
        MarginMode(
            as_choice(
                fields["marginMode"],
                where.key("marginMode"),
                tuple(mode.value for mode in MarginMode),
            )
        ),
        as_boolean(fields["delisted"], where.key("delisted")),
        as_integer(fields["time"], where.key("time"), 0, SAFE_INTEGER_MAX),
    )


def parse_market_table(value: JsonValue, where: Where) -> MarketTable:
    """Read a ``coldlever/market`` document.

    Raises:
        InputRefused: wrong form, an asset listed twice, or an entry of another network.
    """
    required = ("kind", "version", "network", "time", "entries")
    fields = as_object(value, where, required, ("attestations",))
    as_choice(fields["kind"], where.key("kind"), (KIND,))
    as_integer(fields["version"], where.key("version"), VERSION, VERSION)
    network = parse_network(fields["network"], where.key("network"))
    entries: dict[int, MarketEntry] = {}
    for element, place in elements(fields["entries"], where.key("entries")):
        entry = parse_market_entry(element, place)
        if entry.network is not network:
            raise place.refusal(
                "market-network", f"an entry of {entry.network.value}", f"only {network.value}"
            )
        if entry.asset in entries:
            raise place.refusal("market-duplicate", f"asset {entry.asset} twice", "each asset once")
        entries[entry.asset] = entry
    time = as_integer(fields["time"], where.key("time"), 0, SAFE_INTEGER_MAX)
    return MarketTable(network, time, entries, _parse_attestations(fields, where, entries))


def _parse_attestations(
    fields: dict[str, JsonValue], where: Where, entries: dict[int, MarketEntry]
) -> tuple[Attestation, ...]:
    value, place = fields.get("attestations"), where.key("attestations")
    if value is None:
        return ()
    if not entries:
        # There is no list of nothing that somebody could have signed.
        raise place.refusal("wrong-length", "attestations of no market", "none, or a market")
    return parse_attestations(value, place)


_NETWORKS = tuple(network.value for network in Network)


def parse_network(value: JsonValue, where: Where) -> Network:
    """``"mainnet"`` or ``"testnet"``."""
    return Network(as_choice(value, where, _NETWORKS))


def require_agreed_network(
    network: Network, option: Network | None, where: Where, what: str
) -> None:
    """Refuse a document for another network than ``--network`` names.

    Args:
        network: the document's.
        option: from ``--network``.
        where: the document's place.
        what: the word for it.

    Raises:
        RuleRefused: ``network-mismatch``.
    """
    if option is not None and option is not network:
        raise RuleRefused(
            "network-mismatch",
            f"{where}: the {what} is for {network.value}, --network says {option.value}",
            f"leave --network out, or take the {what} for the right network",
        )


def require_fitting(entry: MarketEntry, network: Network, action: LeverageAction) -> None:
    """Refuse an entry that speaks of another market than the action does.

    Raises:
        RuleRefused: ``market-mismatch``.
    """
    if entry.network is not network or entry.asset != action.asset:
        raise RuleRefused(
            "market-mismatch",
            f"the market entry is for asset {entry.asset} on {entry.network.value}, the action is "
            f"for asset {action.asset} on {network.value}",
            "draft the request again; do not combine parts of two requests",
        )


def venue_objections(entry: MarketEntry, action: LeverageAction) -> list[str]:
    """Sentences on what the exchange will refuse, going by ``entry``; empty when nothing."""
    objections = []
    if entry.delisted:
        objections.append("this market is delisted")
    if isinstance(action, UpdateLeverage):
        if action.leverage > entry.max_leverage:
            objections.append(
                f"{action.leverage}x is above this market's maximum of {entry.max_leverage}x"
            )
        if action.is_cross and entry.margin_mode is not MarginMode.NORMAL:
            objections.append("this market does not allow cross margin")
    return objections


def describe_kind(value: JsonValue) -> str:
    """Name a document by its ``kind``, for "found a ..., expected a ..."."""
    if isinstance(value, dict) and isinstance(value.get("kind"), str):
        return f"a document of kind {describe(value['kind']).removeprefix('the string ')}"
    return describe(value)
