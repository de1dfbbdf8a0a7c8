"""What the exchange says about accounts and markets, as types, asked once a run.

Source of the shapes: the exchange's documentation of its info endpoint. Only the members used
here are read; the exchange may add others. A missing or odd one is an `EnvironmentFault`: what
cannot be read cannot be checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from broadcaster.api import ExchangeApi
from shared.address import Address, parse_address
from shared.errors import EnvironmentFault, InputRefused
from shared.fields import SAFE_INTEGER_MAX, U32_MAX, describe
from shared.market import COIN_MAX_LENGTH, MarginMode, MarketEntry, MarketTable
from shared.network import Network
from shared.request import Setting
from shared.strict_json import JsonValue, NotInteger

SPOT_BASE = 10_000
BUILDER_BASE = 100_000
BUILDER_STEP = 10_000
OUTCOME_BASE = 100_000_000

_DECIMAL = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")

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


@dataclass(frozen=True, slots=True)
class Position:
    """An open position.

    Args:
        size: signed, in the coin's units; negative for short.
        setting: its leverage and margin mode.
        value: its value in USD.
        margin_used: margin held for it in USD.
        raw_usd: the isolated position's own USD balance, None for cross.
        max_leverage: what the exchange allows at this size, or None.
    """

    size: Decimal
    setting: Setting
    value: Decimal
    margin_used: Decimal
    raw_usd: Decimal | None
    max_leverage: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """An account's state on one market: what a leverage action changes.

    Args:
        setting: leverage and margin mode in force.
        position: the open position, or None.
    """

    setting: Setting
    position: Position | None


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
        return _integer(_member(answer, "time", "exchangeStatus"), "exchangeStatus.time")

    def role(self, address: Address) -> Role:
        """What ``address`` is."""
        return self._once(("role", address.lower), lambda: self._read_role(address))

    def agent_expiry(self, master: Address, agent: Address) -> int | None:
        """Until when a *named* agent is approved, ms; None for an unnamed one or no limit."""
        answer = self._once(
            ("agents", master.lower),
            lambda: self.api.info({"type": "extraAgents", "user": master.lower}),
        )
        for item in _list(answer, "extraAgents"):
            if _text(_member(item, "address", "agent"), "agent").lower() == agent.lower:
                until = item.get("validUntil") if isinstance(item, dict) else None
                return None if until is None else _integer(until, "validUntil")
        return None

    def vault_leader(self, vault: Address) -> Address:
        """Who leads a vault."""
        answer = self._once(
            ("vault", vault.lower),
            lambda: self.api.info({"type": "vaultDetails", "vaultAddress": vault.lower}),
        )
        return _address(_member(answer, "leader", "vaultDetails"), "leader")

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
            "" if item is None else _text(_member(item, "name", "perpDexs"), "dex name")
            for item in _list(answer, "perpDexs")
        ]

    def market(self, asset: int) -> MarketEntry | None:
        """The market of an asset id, or None where the exchange has none."""
        if asset < SPOT_BASE:
            return self._dex_entries(0).get(asset)
        if not BUILDER_BASE <= asset < OUTCOME_BASE:
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
        if fresh:
            self._cache.pop(("setting", account.lower, coin), None)
            self._cache.pop(("positions", account.lower, _dex_of(coin)), None)
        setting, raw_usd = self._once(
            ("setting", account.lower, coin), lambda: self._read_setting(account, coin)
        )
        positions = self._once(
            ("positions", account.lower, _dex_of(coin)),
            lambda: self._read_positions(account, _dex_of(coin)),
        )
        item = positions.get(coin)
        return Standing(setting, None if item is None else _read_position(item, raw_usd))

    def _once(self, key: tuple[str, ...], ask: Callable[[], T]) -> T:
        if key not in self._cache:
            self._cache[key] = ask()
        return self._cache[key]  # type: ignore[return-value]

    def _read_role(self, address: Address) -> Role:
        answer = self.api.info({"type": "userRole", "user": address.lower})
        name = _text(_member(answer, "role", "userRole"), "role")
        data = answer.get("data") if isinstance(answer, dict) else None
        if name == "agent":
            return Role(name, _address(_member(data, "user", "userRole.data"), "user"))
        if name == "subAccount":
            return Role(name, _address(_member(data, "master", "userRole.data"), "master"))
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
        universe = _list(_member(self.api.info(query), "universe", "meta"), "universe")
        return {
            base + index: self._read_market(item, base + index, now)
            for index, item in enumerate(universe)
        }

    def _read_market(self, item: JsonValue, asset: int, now: int) -> MarketEntry:
        if not isinstance(item, dict):
            raise _odd("meta.universe", item)
        name = _text(_member(item, "name", "universe"), "market name")
        if len(name) > COIN_MAX_LENGTH:
            raise _odd("market name", name)
        mode = item.get("marginMode")
        if mode == "strictIsolated":
            margin_mode = MarginMode.STRICT_ISOLATED
        elif mode == "noCross" or item.get("onlyIsolated") is True:
            margin_mode = MarginMode.NO_CROSS
        elif mode is None:
            margin_mode = MarginMode.NORMAL
        else:
            raise _odd("marginMode", mode)
        leverage = _integer(_member(item, "maxLeverage", "universe"), "maxLeverage", 1, U32_MAX)
        delisted = item.get("isDelisted") is True
        return MarketEntry(self.network, asset, name, leverage, margin_mode, delisted, now)

    def _read_setting(self, account: Address, coin: str) -> tuple[Setting, Decimal | None]:
        answer = self.api.info({"type": "activeAssetData", "user": account.lower, "coin": coin})
        return _read_leverage(_member(answer, "leverage", "activeAssetData"))

    def _read_positions(self, account: Address, dex: str) -> dict[str, JsonValue]:
        query: dict[str, object] = {"type": "clearinghouseState", "user": account.lower}
        if dex:
            query["dex"] = dex
        answer = self.api.info(query)
        positions: dict[str, JsonValue] = {}
        for item in _list(_member(answer, "assetPositions", "clearinghouseState"), "positions"):
            position = _member(item, "position", "assetPositions")
            positions[_text(_member(position, "coin", "position"), "coin")] = position
        return positions


def _dex_of(coin: str) -> str:
    prefix, colon, _ = coin.partition(":")
    return prefix if colon else ""


def _by_name(entries: dict[int, MarketEntry], coin: str) -> MarketEntry | None:
    """The listed market of that name; a delisted one only when no other has the name."""
    found = [entry for entry in entries.values() if entry.coin == coin]
    return min(found, key=lambda entry: entry.delisted) if found else None


def _read_leverage(value: JsonValue) -> tuple[Setting, Decimal | None]:
    kind = _text(_member(value, "type", "leverage"), "leverage.type")
    if kind not in ("cross", "isolated"):
        raise _odd("leverage.type", kind)
    multiple = _integer(_member(value, "value", "leverage"), "leverage.value", 1, U32_MAX)
    raw = value.get("rawUsd") if isinstance(value, dict) else None
    return Setting(kind == "cross", multiple), None if raw is None else _decimal(raw, "rawUsd")


def _read_position(item: JsonValue, raw_usd: Decimal | None) -> Position | None:
    size = _decimal(_member(item, "szi", "position"), "szi")
    if size == 0:
        return None
    setting, own_raw_usd = _read_leverage(_member(item, "leverage", "position"))
    maximum = item.get("maxLeverage") if isinstance(item, dict) else None
    return Position(
        size,
        setting,
        _decimal(_member(item, "positionValue", "position"), "positionValue"),
        _decimal(_member(item, "marginUsed", "position"), "marginUsed"),
        own_raw_usd if own_raw_usd is not None else raw_usd,
        None if maximum is None else _integer(maximum, "maxLeverage", 1, U32_MAX),
    )


def _odd(what: str, value: JsonValue) -> EnvironmentFault:
    return EnvironmentFault(
        "exchange-answer",
        f"the exchange's answer is not as expected: {what} is {describe(value)}",
        "try again; if it stays so, update coldlever",
    )


def _member(value: JsonValue, key: str, what: str) -> JsonValue:
    if not isinstance(value, dict) or key not in value:
        raise _odd(f"{what}.{key}", value if not isinstance(value, dict) else None)
    return value[key]


def _list(value: JsonValue, what: str) -> list[JsonValue]:
    if not isinstance(value, list):
        raise _odd(what, value)
    return value


def _text(value: JsonValue, what: str) -> str:
    if not isinstance(value, str):
        raise _odd(what, value)
    return value


def _integer(value: JsonValue, what: str, minimum: int = 0, maximum: int = SAFE_INTEGER_MAX) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
        raise _odd(what, value)
    return value


def _decimal(value: JsonValue, what: str) -> Decimal:
    text = value.text if isinstance(value, NotInteger) else str(value)
    if isinstance(value, bool) or _DECIMAL.fullmatch(text) is None:
        raise _odd(what, value)
    try:
        return Decimal(text)
    except InvalidOperation:
        raise _odd(what, value) from None


def _address(value: JsonValue, what: str) -> Address:
    try:
        return parse_address(_text(value, what))
    except InputRefused:
        raise _odd(what, value) from None
