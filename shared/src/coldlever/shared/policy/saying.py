"""What a person says next: the round, the statement, and the approval made of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from coldlever.shared.errors import RuleRefused
from coldlever.shared.policy.evidence import verify_approval
from coldlever.shared.policy.policy import Policy
from coldlever.shared.sshsig import PublicKey, RawSignature, SshSig
from coldlever.shared.sshsig.fields import invalid
from coldlever.shared.statement import Approval, Case, Decision, namespace_of, statement_bytes
from coldlever.shared.statement.approval import MAX_ROUND
from coldlever.shared.statement.text import batch_lines


@dataclass(frozen=True, slots=True)
class Draft:
    """A statement that waits for its signature.

    Args:
        case: what about.
        policy: under which policy.
        key: whose.
        decision: what it says.
        number: the round.
        not_after: until when it counts; None for as long as the case.
    """

    case: Case
    policy: Policy
    key: PublicKey
    decision: Decision
    number: int = 1
    not_after: int | None = None

    @property
    def namespace(self) -> str:
        """What SSHSIG binds it to."""
        return namespace_of(self.decision)

    def text(self) -> bytes:
        """The statement."""
        return statement_bytes(
            self.case,
            self.policy.ref,
            self.key,
            self.decision,
            number=self.number,
            not_after=self.not_after,
        )

    def _end_to_write(self) -> int | None:
        """Left out where it is the payload's own; a part of a batch does not know the whole's."""
        end = self.case.end if self.not_after is None else self.not_after
        return None if end == self.case.end and not self.case.is_batch else end

    def signed(self, raw: RawSignature) -> Approval:
        """The approval that a signature makes of it; of a batch with its list."""
        case = self.case
        return Approval(
            self.decision,
            self.key.key_id,
            raw.pack(),
            self.number,
            self._end_to_write(),
            self.policy.ref,
            len(case.signables) if case.is_batch else None,
            batch_lines(case.signables) if case.is_batch else None,
        )


def draft(
    policy: Policy,
    case: Case,
    key: PublicKey,
    decision: Decision,
    *,
    known: Iterable[Approval],
    not_after: int | None = None,
) -> Draft:
    """The statement that a person makes next.

    Args:
        policy: in force.
        case: what about.
        key: whose.
        decision: what they say.
        known: what is said already; who rejected says in a later round that they approve.
        not_after: until when it counts, ms since the epoch; None for as long as the case.

    Raises:
        RuleRefused: ``unknown-approver`` for a key that is nobody's, ``approval-invalid`` for an
            end beyond the case's.
    """
    require_person(policy, key)
    if not_after is not None and not_after > case.end:
        raise RuleRefused(
            "approval-invalid",
            "an approval does not outlive the payload",
            "give an earlier --not-after, or none",
        )
    return Draft(case, policy, key, decision, _round(policy, key, decision, known), not_after)


def require_person(policy: Policy, key: PublicKey) -> str:
    """Whose key it is.

    Raises:
        RuleRefused: ``unknown-approver``.
    """
    held = policy.holders.get(key.key_id)
    if held is None:
        raise RuleRefused(
            "unknown-approver",
            f"the key {key.fingerprint} is nobody's in policy {policy.version}",
            "take another key, or have the policy changed",
        )
    return held[0].name


def from_sshsig(
    policy: Policy, case: Case, made: SshSig, told: tuple[Decision, int, int | None] | None
) -> Approval:
    """The approval that a signature of ssh-keygen's is.

    Args:
        policy: in force.
        case: what about.
        made: the signature.
        told: decision, round and end, where the statement lies beside; otherwise the usual.

    Raises:
        RuleRefused: ``approval-invalid``, ``unknown-approver`` or ``weak-key``.
    """
    require_person(policy, made.key)
    usual = [(decision, 1, None) for decision in Decision]
    tried: Sequence[tuple[Decision, int, int | None]] = usual if told is None else [told]
    fitting = [one for one in tried if namespace_of(one[0]) == made.namespace]
    if not fitting:
        raise invalid(f"it is for the namespace {made.namespace}")
    refusals = []
    for decision, number, not_after in fitting:
        one = Draft(case, policy, made.key, decision, number, not_after).signed(made.raw)
        try:
            verify_approval(policy, case, one, None)
        except RuleRefused as error:
            refusals.append(error)
        else:
            return one
    raise _diagnosed(Draft(case, policy, made.key, *fitting[0]), made, refusals[0])


def _diagnosed(tried: Draft, made: SshSig, refusal: RuleRefused) -> RuleRefused:
    """The refusal, and what may have happened to the statement's line ends."""
    from coldlever.shared.sshsig import verify_signature  # noqa: PLC0415 - only after a failure

    text = tried.text()
    variants = {
        "an editor added a line end": text + b"\n",
        "an editor took the last line end away": text[:-1],
        "an editor changed the line ends to CRLF": text.replace(b"\n", b"\r\n"),
    }
    for words, variant in variants.items():
        try:
            verify_signature(made.key, tried.namespace, variant, made.raw)
        except RuleRefused:
            continue
        return RuleRefused(
            refusal.code,
            f"{refusal.message}: {words}",
            "write the statement again with --statement-only, and sign it as it is",
        )
    return refusal


def _round(policy: Policy, key: PublicKey, decision: Decision, known: Iterable[Approval]) -> int:
    if decision is Decision.PROPOSE:
        return 1
    person = require_person(policy, key)
    own = {one.key_id for one in policy.holders[key.key_id][0].keys}
    assert person, "a person of the policy"
    rounds = {
        word: max(
            (one.number for one in known if one.key_id in own and one.decision is word), default=0
        )
        for word in (Decision.APPROVE, Decision.REJECT)
    }
    if decision is Decision.REJECT:
        return max(1, *rounds.values())
    rejected, approved = rounds[Decision.REJECT], rounds[Decision.APPROVE]
    return min(MAX_ROUND, max(1, approved, rejected + 1 if rejected else 1))


def bare(approval: Approval) -> Approval:
    """Without the list of its batch, for where the batch itself is there."""
    return replace(approval, listed=None)
