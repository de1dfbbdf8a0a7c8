"""Leave to sign or to post, as a type: `Approved` is made here and nowhere else.

Without a policy there is nothing to ask; with one, every limit and every rule has to be kept, and
everybody whom the rules name has to have agreed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import InitVar, dataclass
from typing import final

from coldlever.shared.action import Setting, Signable
from coldlever.shared.action.what import What
from coldlever.shared.errors import RuleRefused
from coldlever.shared.policy.evidence import Evidence, gather
from coldlever.shared.policy.policy import Policy, Rule
from coldlever.shared.policy.rules import Change, deciding_rule, direction_of, passed_limits
from coldlever.shared.policy.threshold import Part, Threshold
from coldlever.shared.statement import Approval, Case, PolicyRef

# Known to this module alone, so that nothing else can make an `Approved`.
_SEAL = object()


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known beside the case itself.

    Args:
        now: the time to judge by, ms since the epoch; None without a clock.
        currents: for each request the setting in force, or None.
        is_current_read: this machine has read them on the exchange by itself.
        needs_proposal: a missing proposal is missed: by the signer, to whom all documents come.
        only: the position of the one request to judge, for who goes through a batch one by one;
            None for all of them.
    """

    now: int | None
    currents: tuple[Setting | None, ...]
    is_current_read: bool = False
    needs_proposal: bool = True
    only: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a case has come.

    Args:
        policy: which one judged it.
        rules: the rules that decide, in the order of the requests, each once.
        evidence: who has said what.
        lacking: what is missing, in words; nothing when it is approved.
    """

    policy: PolicyRef
    rules: tuple[str, ...]
    evidence: Evidence
    lacking: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Which policy and rule, and who approved, on one line."""
        rules = ", ".join(f'"{name}"' for name in self.rules)
        people = ", ".join(self.evidence.approvers) or "nobody"
        return f"policy {self.policy.version}, rule {rules}: approved by {people}"

    def to_wire(self) -> dict[str, object]:
        """``policy``, ``rules``, ``approvedBy``, ``rejectedBy``, ``proposedBy``, ``missing``."""
        return {
            "policy": self.policy.to_wire(),
            "rules": list(self.rules),
            "approvedBy": list(self.evidence.approvers),
            "rejectedBy": list(self.evidence.rejecters),
            "proposedBy": list(self.evidence.proposers),
            "missing": list(self.lacking),
        }


class NotApproved(RuleRefused):
    """``approvals-missing`` or ``policy-refused``, with how far the case has come."""

    def __init__(
        self,
        code: str,
        message: str,
        remedy: str | None = None,
        standing: Standing | None = None,
    ) -> None:
        super().__init__(code, message, remedy)
        self.standing = standing

    def to_wire(self) -> dict[str, object]:
        """As every refusal, and ``approval``: see `Standing.to_wire`."""
        wire = super().to_wire()
        return wire if self.standing is None else wire | {"approval": self.standing.to_wire()}


@final
@dataclass(frozen=True, slots=True)
class Approved:
    """Leave for these digests, under this policy or for want of one.

    Args:
        digests: what may be signed or posted.
        standing: who agreed; None without a policy, or where it need not be asked.
        is_revocation: it covers noops, which need no approval under any policy.
        seal: proves who made it.

    Raises:
        TypeError: made by somebody else.
    """

    digests: frozenset[bytes]
    standing: Standing | None
    is_revocation: bool
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only the judge approves")

    def __init_subclass__(cls) -> None:
        raise TypeError("nothing else counts as approved")


def no_policy(signables: Sequence[Signable]) -> Approved:
    """Leave where no policy is in force."""
    return Approved(frozenset(one.digest() for one in signables), None, False, _SEAL)


def to_revoke(signables: Sequence[Signable]) -> tuple[Approved, ...]:
    """Leave for those that are noops, under any policy and without one: they change nothing."""
    digests = frozenset(one.digest() for one in signables if one.what is What.REVOCATION)
    return (Approved(digests, None, True, _SEAL),) if digests else ()


def judge(
    policy: Policy, case: Case, approvals: Sequence[Approval], circumstances: Circumstances
) -> Approved:
    """Leave to have a case signed or posted.

    Raises:
        RuleRefused: ``policy-refused``, ``approvals-missing``, ``approval-invalid`` or
            ``policy-mismatch``.
    """
    standing = assess(policy, case, approvals, circumstances)
    if standing.evidence.rejecters:
        raise NotApproved(
            "policy-refused",
            f"rejected by {', '.join(standing.evidence.rejecters)}",
            "ask them; once they approve after all, their new approval lifts the rejection",
            standing,
        )
    if standing.lacking:
        raise NotApproved(
            "approvals-missing",
            f"policy {policy.version} (rule {_quoted(standing.rules)}): "
            + "; ".join(standing.lacking),
            "have it approved with `coldlever-signer approve`, and bring the approvals together "
            "with `coldlever-signer approvals add`",
            standing,
        )
    only = circumstances.only
    covered = case.signables if only is None else (case.signables[only],)
    return Approved(frozenset(one.digest() for one in covered), standing, False, _SEAL)


def assess(
    policy: Policy, case: Case, approvals: Sequence[Approval], circumstances: Circumstances
) -> Standing:
    """How far a case has come.

    Raises:
        RuleRefused: ``policy-refused`` when no approval could help, ``approval-invalid`` or
            ``policy-mismatch``.
    """
    rules = tuple(dict.fromkeys(decide(policy, case, circumstances)))
    evidence = gather(policy, case, approvals, circumstances.now)
    agreed = _agreed(policy, evidence)
    lacking = [
        _lack(policy, rule.needs, agreed, evidence) for rule in rules if rule.needs is not None
    ]
    if policy.proposers and circumstances.needs_proposal and not evidence.proposers:
        lacking.append(f"a proposal by one of: {', '.join(policy.proposers)}")
    return Standing(
        policy.ref,
        tuple(rule.name for rule in rules),
        evidence,
        tuple(dict.fromkeys(words for words in lacking if words)),
    )


def decide(policy: Policy, case: Case, circumstances: Circumstances) -> list[Rule]:
    """The deciding rule of each request.

    Raises:
        RuleRefused: ``policy-refused``.
    """
    return [_decide(policy, change) for change in changes_of(policy, case, circumstances)]


def changes_of(policy: Policy, case: Case, circumstances: Circumstances) -> list[Change]:
    """The requests of a case as the policy sees them."""
    believes = policy.trusts_drafted_setting or circumstances.is_current_read
    changes = [
        Change(
            signable,
            case.signer,
            case.acted_for,
            direction_of(signable, current if believes else None),
        )
        for signable, current in zip(case.signables, circumstances.currents, strict=True)
    ]
    return changes if circumstances.only is None else [changes[circumstances.only]]


def _decide(policy: Policy, change: Change) -> Rule:
    reason = next(passed_limits(policy.limits, change), None)
    rule = None if reason is not None else deciding_rule(policy, change)
    if reason is None and rule is None:
        reason = "no rule is about such a change"
    if rule is not None and rule.needs is None:
        reason = f"the rule {_quoted((rule.name,))} refuses such changes"
    if reason is not None or rule is None:
        raise RuleRefused(
            "policy-refused",
            f"policy {policy.version}, nonce {change.signable.nonce}: {reason}",
            "`policy explain` shows what was looked at; draft another request, or have the policy "
            "changed",
        )
    return rule


def _agreed(policy: Policy, evidence: Evidence) -> set[str]:
    """Who counts: who proposes counts only if the policy says so, and then without a word more."""
    if policy.proposer_counts:
        return {*evidence.approvers, *evidence.proposers}
    return set(evidence.approvers) - set(evidence.proposers)


def _lack(policy: Policy, needs: Threshold, agreed: set[str], evidence: Evidence) -> str | None:
    """``1 of 2; missing one of: carol, dave (ops)``, or None."""
    lacking = needs.lacking(agreed, policy.groups)
    if not lacking:
        return None
    spent = agreed if policy.proposer_counts else agreed | set(evidence.proposers)
    total = sum(part.count for part in needs.parts)
    missing = sum(count for _, count in lacking)
    asked = "; ".join(_missing(policy, part, count, spent) for part, count in lacking)
    return f"{total - missing} of {total}; missing {asked}"


def _missing(policy: Policy, part: Part, count: int, spent: set[str]) -> str:
    names = [name for name in policy.groups[part.group] if name not in spent]
    group = "" if part.group is None else f" ({part.group})"
    number = "one" if count == 1 else str(count)
    return f"{number} of: {', '.join(names) or 'nobody left'}{group}"


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
