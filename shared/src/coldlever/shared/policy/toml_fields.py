"""What the values of a policy file are: arrays, names, thresholds, keys; each names its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import TypeVar

from coldlever.shared.action import Address, Network
from coldlever.shared.action.address import as_address
from coldlever.shared.errors import ColdleverError, InputRefused, UsageRefused
from coldlever.shared.policy.policy import Direction
from coldlever.shared.policy.threshold import Threshold, parse_threshold
from coldlever.shared.reading import (
    U32_MAX,
    JsonValue,
    Where,
    as_choice,
    as_integer,
    as_string,
    describe,
    elements,
)
from coldlever.shared.reading.fields import as_boolean
from coldlever.shared.reading.times import parse_duration
from coldlever.shared.sshsig import PublicKey, parse_public_key

_NAME = re.compile(r"[a-z0-9-]{1,40}")
_MAX_LIST = 200

T = TypeVar("T")
Fields = dict[str, JsonValue]


def many(value: JsonValue, where: Where, read: Callable[[JsonValue, Where], T]) -> tuple[T, ...]:
    """The elements of an array, at least one."""
    found = tuple(read(element, place) for element, place in elements(value, where))
    if not 1 <= len(found) <= _MAX_LIST:
        raise where.refusal("wrong-length", f"{len(found)} of them", f"1 to {_MAX_LIST}")
    return found


def as_title(value: JsonValue, where: Where) -> str:
    """A name to show, in printable ASCII."""
    text = as_string(value, where, 80, "a name")
    if not (text and text.isascii() and text.isprintable()):
        raise where.refusal("bad-name", describe(value), "printable ASCII, not empty")
    return text


def as_name(value: JsonValue, where: Where) -> str:
    """A name to refer to."""
    text = as_string(value, where, 40, "a name")
    if _NAME.fullmatch(text) is None:
        raise where.refusal("bad-name", describe(value), "small letters, digits and dashes")
    return text


def names(fields: Fields, where: Where, key: str) -> tuple[str, ...]:
    """An array of names."""
    return tuple(different(fields, where, key, as_name))


def flag(fields: Fields, where: Where, key: str) -> bool:
    """True or false; left out it is false."""
    return as_boolean(fields.get(key, False), where.key(key))


def different(
    fields: Fields, where: Where, key: str, read: Callable[[JsonValue, Where], T]
) -> list[T]:
    """An array without repetitions; left out it is empty, but an empty one is refused."""
    if key not in fields:
        return []
    found = list(many(fields[key], where.key(key), read))
    if len(set(found)) != len(found):
        raise where.key(key).refusal("repeated-value", "the same twice", "each once")
    return found


def choice_of(words: Collection[str]) -> Callable[[JsonValue, Where], str]:
    """A reader of one of these words."""
    return lambda value, where: as_choice(value, where, words)


def as_network(value: JsonValue, where: Where) -> Network:
    """A network's name."""
    return Network(as_choice(value, where, [network.value for network in Network]))


def as_direction(value: JsonValue, where: Where) -> Direction:
    """What a change does to the risk."""
    return Direction(as_choice(value, where, [direction.value for direction in Direction]))


def as_asset(value: JsonValue, where: Where) -> int:
    """An asset id."""
    return as_integer(value, where, 0, U32_MAX)


def number(fields: Fields, where: Where, key: str) -> int | None:
    """A number from 1; left out it is None."""
    return None if key not in fields else as_integer(fields[key], where.key(key), 1, U32_MAX)


def addresses(fields: Fields, where: Where, key: str) -> frozenset[Address]:
    """An array of addresses."""
    return frozenset(different(fields, where, key, as_address))


def as_threshold(value: JsonValue, where: Where) -> Threshold:
    """How many people, of which groups."""
    text = as_string(value, where, 200, "a threshold")
    threshold = parse_threshold(text)
    if threshold is None:
        raise where.refusal(
            "bad-threshold",
            describe(value),
            'such as "2 of 3", "risk: 1 of 2 and ops: 1 of 3" or "nobody"',
        )
    return threshold


def as_key(value: JsonValue, where: Where) -> PublicKey:
    """A public key of OpenSSH."""
    try:
        return parse_public_key(as_string(value, where, 1000, "a public key"))
    except ColdleverError as error:
        raise error.at(where) from None


def duration(fields: Fields, where: Where, key: str) -> int | None:
    """A duration in ms; left out it is None."""
    if key not in fields:
        return None
    place = where.key(key)
    try:
        return parse_duration(as_string(fields[key], place, 20, "a duration"))
    except UsageRefused as error:
        raise InputRefused(error.code, f"{place}: {error.message}") from None
