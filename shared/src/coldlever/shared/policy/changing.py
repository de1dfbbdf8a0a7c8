"""Whether a change of policy is agreed to, as the old policy and the new one want it."""

from __future__ import annotations

from collections.abc import Sequence

from coldlever.shared.errors import RuleRefused
from coldlever.shared.policy.findings import remarks_on
from coldlever.shared.policy.policy import Policy
from coldlever.shared.sshsig import PublicKey, verify_signature
from coldlever.shared.sshsig.signature import unpack
from coldlever.shared.statement import Approval, PolicyRef
from coldlever.shared.statement.text import POLICY_NAMESPACE, change_bytes


def require_sound(policy: Policy) -> None:
    """Refuse a policy with problems, before a key is sealed to it.

    Raises:
        RuleRefused: ``policy-unsound``.
    """
    problem = next((one for one in remarks_on(policy) if one.is_problem), None)
    if problem is not None:
        raise RuleRefused(
            "policy-unsound",
            f"policy {policy.version}: {problem.text}",
            "`policy check` lists everything; correct the file",
        )


def require_change(
    old: Policy | None, new: Policy | None, approvals: Sequence[Approval]
) -> tuple[str, ...]:
    """Refuse a change that is not agreed to.

    Args:
        old: the policy in force, or None.
        new: what follows, or None.
        approvals: of this change; one that does not hold is an error.

    Returns:
        The names of those who agreed.

    Raises:
        RuleRefused: ``policy-older``, ``policy-unsound``, ``approval-invalid`` or
            ``approvals-missing``.
    """
    if new is not None:
        if old is not None and new.version <= old.version:
            raise RuleRefused(
                "policy-older",
                f"policy {new.version} does not come after policy {old.version}, which is in force",
                "count the version up",
            )
        require_sound(new)
    agreed: set[str] = set()
    for side in (old, new):
        if side is not None:
            agreed |= _require_side(side, old, new, approvals)
    return tuple(sorted(agreed))


def holder_in(old: Policy | None, new: Policy | None, key_id: bytes) -> tuple[str, PublicKey]:
    """Whose key it is, in either policy.

    Raises:
        RuleRefused: ``approval-invalid``.
    """
    for side in (old, new):
        if side is not None and key_id in side.holders:
            person, key = side.holders[key_id]
            return person.name, key
    raise RuleRefused(
        "approval-invalid",
        "a change of policy approved by a key that is nobody's in either policy",
        "leave it out",
    )


def verify_change(old: Policy | None, new: Policy | None, approval: Approval) -> str:
    """Check one approval of a change; returns whose it is.

    Raises:
        RuleRefused: ``approval-invalid``.
    """
    name, key = holder_in(old, new, approval.key_id)
    sides = [side for side in (old, new) if side is not None]
    try:
        verify_signature(
            key,
            POLICY_NAMESPACE,
            change_bytes(_ref(old), _ref(new), key),
            unpack(approval.signature),
            needs_pin=any(side.needs_pin for side in sides),
        )
    except RuleRefused as error:
        raise RuleRefused(
            "approval-invalid",
            f"the approval of {name} does not count: {error.message.partition(': ')[2]}",
            "have the change approved again with `policy approve`",
        ) from None
    return name


def _require_side(
    side: Policy, old: Policy | None, new: Policy | None, approvals: Sequence[Approval]
) -> set[str]:
    # By this side's own keys: a name may stand for another person in the other policy.
    for approval in approvals:
        verify_change(old, new, approval)
    agreed = {side.holders[one.key_id][0].name for one in approvals if one.key_id in side.holders}
    lacking = side.change.lacking(agreed, side.groups)
    if lacking:
        which = "in force" if side is old else "to come"
        names = [name for part, _ in lacking for name in side.groups[part.group]]
        open_names = [name for name in dict.fromkeys(names) if name not in agreed]
        raise RuleRefused(
            "approvals-missing",
            f"the policy {which} ({side.version}) wants {side.change} for a change; "
            f"missing some of: {', '.join(open_names) or 'nobody left'}",
            "have the change approved with `policy approve`",
        )
    return agreed


def _ref(policy: Policy | None) -> PolicyRef | None:
    return None if policy is None else policy.ref
