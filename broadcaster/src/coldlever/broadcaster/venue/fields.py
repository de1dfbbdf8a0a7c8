"""The exchange's answers to questions, read member by member.

What is missing or odd is an `EnvironmentFault`: what cannot be read cannot be checked.
"""

from __future__ import annotations

import re
from decimal import Decimal

from coldlever.shared.action import Address, parse_address
from coldlever.shared.errors import EnvironmentFault, InputRefused
from coldlever.shared.reading import SAFE_INTEGER_MAX, JsonValue, describe
from coldlever.shared.reading.strict_json import NotInteger

_DECIMAL = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")


def odd(what: str, value: JsonValue) -> EnvironmentFault:
    """What the exchange says has not the form it should have, as an error."""
    return EnvironmentFault(
        "exchange-answer",
        f"the exchange's answer is not as expected: {what} is {describe(value)}",
        "try again; if it stays so, update coldlever",
    )


def require_about(answer: JsonValue, **asked: str) -> None:
    """Refuse an answer that names somebody or something else than was asked about.

    Args:
        answer: what was answered; what it does not name passes.
        asked: what was asked about, by the member that may name it; addresses in lower case.

    Raises:
        EnvironmentFault: ``answer-broken``.
    """
    named = answer if isinstance(answer, dict) else {}
    for key, wanted in asked.items():
        found = named.get(key, wanted)
        is_same = isinstance(found, str) and wanted in (found, found.lower())
        if not is_same:
            raise EnvironmentFault(
                "answer-broken",
                f"the exchange answered about another {key} than was asked: {describe(found)}",
                "try again; if it stays so, find out who answers in the exchange's place",
            )


def member(value: JsonValue, key: str, what: str) -> JsonValue:
    """A member of an object."""
    if not isinstance(value, dict) or key not in value:
        raise odd(f"{what}.{key}", value if not isinstance(value, dict) else None)
    return value[key]


def read_list(value: JsonValue, what: str) -> list[JsonValue]:
    """An array."""
    if not isinstance(value, list):
        raise odd(what, value)
    return value


def read_text(value: JsonValue, what: str) -> str:
    """A string."""
    if not isinstance(value, str):
        raise odd(what, value)
    return value


def read_integer(
    value: JsonValue, what: str, minimum: int = 0, maximum: int = SAFE_INTEGER_MAX
) -> int:
    """An integer within bounds; true is none."""
    if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
        raise odd(what, value)
    return value


def read_decimal(value: JsonValue, what: str) -> Decimal:
    """A decimal, as a string or a number."""
    text = value.text if isinstance(value, NotInteger) else str(value)
    if isinstance(value, bool) or _DECIMAL.fullmatch(text) is None:
        raise odd(what, value)
    return Decimal(text)


def read_address(value: JsonValue, what: str) -> Address:
    """An address, in either case."""
    try:
        return parse_address(read_text(value, what))
    except InputRefused:
        raise odd(what, value) from None
