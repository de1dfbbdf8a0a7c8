"""What is wrong with a policy: rules that never match, thresholds that nobody reaches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from coldlever.shared.policy.policy import Policy, Rule
from coldlever.shared.policy.reading import ACTIONS
from coldlever.shared.policy.threshold import Threshold


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that `policy check` says.

    Args:
        code: stable.
        text: one sentence.
        is_problem: whether such a policy is not sealed; otherwise it wants attention.
    """

    code: str
    text: str
    is_problem: bool

    def to_wire(self) -> dict[str, object]:
        """``{"code", "text", "problem"}``."""
        return {"code": self.code, "text": self.text, "problem": self.is_problem}


def remarks_on(policy: Policy) -> tuple[Remark, ...]:
    """Everything to say about a policy, the problems first."""
    found = [*_thresholds(policy), *_rules(policy), *_people(policy)]
    found += [*_limits(policy), *_markets(policy)]
    return tuple(sorted(found, key=lambda one: not one.is_problem))


def _named_thresholds(policy: Policy) -> list[tuple[str, Threshold]]:
    named = [(f'rule "{rule.name}"', rule.needs) for rule in policy.rules if rule.needs is not None]
    return [("a change of the policy", policy.change), *named]


def _thresholds(policy: Policy) -> Iterator[Remark]:
    everybody = set(policy.groups[None])
    for where, needs in _named_thresholds(policy):
        is_rule = needs is not policy.change
        if not _reaches(policy, needs, everybody, is_rule=is_rule):
            yield Remark(
                "threshold-unreachable", f"{where} needs {needs}, which nobody can reach", True
            )
            continue
        critical = [
            name
            for name in policy.groups[None]
            if not _reaches(policy, needs, everybody - {name}, is_rule=is_rule)
        ]
        if critical:
            yield Remark(
                "loss-blocks",
                f"{where} needs {needs}: without {' or without '.join(critical)} it cannot be "
                "reached",
                False,
            )


def _reaches(policy: Policy, needs: Threshold, people: set[str], *, is_rule: bool) -> bool:
    """Whether these people reach it, whoever of them proposes."""
    proposers = set(policy.proposers) & people if is_rule else set()
    if is_rule and policy.proposers and not proposers:
        return False
    if policy.proposer_counts or not proposers:
        return not needs.lacking(people, policy.groups)
    return any(not needs.lacking(people - {name}, policy.groups) for name in proposers)


def _rules(policy: Policy) -> Iterator[Remark]:
    for number, rule in enumerate(policy.rules):
        earlier = next((one for one in policy.rules[:number] if _covers(one, rule)), None)
        if earlier is not None:
            yield Remark(
                "rule-never-matches",
                f'rule "{rule.name}" never decides: "{earlier.name}" before it matches all that '
                "it matches",
                True,
            )
        elif _contradicts_itself(policy, rule):
            yield Remark(
                "rule-never-matches",
                f'rule "{rule.name}" never decides: nothing meets its conditions and the limits',
                True,
            )


def _conditions(rule: Rule) -> tuple[frozenset[object], ...]:
    return (
        frozenset(rule.networks),
        frozenset(rule.signers),
        frozenset(rule.accounts),
        frozenset(rule.assets),
        frozenset(rule.actions),
        frozenset(rule.directions),
        frozenset(rule.modes),
    )


def _covers(earlier: Rule, later: Rule) -> bool:
    """Whether the earlier rule matches whatever the later one matches."""
    pairs = zip(_conditions(earlier), _conditions(later), strict=True)
    if any(wide and not (narrow and narrow <= wide) for wide, narrow in pairs):
        return False
    if earlier.leverage_up_to is None:
        return True
    return later.leverage_up_to is not None and later.leverage_up_to <= earlier.leverage_up_to


def _contradicts_itself(policy: Policy, rule: Rule) -> bool:
    limits = policy.limits
    pairs = (
        (frozenset[object](rule.networks), frozenset[object](limits.networks)),
        (frozenset[object](rule.signers), frozenset[object](limits.signers)),
        (frozenset[object](rule.accounts), frozenset[object](limits.accounts)),
        (frozenset[object](rule.actions), frozenset[object](limits.actions)),
        (frozenset[object](rule.modes), frozenset[object](limits.modes)),
    )
    if any(one and other and not one & other for one, other in pairs):
        return True
    needs_setting = bool(rule.modes) or rule.leverage_up_to is not None
    allowed = (rule.actions or frozenset(ACTIONS)) & (limits.actions or frozenset(ACTIONS))
    fitting = {name for name in allowed if not needs_setting or name == ACTIONS[0]}
    directions = {word for name in fitting for word in _DIRECTIONS[name]}
    return not fitting or bool(rule.directions and not directions & _words(rule))


def _words(rule: Rule) -> set[str]:
    return {direction.value for direction in rule.directions}


_DIRECTIONS = {
    ACTIONS[0]: ("raise", "lower", "switch"),
    ACTIONS[1]: ("add", "remove"),
    ACTIONS[2]: ("add",),
}


def _people(policy: Policy) -> Iterator[Remark]:
    for person in policy.people:
        if len(person.keys) > 1:
            yield Remark(
                "several-keys",
                f"{person.name} has {len(person.keys)} keys, and counts once all the same",
                False,
            )
        if policy.needs_pin and not all(key.kind.is_security_key for key in person.keys):
            yield Remark(
                "no-security-key",
                f"{person.name} has a key that is no security key: a PIN is asked of those alone",
                False,
            )


def _limits(policy: Policy) -> Iterator[Remark]:
    limits = policy.limits
    if not limits.expiry_required and limits.longest_validity is None:
        yield Remark(
            "no-expiry-required", "changes need no expiry: they stay good for 2 days", False
        )
    if limits.ceiling is None:
        yield Remark("no-ceiling", "there is no ceiling for all markets", False)
    if any(rule.needs is not None and not rule.needs.parts for rule in policy.rules):
        yield Remark("needs-nobody", "some changes need nobody's approval", False)
    if policy.trusts_drafted_setting:
        yield Remark(
            "trusts-drafted-setting",
            "the signer believes whoever drafts what a change lowers; only the broadcaster looks",
            False,
        )


def _markets(policy: Policy) -> Iterator[Remark]:
    rules = policy.markets
    if not rules.attestors:
        return
    if rules.needed == len(rules.attestors):
        yield Remark(
            "loss-blocks",
            f"markets are attested by {rules.needed} of {len(rules.attestors)}: without "
            f"{' or without '.join(rules.attestors)} no table is",
            False,
        )
    both = [name for name in rules.attestors if name in policy.proposers]
    if both:
        yield Remark(
            "proposer-attests",
            f"{', '.join(both)} may propose and attest: let who drafts not vouch for the markets",
            False,
        )
    if rules.max_age is None:
        yield Remark(
            "no-market-age",
            "attested limits of markets never age: there is no market-max-age",
            False,
        )
