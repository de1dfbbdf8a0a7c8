"""A new policy on its way to the signer, with the approvals of those whom both policies name."""

from __future__ import annotations

from dataclasses import dataclass

from coldlever.shared.reading import JsonValue, Where, as_choice, as_integer, as_object, as_string
from coldlever.shared.statement.approval import Approval, approval_wire, parse_approvals
from coldlever.shared.statement.policy_ref import PolicyRef, parse_policy_ref

KIND = "coldlever/policy-change"
VERSION = 1
_MAX_TEXT = 32 << 10


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """From one policy to another, or to none.

    Args:
        old: the policy in force where the change is to be adopted; None for none.
        text: the new policy's file; None to have none any more.
        approvals: of this change.
    """

    old: PolicyRef | None
    text: str | None
    approvals: tuple[Approval, ...] = ()

    def to_wire(self) -> dict[str, object]:
        """The ``coldlever/policy-change`` document."""
        return {
            "kind": KIND,
            "version": VERSION,
            "old": None if self.old is None else self.old.to_wire(),
            "policy": self.text,
            "approvals": [approval_wire(one) for one in self.approvals],
        }


def parse_policy_change(value: JsonValue, where: Where) -> PolicyChange:
    """Read a ``coldlever/policy-change`` document; the policy in it stays text.

    Raises:
        InputRefused: malformed, or from nothing to nothing.
    """
    fields = as_object(value, where, ("kind", "version", "old", "policy", "approvals"))
    as_choice(fields["kind"], where.key("kind"), (KIND,))
    as_integer(fields["version"], where.key("version"), VERSION, VERSION)
    old, text = fields["old"], fields["policy"]
    if old is None and text is None:
        raise where.refusal("missing-key", "no policy before and none after", "one of them")
    return PolicyChange(
        None if old is None else parse_policy_ref(old, where.key("old")),
        None if text is None else as_string(text, where.key("policy"), _MAX_TEXT),
        parse_approvals(fields["approvals"], where.key("approvals")),
    )
