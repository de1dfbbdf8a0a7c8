"""Actions: each bound of each member, and the shortest form of each integer."""

from __future__ import annotations

from kit.case import MISSING, Kit, edited
from kit.requests import ACTIONS, ISOLATED, PLAIN_REQUEST, SAFE, TOP_UP, U32, Change


def fill(kit: Kit) -> None:
    """All of them."""
    kit.section("request", "Actions")
    _actions(kit)


_OF_ACTIONS: tuple[tuple[str, str, Change], ...] = tuple(
    (kind, name, ("", path, value, why))
    for kind, changes in {
        "leverage": (
            ("asset-negative", "asset", -1, "from 0 on"),
            ("asset-above", "asset", 2**32, "at most 2^32-1"),
            ("asset-text", "asset", "0", "no integer"),
            ("asset-coin", "asset", "BTC", "an id, no name"),
            ("asset-missing", "asset", MISSING, "a missing key"),
            ("zero", "leverage", 0, "leverage is from 1 on"),
            ("above", "leverage", 2**32, "at most 2^32-1"),
            ("negative", "leverage", -10, "leverage is from 1 on"),
            ("decimal", "leverage", "10", "a text, where this action has an integer"),
            ("missing", "leverage", MISSING, "a missing key"),
            ("mode-missing", "isCross", MISSING, "a missing key"),
            ("of-another", "ntli", 5, "a key of another action"),
            ("type-other", "type", "order", "an action that is not listed"),
            ("type-upper", "type", "UpdateLeverage", "an action that is not listed"),
            ("type-null", "type", None, "an action that is not listed"),
            ("type-number", "type", 0, "an action that is not listed"),
            ("type-proto", "type", "__proto__", "an action that is not listed"),
            ("type-missing", "type", MISSING, "a missing key"),
        ),
        "isolated": (
            ("nothing", "ntli", 0, "never 0"),
            ("above", "ntli", 2**53, "at most 2^53-1"),
            ("below", "ntli", -(2**53), "at least -(2^53-1)"),
            ("fraction", "ntli", 2.5, "no integer"),
            ("text", "ntli", "5", "no integer"),
            ("side", "isBuy", "long", "neither true nor false"),
            ("missing", "ntli", MISSING, "a missing key"),
            ("of-another", "leverage", 5, "a key of another action"),
        ),
        "top-up": (
            ("number", "leverage", 2, "an integer, where this action has a text"),
            ("fraction", "leverage", 2.5, "no text"),
            ("zero", "leverage", "0", "above 0"),
            ("zeros", "leverage", "0.0", "above 0, in its shortest form"),
            ("longer", "leverage", "2.50", "not in its shortest form"),
            ("leading-zero", "leverage", "02.5", "not in its shortest form"),
            ("no-digits", "leverage", ".5", "not in its shortest form"),
            ("point", "leverage", "2.", "not in its shortest form"),
            ("exponent", "leverage", "1e1", "no decimal"),
            ("negative", "leverage", "-1", "above 0"),
            ("newline", "leverage", "2.5\n", "something behind the decimal"),
            ("11-digits", "leverage", "1" * 11, "more than ten digits before the point"),
            ("9-behind", "leverage", "0.000000001", "more than eight digits behind the point"),
            ("is-cross", "isCross", True, "a key of another action"),
        ),
    }.items()
    for name, path, value, why in changes
)  # fmt: skip


def _actions(kit: Kit) -> None:
    for name, action in ACTIONS.items():
        kit.ok(f"action-{name}.json", {**PLAIN_REQUEST, "action": action}, "one of the actions")
    for kind, name, (_, path, value, why) in _OF_ACTIONS:
        action = edited(ACTIONS[kind], path, value)
        kit.no(f"{kind}-{name}.json", {**PLAIN_REQUEST, "action": action}, why)
    for value in (None, [], "updateLeverage", 5, {}):
        slug = type(value).__name__.lower()
        kit.no(f"action-{slug}.json", {**PLAIN_REQUEST, "action": value}, "no action")
    # MessagePack has another form behind each of these.
    for number in (0, 127, 128, 255, 256, 65_535, 65_536, U32):
        kit.ok(
            f"asset-{number}.json",
            edited(PLAIN_REQUEST, "action.asset", number),
            "the shortest form of each integer goes into the hash",
        )
    for number in (1, 127, 128, 255, 256, 65_535, 65_536, U32):
        kit.ok(
            f"leverage-{number}.json",
            edited(PLAIN_REQUEST, "action.leverage", number),
            "the shortest form of each integer goes into the hash",
        )
    for number in (
        1,
        -1,
        -32,
        -33,
        -128,
        -129,
        -32_768,
        -32_769,
        -(2**31),
        -(2**31) - 1,
        2**32,
        SAFE,
        -SAFE,
    ):
        action = {**ISOLATED, "ntli": number}
        kit.ok(
            f"ntli-{number}.json",
            {**PLAIN_REQUEST, "action": action},
            "the shortest form of each integer goes into the hash",
        )
    for text in ("0.00000001", "9999999999.99999999", "1", "10"):
        action = {**TOP_UP, "leverage": text}
        kit.ok(
            f"decimal-{text}.json",
            {**PLAIN_REQUEST, "action": action},
            "a decimal in its shortest form",
        )
