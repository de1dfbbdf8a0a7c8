"""How many people, of which groups: ``risk: 1 of 2 and ops: 1 of 3``."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

NOBODY = "nobody"
_PART = re.compile(r"(?:([a-z0-9-]{1,40}): )?([1-9][0-9]?) of ([1-9][0-9]?)")
_AND = " and "


@dataclass(frozen=True, slots=True)
class Part:
    """So many of one group.

    Args:
        group: its name; None for all people of the policy.
        count: how many must agree.
        size: how many the group has, as the policy's author counted.
    """

    group: str | None
    count: int
    size: int

    def __str__(self) -> str:
        return ("" if self.group is None else f"{self.group}: ") + f"{self.count} of {self.size}"


@dataclass(frozen=True, slots=True)
class Threshold:
    """All of these parts, each by other people; without any, nobody has to agree.

    Args:
        parts: in the order of the text.
    """

    parts: tuple[Part, ...]

    def __str__(self) -> str:
        return _AND.join(map(str, self.parts)) if self.parts else NOBODY

    def lacking(
        self, agreed: Collection[str], groups: Mapping[str | None, tuple[str, ...]]
    ) -> tuple[tuple[Part, int], ...]:
        """Which parts lack how many people; nothing when it is reached.

        Nobody counts twice: a person in two groups fills one place.

        Args:
            agreed: names of people.
            groups: the members of each; of None everybody.
        """
        places = [part for part in self.parts for _ in range(part.count)]
        filled = _assign(places, agreed, groups)
        lack = [part for place, part in enumerate(places) if place not in filled]
        return tuple((part, lack.count(part)) for part in dict.fromkeys(lack))


def parse_threshold(text: str) -> Threshold | None:
    """Read a threshold; None when it is malformed."""
    if text == NOBODY:
        return Threshold(())
    matches = [_PART.fullmatch(part) for part in text.split(_AND)]
    parts = [Part(m[1], int(m[2]), int(m[3])) for m in matches if m is not None]
    names = [part.group for part in parts]
    if len(parts) != len(matches) or len(set(names)) != len(names):
        return None
    return Threshold(tuple(parts))


def _assign(
    places: list[Part], people: Collection[str], groups: Mapping[str | None, tuple[str, ...]]
) -> dict[int, str]:
    """As many places as possible, each with a person of its own (a bipartite matching)."""
    holder: dict[int, str] = {}

    def seat(person: str, tried: set[int]) -> bool:
        for number, part in enumerate(places):
            if number in tried or person not in groups.get(part.group, ()):
                continue
            tried.add(number)
            if number not in holder or seat(holder[number], tried):
                holder[number] = person
                return True
        return False

    for person in sorted(people):
        seat(person, set())
    return holder
