"""From the bytes of a TOML file to a `Policy`: strict, and every refusal names its place."""

from __future__ import annotations

import tomllib
from hashlib import sha256
from typing import Any

from coldlever.shared.action import Network, UpdateIsolatedMargin, UpdateLeverage
from coldlever.shared.action.actions import TopUpIsolatedOnlyMargin
from coldlever.shared.policy.policy import Limits, MarketRules, Person, Policy, Rule
from coldlever.shared.policy.threshold import Threshold
from coldlever.shared.policy.toml_fields import (
    Fields,
    addresses,
    as_asset,
    as_direction,
    as_key,
    as_name,
    as_network,
    as_threshold,
    as_title,
    choice_of,
    different,
    duration,
    flag,
    many,
    names,
    number,
)
from coldlever.shared.printable import printable
from coldlever.shared.reading import (
    U32_MAX,
    JsonValue,
    Where,
    as_integer,
    as_object,
)
from coldlever.shared.reading.strict_json import NotInteger
from coldlever.shared.statement import PolicyRef

FORMAT = 1
MAX_BYTES = 32 << 10
ACTIONS = (UpdateLeverage.TYPE, UpdateIsolatedMargin.TYPE, TopUpIsolatedOnlyMargin.TYPE)
MODES = ("cross", "isolated")
_REQUIRED = ("policy", "version", "name", "change", "person", "rule")
_OPTIONAL = (
    "limits",
    "proposers",
    "proposer-counts",
    "pin",
    "trust-drafted-setting",
    "attestors",
    "attestors-needed",
    "market-max-age",
)
_CONDITIONS = (
    "networks",
    "signers",
    "accounts",
    "assets",
    "actions",
    "directions",
    "modes",
    "leverage-up-to",
)
_LIMITS = (
    "networks",
    "signers",
    "accounts",
    "actions",
    "modes",
    "ceiling",
    "market",
    "longest-validity",
    "expiry-required",
    "changes-a-day",
)


def load_policy(data: bytes, source: str) -> Policy:
    """Read a policy.

    Args:
        data: the file's bytes; their SHA-256 is the policy's digest.
        source: its name, for error messages.

    Raises:
        InputRefused: ``policy-malformed`` for what is no TOML, and as the parsers of fields.
        RuleRefused: ``weak-key``.
    """
    where = Where(source)
    fields = as_object(_plain(_toml(data, where), where), where, _REQUIRED, _OPTIONAL)
    as_integer(fields["policy"], where.key("policy"), FORMAT, FORMAT)
    version = as_integer(fields["version"], where.key("version"), 1, U32_MAX)
    people = many(fields["person"], where.key("person"), _person)
    _require_different(people, where)
    policy = Policy(
        version,
        as_title(fields["name"], where.key("name")),
        _limits(fields.get("limits", {}), where.key("limits")),
        people,
        names(fields, where, "proposers"),
        flag(fields, where, "proposer-counts"),
        as_threshold(fields["change"], where.key("change")),
        flag(fields, where, "pin"),
        flag(fields, where, "trust-drafted-setting"),
        many(fields["rule"], where.key("rule"), _rule),
        _markets(fields, where),
        data,
        PolicyRef(version, sha256(data).digest()),
    )
    _require_consistent(policy, where)
    return policy


def _toml(data: bytes, where: Where) -> Any:
    if len(data) > MAX_BYTES:
        raise where.refusal("policy-malformed", f"{len(data)} bytes", f"at most {MAX_BYTES}")
    try:
        text = data.decode("utf-8", "strict")
        # Its own line ends and no byte order mark: the digest is over the bytes.
        if text.startswith("\ufeff") or "\r" in text:
            raise where.refusal(
                "policy-malformed", "a byte order mark or CR line ends", "plain UTF-8 with LF"
            )
        return tomllib.loads(text)
    except UnicodeDecodeError:
        raise where.refusal("policy-malformed", "bytes that are no UTF-8", "UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        reason = printable(str(error), limit=120)
        raise where.refusal("policy-malformed", f"no TOML ({reason})", "TOML") from None


def _plain(value: Any, where: Where) -> JsonValue:
    """TOML's values as JSON has them; it knows dates and fractions too, which mean nothing here."""
    if isinstance(value, dict):
        return {key: _plain(item, where.key(printable(key, 40))) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, where.index(number)) for number, item in enumerate(value)]
    if isinstance(value, str | bool | int):
        return value
    return NotInteger(str(value))


def _person(value: JsonValue, where: Where) -> Person:
    fields = as_object(value, where, ("name", "keys"), ("groups",))
    keys = tuple(different(fields, where, "keys", as_key))
    return Person(as_name(fields["name"], where.key("name")), names(fields, where, "groups"), keys)


def _rule(value: JsonValue, where: Where) -> Rule:
    fields = as_object(value, where, ("name",), (*_CONDITIONS, "needs", "refuse"))
    return Rule(
        as_title(fields["name"], where.key("name")),
        frozenset(different(fields, where, "networks", as_network)),
        addresses(fields, where, "signers"),
        addresses(fields, where, "accounts"),
        frozenset(different(fields, where, "assets", as_asset)),
        frozenset(different(fields, where, "actions", choice_of(ACTIONS))),
        frozenset(different(fields, where, "directions", as_direction)),
        frozenset(different(fields, where, "modes", choice_of(MODES))),
        number(fields, where, "leverage-up-to"),
        _needs(fields, where),
    )


def _markets(fields: Fields, where: Where) -> MarketRules:
    attestors = names(fields, where, "attestors")
    needed = number(fields, where, "attestors-needed")
    for key in ("attestors-needed", "market-max-age"):
        if key in fields and not attestors:
            raise where.refusal("missing-key", 'no key "attestors"', f"it, beside {key}")
    if needed is not None and needed > len(attestors):
        raise where.key("attestors-needed").refusal(
            "bad-threshold", str(needed), f"at most {len(attestors)}, as there are attestors"
        )
    return MarketRules(attestors, needed or 1, duration(fields, where, "market-max-age"))


def _needs(fields: Fields, where: Where) -> Threshold | None:
    if ("needs" in fields) == flag(fields, where, "refuse"):
        raise where.refusal("bad-rule", "not exactly one of them", "needs, or refuse = true")
    return as_threshold(fields["needs"], where.key("needs")) if "needs" in fields else None


def _limits(value: JsonValue, where: Where) -> Limits:
    fields = as_object(value, where, (), _LIMITS)
    markets = different(fields, where, "market", _market_ceiling)
    ceilings = {(network, asset): ceiling for network, asset, ceiling in markets}
    if len(ceilings) != len(markets):
        raise where.key("market").refusal("repeated-value", "a market twice", "each once")
    return Limits(
        frozenset(different(fields, where, "networks", as_network)),
        addresses(fields, where, "signers"),
        addresses(fields, where, "accounts"),
        frozenset(different(fields, where, "actions", choice_of(ACTIONS))),
        frozenset(different(fields, where, "modes", choice_of(MODES))),
        number(fields, where, "ceiling"),
        ceilings,
        duration(fields, where, "longest-validity"),
        flag(fields, where, "expiry-required"),
        number(fields, where, "changes-a-day"),
    )


def _market_ceiling(value: JsonValue, where: Where) -> tuple[Network, int, int]:
    fields = as_object(value, where, ("network", "asset", "ceiling"))
    return (
        as_network(fields["network"], where.key("network")),
        as_asset(fields["asset"], where.key("asset")),
        as_integer(fields["ceiling"], where.key("ceiling"), 1, U32_MAX),
    )


def _require_different(people: tuple[Person, ...], where: Where) -> None:
    """No name and no key twice: a key under two names would be two people in one."""
    place = where.key("person")
    names = [person.name for person in people]
    if len(set(names)) != len(names):
        raise place.refusal("repeated-value", "a name twice", "each person once")
    owners: dict[bytes, str] = {}
    for person in people:
        for key in person.keys:
            other = owners.setdefault(key.key_id, person.name)
            if other != person.name:
                raise place.refusal(
                    "shared-key",
                    f"{key.fingerprint} with {other} and with {person.name}",
                    "each key with one person",
                )


def _require_consistent(policy: Policy, where: Where) -> None:
    """Groups exist and have the size that the thresholds name, and proposers are people."""
    places = [(where.key("change"), policy.change)]
    places += [
        (where.key("rule").index(number).key("needs"), rule.needs)
        for number, rule in enumerate(policy.rules)
        if rule.needs is not None
    ]
    for place, threshold in places:
        for part in threshold.parts:
            size = len(policy.groups.get(part.group, ()))
            if part.size != size or part.count > size:
                whole = "people" if part.group is None else f'people in "{part.group}"'
                raise place.refusal("bad-threshold", f'"{part}"', f"the policy has {size} {whole}")
    if not policy.change.parts:
        raise where.key("change").refusal("bad-threshold", '"nobody"', "somebody has to agree")
    for key, listed in (("proposers", policy.proposers), ("attestors", policy.markets.attestors)):
        for name in listed:
            if name not in policy.groups[None]:
                raise where.key(key).refusal("unknown-name", f'"{name}"', "a person's name")
