"""Which approvals are genuine, and whose: each is rebuilt as text and its signature checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coldlever.shared.errors import RuleRefused
from coldlever.shared.policy.policy import Person, Policy
from coldlever.shared.reading import moment
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.shared.sshsig import PublicKey, verify_signature
from coldlever.shared.sshsig.signature import unpack
from coldlever.shared.statement import (
    Approval,
    Case,
    Decision,
    namespace_of,
    statement_bytes,
)
from coldlever.shared.statement.text import batch_lines


@dataclass(frozen=True, slots=True)
class Word:
    """One genuine statement.

    Args:
        person: who.
        approval: what they said.
    """

    person: str
    approval: Approval


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the people of a policy have said about a case.

    Args:
        approvers, rejecters, proposers: names, each once, in the order of the policy.
    """

    approvers: tuple[str, ...]
    rejecters: tuple[str, ...]
    proposers: tuple[str, ...]


def gather(policy: Policy, case: Case, approvals: Iterable[Approval], now: int | None) -> Evidence:
    """Check every approval of a case; one that does not hold is an error, not an absence.

    Args:
        policy: whose keys count.
        case: what about.
        approvals: foreign.
        now: the time to judge by, ms since the epoch; None without a clock.

    Raises:
        RuleRefused: ``approval-invalid`` or ``policy-mismatch``.
    """
    words = [_check(policy, case, approval, now) for approval in approvals]
    names = [person.name for person in policy.people]
    last = {name: _last(words, name) for name in names}
    return Evidence(
        tuple(name for name in names if last[name] is Decision.APPROVE),
        tuple(name for name in names if last[name] is Decision.REJECT),
        tuple(
            name
            for name in policy.proposers
            if any(
                word.person == name and word.approval.decision is Decision.PROPOSE for word in words
            )
        ),
    )


def verify_approval(policy: Policy, case: Case, approval: Approval, now: int | None) -> str:
    """Check one approval; returns whose it is.

    Raises:
        RuleRefused: ``approval-invalid`` or ``policy-mismatch``.
    """
    return _check(policy, case, approval, now).person


def _last(words: Sequence[Word], name: str) -> Decision | None:
    """A person's last word: of the highest round; in one round a rejection stands."""
    own = [
        (word.approval.number, word.approval.decision is Decision.REJECT)
        for word in words
        if word.person == name and word.approval.decision is not Decision.PROPOSE
    ]
    if not own:
        return None
    return Decision.REJECT if max(own)[1] else Decision.APPROVE


def _check(policy: Policy, case: Case, approval: Approval, now: int | None) -> Word:
    person, key = _holder(policy, approval)
    if approval.policy is not None and approval.policy != policy.ref:
        raise RuleRefused(
            "policy-mismatch",
            f"{person.name} has approved under policy {approval.policy.version}, in force is "
            f"{policy.version}" + _same_number(approval, policy),
            "have it approved again under the policy in force",
        )
    if (approval.decision is Decision.PROPOSE) and person.name not in policy.proposers:
        raise _invalid(person.name, "the policy does not let them propose")
    _require_list(person, case, approval)
    _require_time(person, case, approval, now)
    _verify(policy, case, approval, person, key)
    return Word(person.name, approval)


def _same_number(approval: Approval, policy: Policy) -> str:
    assert approval.policy is not None, "only such are compared"
    return " with another text" if approval.policy.version == policy.version else ""


def _holder(policy: Policy, approval: Approval) -> tuple[Person, PublicKey]:
    held = policy.holders.get(approval.key_id)
    if held is None:
        raise RuleRefused(
            "approval-invalid",
            f"an approval by the key {to_0x(approval.key_id)}, which is nobody's in policy "
            f"{policy.version}",
            "leave it out (`approvals list` shows them), or have the policy changed",
        )
    return held


def _require_list(person: Person, case: Case, approval: Approval) -> None:
    count = len(case.signables)
    if approval.requests is None:
        if case.is_batch:
            raise _invalid(person.name, "it is for a single request, not for the batch")
        return
    if approval.listed is None:
        if not case.is_batch or approval.requests != count:
            raise _invalid(
                person.name,
                f"it is for a batch of {approval.requests} requests, and {count} are here without "
                "its list",
            )
        return
    for line in batch_lines(case.signables):
        if line not in approval.listed:
            raise _invalid(person.name, "the approved list does not hold this request")


def _require_time(person: Person, case: Case, approval: Approval, now: int | None) -> None:
    until = case.end if approval.not_after is None else approval.not_after
    # Of a part of a batch the end of the whole is not known here; its own expiry bounds it.
    if until > case.end and approval.listed is None:
        raise _invalid(person.name, "it would outlive the payload")
    if now is not None and now > until:
        raise _invalid(person.name, f"it counted until {moment(until)}")


def _verify(policy: Policy, case: Case, approval: Approval, person: Person, key: PublicKey) -> None:
    is_batch = approval.requests is not None
    about = Case(case.signer, case.account, case.signables, is_batch)
    statement = statement_bytes(
        about,
        policy.ref,
        key,
        approval.decision,
        number=approval.number,
        not_after=approval.not_after,
        listed=approval.listed,
    )
    try:
        verify_signature(
            key,
            namespace_of(approval.decision),
            statement,
            unpack(approval.signature),
            needs_pin=policy.needs_pin,
        )
    except RuleRefused as error:
        raise _invalid(person.name, error.message.partition(": ")[2]) from None


def _invalid(name: str, reason: str) -> RuleRefused:
    return RuleRefused(
        "approval-invalid",
        f"the approval of {name} does not count: {reason}",
        "have its author approve again; `approve --statement-only` shows what has to be signed",
    )
