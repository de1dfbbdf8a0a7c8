"""A policy as types: who may have what signed, and who has to agree; read by `policy.reading`."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from coldlever.shared.action import Address, Network
from coldlever.shared.policy.threshold import Threshold
from coldlever.shared.sshsig import PublicKey
from coldlever.shared.statement import PolicyRef


class Direction(enum.Enum):
    """What an action does to the risk; of leverage, beside the setting in force."""

    RAISE = "raise"
    LOWER = "lower"
    SWITCH = "switch"
    ADD = "add"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whose word counts once, whatever keys they use.

    Args:
        name: small letters, digits and dashes.
        groups: names of groups.
        keys: at least one.
    """

    name: str
    groups: tuple[str, ...]
    keys: tuple[PublicKey, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of change needs; an empty condition is no condition.

    Args:
        name: shown when it decides.
        networks, signers, accounts, assets, actions, directions, modes: what it is about.
        leverage_up_to: only settings up to this multiple; None for all.
        needs: who has to agree; None when such changes are refused.
    """

    name: str
    networks: frozenset[Network]
    signers: frozenset[Address]
    accounts: frozenset[Address]
    assets: frozenset[int]
    actions: frozenset[str]
    directions: frozenset[Direction]
    modes: frozenset[str]
    leverage_up_to: int | None
    needs: Threshold | None


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for every change, whoever agrees; an empty set is no limit.

    Args:
        networks, signers, accounts, actions, modes: what is allowed.
        ceiling: the highest leverage, or None.
        ceilings: of single markets.
        longest_validity: from nonce to expiry, ms, or None.
        expiry_required: whether each change must expire.
        a_day: how many changes in any 24 hours, or None.
    """

    networks: frozenset[Network]
    signers: frozenset[Address]
    accounts: frozenset[Address]
    actions: frozenset[str]
    modes: frozenset[str]
    ceiling: int | None
    ceilings: Mapping[tuple[Network, int], int]
    longest_validity: int | None
    expiry_required: bool
    a_day: int | None


@dataclass(frozen=True, slots=True)
class MarketRules:
    """Who vouches for what markets are called, and for how long their limits are believed.

    Args:
        attestors: names, in the order of the file; empty when nobody may.
        needed: how many of them have to attest a table.
        max_age: how old attested limits may be, ms, or None.
    """

    attestors: tuple[str, ...] = ()
    needed: int = 1
    max_age: int | None = None


@dataclass(frozen=True)  # without slots: the tables below are computed once
class Policy:
    """One version of a policy.

    Args:
        version: counts up from 1 with each change.
        name: what its people call it.
        limits: what nobody may pass.
        people: in the order of the file.
        proposers: names of those who may propose; empty when no proposal is needed.
        proposer_counts: whether who proposes counts among those who agree.
        change: who has to agree to another policy.
        needs_pin: whether security keys must ask for their PIN.
        trusts_drafted_setting: whether a drafter's word on the setting in force may make a change
            one that lowers.
        rules: the first that matches decides.
        markets: who attests them.
        text: the file's bytes.
        ref: its version and digest.
    """

    version: int
    name: str
    limits: Limits
    people: tuple[Person, ...]
    proposers: tuple[str, ...]
    proposer_counts: bool
    change: Threshold
    needs_pin: bool
    trusts_drafted_setting: bool
    rules: tuple[Rule, ...]
    markets: MarketRules
    text: bytes
    ref: PolicyRef

    @cached_property
    def groups(self) -> dict[str | None, tuple[str, ...]]:
        """The members of each group; under None everybody."""
        members: dict[str | None, tuple[str, ...]] = {None: tuple(one.name for one in self.people)}
        for person in self.people:
            for group in person.groups:
                members[group] = (*members.get(group, ()), person.name)
        return members

    @cached_property
    def holders(self) -> dict[bytes, tuple[Person, PublicKey]]:
        """Key ids, each with the key and its person."""
        return {key.key_id: (person, key) for person in self.people for key in person.keys}
