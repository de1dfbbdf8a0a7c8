"""A person's word as data: what it says, whose key it is, the signature; nothing is verified here.

The statement itself is not carried: whoever checks rebuilds it, so that it can say nothing else
than what the request says.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from coldlever.shared.reading import (
    SAFE_INTEGER_MAX,
    U32_MAX,
    JsonValue,
    Where,
    as_choice,
    as_integer,
    as_object,
    as_string,
    elements,
)
from coldlever.shared.reading.fields import as_bytes
from coldlever.shared.reading.hexadecimal import to_0x
from coldlever.shared.sshsig.public_key import KEY_ID_BYTES
from coldlever.shared.sshsig.signature import NUMBERS_BYTES, SECURITY_KEY_BYTES
from coldlever.shared.statement.policy_ref import PolicyRef, parse_policy_ref

MAX_ROUND = 99
_MAX_APPROVALS = 100
_MAX_LINE = 300
_OPTIONAL = ("round", "notAfter", "policy", "requests", "list")


class Decision(enum.Enum):
    """What somebody says about a case."""

    APPROVE = "approve"
    REJECT = "reject"
    PROPOSE = "propose"


@dataclass(frozen=True, slots=True)
class Approval:
    """One statement's signature, with what the checker cannot know.

    Args:
        decision: what it says.
        key_id: 8 bytes: which key of the policy.
        signature: 64 bytes, or 69 of a security key.
        number: the round, from 1.
        not_after: until when it counts, ms since the epoch; None for as long as the case.
        policy: the policy it says to be under, for a clear error; the signature decides.
        requests: how many requests the approved batch has; None for a request of its own.
        listed: the lines of that batch, to check a part of it by; None where the batch is there.
    """

    decision: Decision
    key_id: bytes
    signature: bytes
    number: int = 1
    not_after: int | None = None
    policy: PolicyRef | None = None
    requests: int | None = None
    listed: tuple[str, ...] | None = None


def approval_wire(approval: Approval) -> dict[str, object]:
    """As JSON; what is usual is left out."""
    wire: dict[str, object] = {
        "decision": approval.decision.value,
        "keyId": to_0x(approval.key_id),
        "signature": to_0x(approval.signature),
    }
    if approval.number != 1:
        wire["round"] = approval.number
    if approval.not_after is not None:
        wire["notAfter"] = approval.not_after
    if approval.policy is not None:
        wire["policy"] = approval.policy.to_wire()
    if approval.requests is not None:
        wire["requests"] = approval.requests
    if approval.listed is not None:
        wire["list"] = list(approval.listed)
    return wire


def parse_approvals(value: JsonValue, where: Where) -> tuple[Approval, ...]:
    """An ``approvals`` array: in the order of key ids, one for each key and purpose.

    Raises:
        InputRefused: malformed; ``too-many-approvals``.
    """
    found = [_parse(element, place) for element, place in elements(value, where)]
    if len(found) > _MAX_APPROVALS:
        raise where.refusal(
            "too-many-approvals", f"{len(found)} approvals", f"at most {_MAX_APPROVALS}"
        )
    return tuple(found)


def _parse(value: JsonValue, where: Where) -> Approval:
    fields = as_object(value, where, ("decision", "keyId", "signature"), _OPTIONAL)
    words = [decision.value for decision in Decision]
    requests = _optional_integer(fields, where, "requests", U32_MAX)
    not_after = _optional_integer(fields, where, "notAfter", SAFE_INTEGER_MAX)
    return Approval(
        Decision(as_choice(fields["decision"], where.key("decision"), words)),
        as_bytes(fields["keyId"], where.key("keyId"), KEY_ID_BYTES),
        _parse_signature(fields["signature"], where.key("signature")),
        as_integer(fields.get("round", 1), where.key("round"), 1, MAX_ROUND),
        not_after,
        None
        if fields.get("policy") is None
        else parse_policy_ref(fields["policy"], where.key("policy")),
        requests,
        _parse_list(fields.get("list"), where.key("list"), requests, not_after),
    )


def _optional_integer(
    fields: dict[str, JsonValue], where: Where, name: str, maximum: int
) -> int | None:
    value = fields.get(name)
    return None if value is None else as_integer(value, where.key(name), 1, maximum)


def _parse_signature(value: JsonValue, where: Where) -> bytes:
    text = as_string(value, where, 2 + 2 * SECURITY_KEY_BYTES, "a signature")
    long = len(text) > 2 + 2 * NUMBERS_BYTES
    return as_bytes(value, where, SECURITY_KEY_BYTES if long else NUMBERS_BYTES)


def _parse_list(
    value: JsonValue, where: Where, requests: int | None, not_after: int | None
) -> tuple[str, ...] | None:
    if value is None:
        return None
    lines = tuple(_parse_line(element, place) for element, place in elements(value, where))
    if len(lines) != requests:
        raise where.refusal("wrong-length", f"{len(lines)} lines", f"{requests}, as requests says")
    if not_after is None:
        raise where.refusal("missing-key", 'no key "notAfter"', "it, where the whole is not there")
    return lines


def _parse_line(value: JsonValue, where: Where) -> str:
    line = as_string(value, where, _MAX_LINE)
    if not (line.isascii() and line.isprintable()):
        raise where.refusal("not-plain", "a character beyond printable ASCII", "plain ASCII")
    return line


def merge(*groups: Iterable[Approval]) -> tuple[Approval, ...]:
    """All of them once, sorted by key id; the order of the groups does not matter.

    Nothing is dropped for saying less than another: which of them are genuine is not known here.

    Args:
        groups: in any order.
    """
    best: dict[object, Approval] = {}
    for one in (approval for group in groups for approval in group):
        bare = replace(one, policy=None, listed=None)
        known = best.get(bare)
        if known is None or _tells_more(one, known):
            best[bare] = one
    return tuple(sorted(best.values(), key=_order))


def _tells_more(one: Approval, other: Approval) -> bool:
    return _telling(one) > _telling(other)


def _telling(one: Approval) -> tuple[bool, bool]:
    return (one.listed is not None, one.policy is not None)


def _order(one: Approval) -> tuple[bytes, str, int, int, bytes]:
    return (one.key_id, one.decision.value, one.requests or 0, one.number, one.signature)


def without_proposals(approvals: Sequence[Approval]) -> tuple[Approval, ...]:
    """Those of the signed QR code: who proposed is checked by the signer alone."""
    return tuple(one for one in approvals if one.decision is not Decision.PROPOSE)


def compacted(approvals: Sequence[Approval]) -> tuple[Approval, ...]:
    """As a QR code carries them: without the policy's name and the lines of a batch."""
    return tuple(replace(one, policy=None, listed=None) for one in approvals)
