"""What the exchange says about accounts and markets, as types, asked once a run.

Source of the shapes: the exchange's documentation of its info endpoint. Only the members used
here are read; the exchange may add others. A missing or odd one is an `EnvironmentFault`: what
cannot be read cannot be checked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from coldlever.broadcaster.venue.client import ExchangeApi
from coldlever.broadcaster.venue.fields import (
    member,
    odd,
    read_address,
    read_integer,
    read_list,
    read_text,
    require_about,
)
from coldlever.broadcaster.venue.standing import (
    Position,
    Standing,
    read_leverage,
    read_position,
)
from coldlever.shared.action import Address, MarginMode, MarketEntry, MarketTable, Network, Setting
from coldlever.shared.action.asset_class import AssetClass, class_of
from coldlever.shared.action.market import COIN_MAX_LENGTH
from coldlever.shared.reading import U32_MAX, JsonValue

BUILDER_BASE = 100_000
BUILDER_STEP = 10_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Role:
    """What an address is to the exchange.

    Args:
        name: "user", "agent", "vault", "subAccount" or "missing".
        master: an agent's or sub-account's master, None for the others.
    """

    name: str
    master: Address | None


class Exchange:
    """Typed, cached reading of one venue.

    Args:
        api: the HTTP client.
        network: the network the answers are taken for.
    """

    def __init__(self, api: ExchangeApi, network: Network) -> None:
        self.api = api
        self.network = network
        self._cache: dict[tuple[str, ...], object] = {}

    def now(self) -> int:
        """The exchange's clock, ms since the epoch."""
        answer = self.api.info({"type": "exchangeStatus"})
        return read_integer(member(answer, "time", "exchangeStatus"), "exchangeStatus.time")

    def role(self, address: Address) -> Role:
        """What ``address`` is."""
        return self._once(("role", address.lower), lambda: self._read_role(address))

    def agent_expiry(self, master: Address, agent: Address) -> int | None:
        """Until when a *named* agent is approved, ms; None for an unnamed one or no limit."""
        answer = self._once(
            ("agents", master.lower),
            lambda: self.api.info({"type": "extraAgents", "user": master.lower}),
        )
        for item in read_list(answer, "extraAgents"):
            if read_text(member(item, "address", "agent"), "agent").lower() == agent.lower:
                until = item.get("validUntil") if isinstance(item, dict) else None
                return None if until is None else read_integer(until, "validUntil")
        return None

    def vault_leader(self, vault: Address) -> Address:
        """Who leads a vault."""
        answer = self._once(
            ("vault", vault.lower), lambda: self._about("vaultDetails", vaultAddress=vault.lower)
        )
        return read_address(member(answer, "leader", "vaultDetails"), "leader")

    def is_multi_sig(self, account: Address) -> bool:
        """Whether the account takes native multi-sig actions alone."""
        answer = self._once(
            ("multisig", account.lower),
            lambda: self.api.info({"type": "userToMultiSigSigners", "user": account.lower}),
        )
        return answer is not None

    def dexes(self) -> list[str]:
        """Names of the builder-deployed dexes by index; "" stands for the first one."""
        answer = self._once(("dexes",), lambda: self.api.info({"type": "perpDexs"}))
        return [
            "" if item is None else read_text(member(item, "name", "perpDexs"), "dex name")
            for item in read_list(answer, "perpDexs")
        ]

    def market(self, asset: int) -> MarketEntry | None:
        """The market of an asset id, or None where the exchange has none."""
        kind = class_of(asset)
        if kind is AssetClass.FIRST_DEX:
            return self._dex_entries(0).get(asset)
        if kind is not AssetClass.BUILDER_DEX:
            return None
        dex = (asset - BUILDER_BASE) // BUILDER_STEP
        if dex == 0 or dex >= len(self.dexes()):
            return None
        return self._dex_entries(dex).get(asset)

    def market_by_name(self, coin: str) -> MarketEntry | None:
        """The market of that name, such as "BTC" or "xyz:TSLA"."""
        prefix, colon, _ = coin.partition(":")
        if not colon:
            return _by_name(self._dex_entries(0), coin)
        dexes = self.dexes()
        if not prefix or prefix not in dexes:
            return None
        return _by_name(self._dex_entries(dexes.index(prefix)), coin)

    def market_table(self, now: int) -> MarketTable:
        """Every market of every dex."""
        entries: dict[int, MarketEntry] = {}
        for dex in range(len(self.dexes())):
            entries.update(self._dex_entries(dex))
        return MarketTable(self.network, now, entries)

    def standing(self, account: Address, coin: str, *, fresh: bool = False) -> Standing:
        """The account's setting and position on one market.

        Args:
            account: the account, vault or sub-account.
            coin: the market's name.
            fresh: ask again even when it has been asked before.
        """
        dex = _dex_of(coin)
        places = ("setting", account.lower, coin), ("positions", account.lower, dex)
        if fresh:
            # Not by way of the cache, where another thread may put an older answer meanwhile.
            setting, raw_usd = self._cache[places[0]] = self._read_setting(account, coin)
            positions = self._cache[places[1]] = self._read_positions(account, dex)
        else:
            setting, raw_usd = self._once(places[0], lambda: self._read_setting(account, coin))
            positions = self._once(places[1], lambda: self._read_positions(account, dex))
        item = positions.get(coin)
        return Standing(setting, None if item is None else read_position(item, raw_usd))

    def setting(self, account: Address, coin: str) -> Setting:
        """The setting in force, asked now; whatever position there is."""
        return self._read_setting(account, coin)[0]

    def position(self, account: Address, coin: str, *, fresh: bool) -> Position | None:
        """The open position, if there is one: asking costs a tenth of asking for the setting.

        Args:
            account: the account, vault or sub-account.
            coin: the market's name.
            fresh: ask again even when it has been asked before, of whatever market.
        """
        dex = _dex_of(coin)
        if fresh:
            positions = self._read_positions(account, dex)
        else:
            key = ("positions", account.lower, dex)
            positions = self._once(key, lambda: self._read_positions(account, dex))
        item = positions.get(coin)
        return None if item is None else read_position(item, None)

    def _once(self, key: tuple[str, ...], ask: Callable[[], T]) -> T:
        if key not in self._cache:
            self._cache[key] = ask()
        return self._cache[key]  # type: ignore[return-value]

    def _about(self, kind: str, **asked: str) -> JsonValue:
        answer = self.api.info({"type": kind, **asked})
        require_about(answer, **asked)
        return answer

    def _read_role(self, address: Address) -> Role:
        answer = self._about("userRole", user=address.lower)
        name = read_text(member(answer, "role", "userRole"), "role")
        data = answer.get("data") if isinstance(answer, dict) else None
        if name == "agent":
            return Role(name, read_address(member(data, "user", "userRole.data"), "user"))
        if name == "subAccount":
            return Role(name, read_address(member(data, "master", "userRole.data"), "master"))
        return Role(name, None)

    def _dex_entries(self, dex: int) -> dict[int, MarketEntry]:
        return self._once(("meta", str(dex)), lambda: self._read_meta(dex))

    def _read_meta(self, dex: int) -> dict[int, MarketEntry]:
        query: dict[str, object] = {"type": "meta"}
        base = 0
        if dex > 0:
            query["dex"] = self.dexes()[dex]
            base = BUILDER_BASE + dex * BUILDER_STEP
        now = self._once(("now",), self.now)
        universe = read_list(member(self.api.info(query), "universe", "meta"), "universe")
        return {
            base + index: self._read_market(item, base + index, now)
            for index, item in enumerate(universe)
        }

    def _read_market(self, item: JsonValue, asset: int, now: int) -> MarketEntry:
        if not isinstance(item, dict):
            raise odd("meta.universe", item)
        name = read_text(member(item, "name", "universe"), "market name")
        if len(name) > COIN_MAX_LENGTH:
            raise odd("market name", name)
        mode = item.get("marginMode")
        if mode == "strictIsolated":
            margin_mode = MarginMode.STRICT_ISOLATED
        elif mode == "noCross" or item.get("onlyIsolated") is True:
            margin_mode = MarginMode.NO_CROSS
        elif mode is None:
            margin_mode = MarginMode.NORMAL
        else:
            raise odd("marginMode", mode)
        leverage = read_integer(member(item, "maxLeverage", "universe"), "maxLeverage", 1, U32_MAX)
        delisted = item.get("isDelisted") is True
        return MarketEntry(self.network, asset, name, leverage, margin_mode, delisted, now)

    def _read_setting(self, account: Address, coin: str) -> tuple[Setting, Decimal | None]:
        answer = self._about("activeAssetData", user=account.lower, coin=coin)
        return read_leverage(member(answer, "leverage", "activeAssetData"))

    def _read_positions(self, account: Address, dex: str) -> dict[str, JsonValue]:
        which = {"dex": dex} if dex else {}
        answer = self._about("clearinghouseState", user=account.lower, **which)
        positions: dict[str, JsonValue] = {}
        for item in read_list(member(answer, "assetPositions", "clearinghouseState"), "positions"):
            position = member(item, "position", "assetPositions")
            coin = read_text(member(position, "coin", "position"), "coin")
            if coin in positions:
                raise odd("a second position of one coin", position)
            positions[coin] = position
        return positions


def _dex_of(coin: str) -> str:
    prefix, colon, _ = coin.partition(":")
    return prefix if colon else ""


def _by_name(entries: dict[int, MarketEntry], coin: str) -> MarketEntry | None:
    """The listed market of that name; a delisted one only when no other has the name."""
    found = [entry for entry in entries.values() if entry.coin == coin]
    return min(found, key=lambda entry: entry.delisted) if found else None
